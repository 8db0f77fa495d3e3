from itertools import combinations_with_replacement, product

import pytest

from frazil.states.aggregate import connection_state, ice_connection_state
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState
from frazil.states.ruleset import RULE_SETS

CELLS = list(product(RTCIceTransportState, RTCDtlsTransportState))
HISTORIC = [name for name in RULE_SETS if name != "w3c"]


def now(ice, dtls):
    return connection_state(ice_connection_state(False, [ice]), [dtls])


def differences(name):
    """The single transports that the named text judges differently: (ICE, DTLS) -> its results."""
    return {
        cell: result
        for cell in CELLS
        if (result := RULE_SETS[name].connection_state([cell])) != {now(*cell)}
    }


def test_names_are_the_keys_and_the_current_one_comes_first():
    assert list(RULE_SETS) == ["w3c", "rec-2025", "w3c-2021", "w3c-2017", "mdn", "webplatform"]
    assert all(name == rules.name for name, rules in RULE_SETS.items())


def test_registry_cannot_be_changed():
    with pytest.raises(TypeError):
        RULE_SETS["mine"] = RULE_SETS["w3c"]


def test_current_set_is_the_aggregate():
    rules = RULE_SETS["w3c"]
    for count in range(4):
        for ice in combinations_with_replacement(RTCIceTransportState, count):
            assert rules.ice_connection_state(ice) == {ice_connection_state(False, ice)}
    for pair in combinations_with_replacement(CELLS, 2):
        ice, dtls = zip(*pair, strict=True)
        expected = connection_state(ice_connection_state(False, ice), dtls)
        assert rules.connection_state(pair) == {expected}


def test_mdn_differs_in_five_single_transports():
    assert differences("mdn") == {
        ("new", "connected"): {"new"},
        ("connected", "new"): {"new"},
        ("completed", "new"): {"new"},
        ("disconnected", "connecting"): {"connecting"},
        ("closed", "connected"): {"connected"},
    }


def test_recommendation_of_2025_to_the_letter_differs_in_two():
    assert differences("rec-2025") == {
        ("completed", "connected"): {"connecting"},
        ("completed", "closed"): {"connecting"},
    }


def test_recommendation_of_2021_leaves_three_undefined():
    undefined = {cell for cell, result in differences("w3c-2021").items() if not result}
    assert undefined == {("new", "connected"), ("connected", "new"), ("completed", "new")}


def test_2021_calls_a_discarded_path_with_living_dtls_connected():
    defined = {cell: result for cell, result in differences("w3c-2021").items() if result}
    assert defined == {("closed", "connected"): {"connected"}}


def test_one_connected_and_one_new_transport_were_undefined_in_2021():
    pair = [("new", "new"), ("connected", "connected")]
    pair = [(RTCIceTransportState(ice), RTCDtlsTransportState(dtls)) for ice, dtls in pair]
    assert RULE_SETS["w3c-2021"].connection_state(pair) == set()
    assert RULE_SETS["w3c"].connection_state(pair) == {"connecting"}


@pytest.mark.parametrize(("count", "total", "changed"), [(1, 7, 0), (2, 28, 2), (3, 84, 7)])
def test_2017_differs_only_where_new_meets_a_working_transport(count, total, changed):
    multisets = list(combinations_with_replacement(RTCIceTransportState, count))
    different = [
        states
        for states in multisets
        if RULE_SETS["w3c-2017"].ice_connection_state(states)
        != {ice_connection_state(False, states)}
    ]
    assert (len(multisets), len(different)) == (total, changed)
    for states in different:
        assert "new" in states
        assert {"connected", "completed"} & set(states)
        assert RULE_SETS["w3c-2017"].ice_connection_state(states) == {"new"}
        assert ice_connection_state(False, states) == "checking"


def test_2017_gives_exactly_one_state_to_everything():
    rules = RULE_SETS["w3c-2017"]
    for count in range(4):
        for ice in combinations_with_replacement(RTCIceTransportState, count):
            assert len(rules.ice_connection_state(ice)) == 1
    for pair in combinations_with_replacement(CELLS, 2):
        assert len(rules.connection_state(pair)) == 1


def test_webplatform_leaves_three_of_21_pairs_ambiguous_and_two_undefined():
    rules = RULE_SETS["webplatform"]
    pairs = list(combinations_with_replacement(rules.ice_states, 2))
    unclear = {
        pair: result for pair in pairs if len(result := rules.ice_connection_state(pair)) != 1
    }
    assert len(pairs) == 21
    assert unclear == {
        ("new", "connected"): set(),
        ("new", "completed"): set(),
        ("checking", "failed"): {"checking", "failed"},
        ("checking", "disconnected"): {"checking", "disconnected"},
        ("disconnected", "failed"): {"disconnected", "failed"},
    }


def test_mdn_repeats_webplatform_on_ice_under_the_new_names():
    for count in range(4):
        for states in combinations_with_replacement(RULE_SETS["mdn"].ice_states, count):
            old = RULE_SETS["webplatform"].ice_connection_state(states)
            renamed = {"new" if state == "starting" else state for state in old}
            assert RULE_SETS["mdn"].ice_connection_state(states) == renamed


def test_webplatform_has_no_connection_state():
    assert RULE_SETS["webplatform"].connection_rules == ()
    assert all(RULE_SETS[name].connection_rules for name in RULE_SETS if name != "webplatform")


@pytest.mark.parametrize("name", HISTORIC)
def test_a_fresh_connection_is_in_the_first_state_of_every_text(name):
    rules = RULE_SETS[name]
    assert rules.ice_connection_state([]) == {"starting" if name == "webplatform" else "new"}
    if rules.connection_rules:
        assert rules.connection_state([]) == {"new"}


def test_only_the_texts_about_components_have_no_closed_input():
    without = {name for name, rules in RULE_SETS.items() if "closed" not in rules.ice_states}
    assert without == {"mdn", "webplatform"}
