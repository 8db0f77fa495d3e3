from enum import StrEnum

import pytest

from frazil.states.rule import Rule, matching


class Light(StrEnum):
    RED = "red"
    AMBER = "amber"
    GREEN = "green"


RED, AMBER, GREEN = Light
ANY = Rule(RED, any_of=frozenset({RED, AMBER}))
ALL = Rule(AMBER, all_of=frozenset({AMBER, GREEN}))
NONE = Rule(GREEN, none_of=frozenset({RED}))


@pytest.mark.parametrize(
    ("states", "results"),
    [
        (set(), [AMBER, GREEN]),
        ({RED}, [RED]),
        ({AMBER}, [RED, AMBER, GREEN]),
        ({GREEN}, [AMBER, GREEN]),
        ({RED, AMBER}, [RED]),
        ({RED, GREEN}, [RED]),
        ({AMBER, GREEN}, [RED, AMBER, GREEN]),
    ],
)
def test_matching_gives_the_results_in_rule_order(states, results):
    assert list(matching([ANY, ALL, NONE], states)) == results


def test_conditions_are_joined_by_and():
    rule = Rule(
        RED,
        any_of=frozenset({RED}),
        all_of=frozenset({RED, AMBER}),
        none_of=frozenset({AMBER}),
    )
    assert rule.holds({RED})
    assert not rule.holds({RED, AMBER})
    assert not rule.holds({RED, GREEN})
    assert not rule.holds(set())


def test_rule_without_conditions_always_holds():
    assert Rule(RED).holds(set())
    assert Rule(RED).holds({RED, AMBER, GREEN})


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule(RED), "otherwise"),
        (ANY, "any amber or red"),
        (Rule(RED, all_of=frozenset(Light)), "all amber, green or red"),
        (
            Rule(RED, any_of=frozenset({RED}), none_of=frozenset({GREEN})),
            "any red, none green",
        ),
    ],
)
def test_rule_reads_as_a_sentence(rule, text):
    assert str(rule) == text
