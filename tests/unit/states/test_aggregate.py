"""The aggregates against the W3C prose, transcribed a second time as one question per row."""

from itertools import combinations_with_replacement, product

import pytest

from frazil.states.aggregate import connection_state, ice_connection_state, ice_gathering_state
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceConnectionState,
    RTCIceGathererState,
    RTCIceTransportState,
)
from support.golden import aggregate as golden


def prose_ice_connection_state(closed, states):
    rows = [
        ("closed", lambda: closed),
        ("failed", lambda: any(s == "failed" for s in states)),
        ("disconnected", lambda: any(s == "disconnected" for s in states)),
        ("new", lambda: not states or all(s == "new" or s == "closed" for s in states)),
        ("checking", lambda: any(s == "new" or s == "checking" for s in states)),
        ("completed", lambda: all(s == "completed" or s == "closed" for s in states)),
        ("connected", lambda: all(s in ("connected", "completed", "closed") for s in states)),
    ]
    return next(state for state, applies in rows if applies())


def prose_connection_state(ice, dtls):
    rows = [
        ("closed", lambda: ice == "closed"),
        ("failed", lambda: ice == "failed" or any(s == "failed" for s in dtls)),
        ("disconnected", lambda: ice == "disconnected"),
        ("new", lambda: ice == "new" and all(s == "new" or s == "closed" for s in dtls)),
        (
            "connected",
            lambda: (
                ice in ("connected", "completed")
                and all(s in ("connected", "closed") for s in dtls)
            ),
        ),
        ("connecting", lambda: True),
    ]
    return next(state for state, applies in rows if applies())


def prose_ice_gathering_state(states):
    if any(s == "gathering" for s in states):
        return "gathering"
    if len(states) > 0 and all(s == "complete" for s in states):
        return "complete"
    return "new"


def multisets(states, most):
    for count in range(most + 1):
        yield from combinations_with_replacement(states, count)


@pytest.mark.parametrize("closed", [False, True])
def test_ice_connection_state_is_the_prose_for_every_multiset_of_four(closed):
    for states in multisets(RTCIceTransportState, 4):
        result = ice_connection_state(closed, states)
        assert result == prose_ice_connection_state(closed, states), states
        assert isinstance(result, RTCIceConnectionState)


def test_connection_state_is_the_prose_for_every_ice_state_and_three_dtls():
    for ice in RTCIceConnectionState:
        for dtls in multisets(RTCDtlsTransportState, 3):
            if dtls:
                assert connection_state(ice, dtls) == prose_connection_state(ice, dtls), (ice, dtls)


def test_connection_state_is_the_prose_for_every_two_transports():
    for ice, dtls in product(
        combinations_with_replacement(RTCIceTransportState, 2),
        combinations_with_replacement(RTCDtlsTransportState, 2),
    ):
        expected = prose_connection_state(prose_ice_connection_state(False, ice), dtls)
        assert connection_state(ice_connection_state(False, ice), dtls) == expected, (ice, dtls)


def test_ice_gathering_state_is_the_prose_for_every_multiset_of_four():
    for states in multisets(RTCIceGathererState, 4):
        assert ice_gathering_state(states) == prose_ice_gathering_state(states), states


@pytest.mark.parametrize(
    ("gatherers", "result"),
    [
        ([], "new"),
        (["new"], "new"),
        (["gathering"], "gathering"),
        (["complete"], "complete"),
        (["complete", "complete"], "complete"),
        (["complete", "new"], "new"),
        (["complete", "gathering"], "gathering"),
        (["new", "gathering"], "gathering"),
        (["new", "gathering", "complete"], "gathering"),
    ],
)
def test_ice_gathering_state(gatherers, result):
    assert ice_gathering_state(map(RTCIceGathererState, gatherers)) == result


def test_no_transports_are_new():
    assert ice_connection_state(False, []) == "new"
    assert connection_state(RTCIceConnectionState.NEW, []) == "new"


def test_nothing_is_connected_without_a_dtls_transport():
    assert connection_state(RTCIceConnectionState.CONNECTED, []) == "connecting"
    assert connection_state(RTCIceConnectionState.COMPLETED, []) == "connecting"


def test_arguments_may_be_iterators():
    states = iter([RTCIceTransportState.CONNECTED, RTCIceTransportState.COMPLETED])
    assert ice_connection_state(False, states) == "connected"
    dtls = iter([RTCDtlsTransportState.CONNECTED])
    assert connection_state(RTCIceConnectionState.CONNECTED, dtls) == "connected"


def test_golden_table_is_what_the_rule_sets_give():
    assert golden.render() == golden.PATH.read_text(encoding="utf-8")


def test_golden_w3c_column_is_the_prose():
    head, *rows = [line.split(",") for line in golden.PATH.read_text().splitlines()]
    assert head[:4] == ["aggregate", "ice", "dtls", "w3c"]
    assert len(rows) == 1 + 7 + 28 + 84 + 35
    for aggregate, ice, dtls, w3c, *_ in rows:
        expected = prose_ice_connection_state(False, ice.split())
        if aggregate == "connectionState":
            expected = prose_connection_state(expected, [dtls])
        assert w3c == expected, (aggregate, ice, dtls)
