from collections.abc import Iterator
from itertools import product

import pytest

from frazil.ice.state import TRANSITIONS, Cause
from frazil.ice.verdict import Facts, judge
from frazil.states.enums import RTCIceTransportState as State

NAMES = (
    "has_remote",
    "usable",
    "alive",
    "cut",
    "broken",
    "fresh",
    "nominated",
    "pending",
    "failed",
    "over",
    "patience_over",
    "consent_lost",
)


def facts(*names: str) -> Facts:
    return Facts(**{name: name in names for name in NAMES})


def told(facts: Facts) -> list[str]:
    return [name for name in NAMES if getattr(facts, name)]


def every_combination() -> Iterator[Facts]:
    for values in product((False, True), repeat=len(NAMES)):
        yield Facts(**dict(zip(NAMES, values, strict=True)))


@pytest.mark.parametrize("state", State)
def test_every_combination_of_facts_has_no_cause_or_an_edge(state):
    for each in every_combination():
        cause = judge(state, each)
        assert cause is None or (state, cause) in TRANSITIONS, told(each)


@pytest.mark.parametrize("state", State)
def test_the_same_facts_come_to_rest(state):
    """Asking again after each move ends, and never twice in the same state."""
    for each in every_combination():
        seen = [state]
        while (cause := judge(seen[-1], each)) is not None:
            seen.append(TRANSITIONS[seen[-1], cause].to)
            each.consent_lost = False
            assert len(seen) == len(set(seen)), (told(each), seen)


@pytest.mark.parametrize("state", [State.FAILED, State.CLOSED])
def test_final_states_stay_whatever_is_known(state):
    assert {judge(state, each) for each in every_combination()} == {None}


def test_every_edge_but_commands_can_be_judged():
    judged = {(state, judge(state, each)) for state in State for each in every_combination()}
    commands = {Cause.RESTART, Cause.CLOSE}
    assert {key for key in TRANSITIONS if key[1] not in commands} == {
        key for key in judged if key[1] is not None
    }


@pytest.mark.parametrize(
    ("state", "names", "cause"),
    [
        (State.NEW, (), None),
        (State.NEW, ("has_remote",), Cause.REMOTE_CANDIDATE),
        (State.NEW, ("over",), None),
        (State.NEW, ("over", "patience_over"), Cause.GAVE_UP),
        (State.NEW, ("patience_over",), None),
        (State.CHECKING, ("has_remote", "pending"), None),
        (State.CHECKING, ("usable", "alive", "fresh"), Cause.PAIR_VALID),
        (State.CHECKING, ("usable", "alive"), Cause.LIVENESS_BACK),
        (State.CHECKING, ("failed",), Cause.PAIRS_EXHAUSTED),
        (State.CHECKING, ("failed", "pending"), None),
        (State.CHECKING, (), None),
        (State.CHECKING, ("failed", "over"), None),
        (State.CHECKING, ("failed", "over", "patience_over"), Cause.GAVE_UP),
        (State.CHECKING, ("failed", "patience_over"), Cause.PAIRS_EXHAUSTED),
        (State.CHECKING, ("consent_lost", "failed", "over"), None),
        (State.CHECKING, ("usable", "failed"), Cause.PAIRS_EXHAUSTED),
        (State.CONNECTED, ("usable", "alive", "nominated", "over"), Cause.CHECKS_DONE),
        (State.CONNECTED, ("usable", "alive", "nominated"), None),
        (State.CONNECTED, ("usable", "alive", "over"), None),
        (State.CONNECTED, ("usable", "alive", "nominated", "over", "pending"), None),
        (State.CONNECTED, ("usable",), Cause.LIVENESS_LOST),
        (State.CONNECTED, ("usable", "cut"), Cause.INTERFACE_LOST),
        (State.CONNECTED, ("consent_lost", "pending"), Cause.CONSENT_LOST_PAIRS_LEFT),
        (State.CONNECTED, ("consent_lost",), Cause.CONSENT_LOST_AWAITING),
        (State.CONNECTED, ("consent_lost", "over"), Cause.CONSENT_LOST),
        (State.COMPLETED, ("usable", "alive", "nominated", "over"), None),
        (State.COMPLETED, ("usable",), Cause.LIVENESS_LOST),
        (State.COMPLETED, ("usable", "cut"), Cause.INTERFACE_LOST),
        (State.COMPLETED, ("consent_lost", "over"), Cause.CONSENT_LOST),
        (State.DISCONNECTED, ("usable", "pending"), None),
        (State.DISCONNECTED, ("usable", "alive"), Cause.LIVENESS_BACK),
        (State.DISCONNECTED, ("usable", "alive", "fresh"), Cause.PAIR_VALID),
        (State.DISCONNECTED, ("pending",), Cause.NEW_PAIRS),
        (State.DISCONNECTED, ("consent_lost", "pending"), Cause.CONSENT_LOST_PAIRS_LEFT),
        (State.DISCONNECTED, ("consent_lost", "over"), Cause.CONSENT_LOST),
        (State.DISCONNECTED, ("consent_lost",), None),
        (State.DISCONNECTED, ("over",), None),
        (State.DISCONNECTED, ("over", "patience_over"), Cause.GAVE_UP),
    ],
)
def test_single_judgements(state, names, cause):
    assert judge(state, facts(*names)) is cause
