"""The claims of the public documents that are about names and aggregation, each under its row.

What the rows are is told in :mod:`support.seed_row`. Where a document is wrong or out of date, the
test shows what holds instead.
"""

import re
from itertools import combinations_with_replacement, product

import pytest

from frazil.states import enums, renaming
from frazil.states.aggregate import connection_state, ice_connection_state, ice_gathering_state
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceConnectionState,
    RTCIceGathererState,
    RTCIceGatheringState,
    RTCIceTransportState,
    RTCPeerConnectionState,
    RTCSignalingState,
)
from frazil.states.ruleset import RULE_SETS
from support.seed_row import LIVE_ROWS, ROWS


def ice(*states, closed=False):
    return ice_connection_state(closed, map(RTCIceTransportState, states))


def connection(*transports):
    """connectionState over transports written as "ICE/DTLS"."""
    pairs = [transport.split("/") for transport in transports]
    return connection_state(
        ice(*(state for state, _ in pairs)), [RTCDtlsTransportState(state) for _, state in pairs]
    )


def text_says(name, *transports):
    pairs = [transport.split("/") for transport in transports]
    return RULE_SETS[name].connection_state(
        [(RTCIceTransportState(one), RTCDtlsTransportState(two)) for one, two in pairs]
    )


def test_c1_ice_connection_state_has_the_seven_values():
    values = "new checking connected completed disconnected failed closed"
    assert set(RTCIceConnectionState) == set(values.split())
    assert f"{RTCIceConnectionState.NEW}" == "new"


def test_c5_connected_needs_every_transport():
    assert ice("connected", "connected") == "connected"
    assert ice("connected", "new") == "checking"
    assert ice("connected", "checking") == "checking"


def test_c6_completed_needs_every_transport():
    assert ice("completed", "completed") == "completed"
    assert ice("completed", "connected") == "connected"


@pytest.mark.parametrize("other", RTCIceTransportState)
def test_c7_one_failed_transport_is_failed_whatever_the_others(other):
    assert ice("failed", other) == "failed"


def test_c9_closed_is_the_closed_flag_and_nothing_else():
    assert ice("connected", closed=True) == "closed"
    assert ice("closed", "closed") == "new"


def test_c18_ice_and_dtls_transports_do_not_share_one_set_of_states():
    assert connection("closed/connected") == "connecting"
    assert text_says("mdn", "closed/connected") == {"connected"}
    assert "disconnected" not in set(RTCDtlsTransportState)


def test_c19_connecting_also_covers_states_that_have_not_started():
    assert connection("checking/new") == "connecting"
    assert connection("connected/new") == "connecting"
    assert connection("new/connected") == "connecting"
    assert connection("new/new", "connected/connected") == "connecting"


@pytest.mark.parametrize("working", ["connected", "completed"])
def test_c20_connected_needs_dtls_too(working):
    assert connection(f"{working}/new") == "connecting"
    assert connection(f"{working}/connecting") == "connecting"
    assert connection(f"{working}/connected") == "connected"


def test_c21_disconnected_outweighs_checking_and_connecting():
    assert connection("disconnected/connecting") == "disconnected"
    assert connection("disconnected/connected", "checking/new") == "disconnected"
    assert text_says("mdn", "disconnected/connecting") == {"connecting"}


def test_c22_new_needs_every_transport_to_be_new_or_closed():
    assert connection("new/new", "closed/closed") == "new"
    assert connection("connected/new") == "connecting"
    assert text_says("mdn", "connected/new") == {"new"}


def test_c24_connection_state_is_connecting_never_checking():
    values = "new connecting connected disconnected failed closed"
    assert set(RTCPeerConnectionState) == set(values.split())


def test_c25_gathering_is_told_by_the_gatherer_alone():
    assert "gathering" not in set(RTCIceTransportState)
    assert set(RTCIceGathererState) == {"new", "gathering", "complete"}


def test_c30_no_transport_at_all_stays_new():
    assert ice() == "new"
    assert connection() == "new"


def test_c32_dtls_has_five_values():
    values = "new connecting connected closed failed"
    assert set(RTCDtlsTransportState) == set(values.split())


def test_c33_gathering_ends_in_complete_not_completed():
    assert set(RTCIceGatheringState) == {"new", "gathering", "complete"}
    complete, gathering = RTCIceGathererState.COMPLETE, RTCIceGathererState.GATHERING
    assert ice_gathering_state([complete, complete]) == "complete"
    assert ice_gathering_state([complete, gathering]) == "gathering"


def test_d1_old_names_lead_to_current_ones_and_are_no_aliases():
    new_names = {name.old: name.new for name in renaming.OLD_NAMES if name.kind != "readyState"}
    assert new_names["iceState"] == "iceConnectionState"
    assert new_names["RTCIceState"] == "RTCIceConnectionState"
    assert new_names["icechange"] == "iceconnectionstatechange"
    assert new_names["gatheringchange"] == "icegatheringstatechange"
    assert new_names["updateIce()"] == "setConfiguration() and restartIce()"
    assert new_names["readyState"] == "signalingState"
    ready_states = {name.old: name.new for name in renaming.OLD_NAMES if name.kind == "readyState"}
    assert ready_states == {"new": "stable", "active": "stable"}
    assert not hasattr(enums, "RTCIceState")
    assert not {"new", "active"} & set(RTCSignalingState)


def test_d2_starting_is_now_new():
    assert renaming.current_ice_state(renaming.RTCIceState.STARTING) == "new"
    assert "starting" not in set(RTCIceConnectionState)


def test_d3_new_and_checking_are_two_states():
    assert ice("new") == "new"
    assert ice("checking") == "checking"


def test_d4_a_transport_that_leaves_or_joins_may_move_the_aggregate_anywhere():
    assert ice("checking", "completed") == "checking"
    assert ice("completed") == "completed"
    assert ice("completed", "new") == "checking"
    assert ice("completed", "failed") == "failed"


@pytest.mark.parametrize("state", RTCIceTransportState)
def test_d5_one_transport_is_what_one_component_was(state):
    assert ice(state) == ("new" if state == "closed" else state)


def test_d6_the_unordered_rules_are_not_total():
    rules = RULE_SETS["webplatform"]
    pairs = combinations_with_replacement(rules.ice_states, 2)
    counts = [len(rules.ice_connection_state(pair)) for pair in pairs]
    assert (len(counts), counts.count(2), counts.count(0)) == (21, 3, 2)


@pytest.mark.parametrize("working", ["connected", "completed"])
def test_d7_new_beside_a_working_transport_is_checking(working):
    states = [RTCIceTransportState.NEW, RTCIceTransportState(working)]
    assert ice_connection_state(False, states) == "checking"
    assert RULE_SETS["w3c-2017"].ice_connection_state(states) == {"new"}
    assert RULE_SETS["webplatform"].ice_connection_state(states) == set()


def test_d8_connected_and_completed_together_are_connected():
    assert ice("connected", "completed") == "connected"
    assert ice("connected", "completed", "closed") == "connected"


def test_d12_failed_dominates_disconnected():
    assert ice("disconnected", "failed") == "failed"
    assert connection("disconnected/connected", "connected/failed") == "failed"


def test_d13_disconnected_comes_before_checking_in_both_aggregates():
    assert ice("disconnected", "checking") == "disconnected"
    assert connection("disconnected/connected", "checking/connecting") == "disconnected"
    cells = product(RTCIceTransportState, RTCDtlsTransportState)
    differing = [
        f"{one}/{two}"
        for one, two in cells
        if text_says("mdn", f"{one}/{two}") != {connection(f"{one}/{two}")}
    ]
    assert differing == [
        "new/connected",
        "connected/new",
        "completed/new",
        "disconnected/connecting",
        "closed/connected",
    ]


def test_d14_dtls_counts_now_and_did_not_exist_in_2012():
    assert connection("connected/failed") == "failed"
    assert not RULE_SETS["webplatform"].connection_rules


def test_q1_completed_counts_as_connected():
    assert connection("completed/connected") == "connected"
    assert connection("completed/closed") == "connected"
    assert text_says("rec-2025", "completed/connected") == {"connecting"}
    assert text_says("rec-2025", "completed/closed") == {"connecting"}


def test_every_row_is_proved_here_or_waits_for_a_live_connection():
    matches = (re.match(r"test_([cdq]\d+)_", name) for name in globals())
    here = {match[1].upper() for match in matches if match}
    assert here <= set(ROWS)
    assert set(LIVE_ROWS) <= set(ROWS)
    assert set(ROWS) - here - set(LIVE_ROWS) == set()
