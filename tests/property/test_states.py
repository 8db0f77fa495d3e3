from hypothesis import given
from hypothesis import strategies as st

from frazil.states.aggregate import connection_state, ice_connection_state, ice_gathering_state
from frazil.states.enums import (
    RTCDtlsTransportState,
    RTCIceConnectionState,
    RTCIceGathererState,
    RTCIceGatheringState,
    RTCIceTransportState,
    RTCPeerConnectionState,
)
from frazil.states.ruleset import RULE_SETS

ice_states = st.lists(st.sampled_from(RTCIceTransportState), max_size=12)
dtls_states = st.lists(st.sampled_from(RTCDtlsTransportState), max_size=12)
gatherers = st.lists(st.sampled_from(RTCIceGathererState), max_size=12)
aggregates = st.sampled_from(RTCIceConnectionState)


@given(st.booleans(), ice_states, dtls_states, gatherers)
def test_total(closed, ice, dtls, gathering):
    aggregate = ice_connection_state(closed, ice)
    assert isinstance(aggregate, RTCIceConnectionState)
    assert isinstance(connection_state(aggregate, dtls), RTCPeerConnectionState)
    assert isinstance(ice_gathering_state(gathering), RTCIceGatheringState)


@given(st.data(), ice_states, aggregates, dtls_states, gatherers)
def test_order_does_not_matter(data, ice, aggregate, dtls, gathering):
    def shuffled(states):
        return data.draw(st.permutations(states))

    assert ice_connection_state(False, shuffled(ice)) is ice_connection_state(False, ice)
    assert connection_state(aggregate, shuffled(dtls)) is connection_state(aggregate, dtls)
    assert ice_gathering_state(shuffled(gathering)) is ice_gathering_state(gathering)


@given(ice_states, aggregates, dtls_states, gatherers)
def test_repetition_does_not_matter(ice, aggregate, dtls, gathering):
    assert ice_connection_state(False, ice * 2) is ice_connection_state(False, ice)
    assert connection_state(aggregate, dtls * 2) is connection_state(aggregate, dtls)
    assert ice_gathering_state(gathering * 2) is ice_gathering_state(gathering)


@given(ice_states, dtls_states)
def test_closed_is_absorbing(ice, dtls):
    assert ice_connection_state(True, ice) is RTCIceConnectionState.CLOSED
    closed = connection_state(RTCIceConnectionState.CLOSED, dtls)
    assert closed is RTCPeerConnectionState.CLOSED


@given(ice_states, dtls_states)
def test_only_close_makes_it_closed(ice, dtls):
    aggregate = ice_connection_state(False, ice)
    assert aggregate is not RTCIceConnectionState.CLOSED
    assert connection_state(aggregate, dtls) is not RTCPeerConnectionState.CLOSED


@given(ice_states, dtls_states)
def test_failed_dominates(ice, dtls):
    failed = ice_connection_state(False, [*ice, RTCIceTransportState.FAILED])
    assert failed is RTCIceConnectionState.FAILED
    assert connection_state(failed, dtls) is RTCPeerConnectionState.FAILED
    for aggregate in set(RTCIceConnectionState) - {RTCIceConnectionState.CLOSED}:
        with_failure = connection_state(aggregate, [*dtls, RTCDtlsTransportState.FAILED])
        assert with_failure is RTCPeerConnectionState.FAILED


@given(ice_states)
def test_a_closed_ice_transport_changes_nothing(ice):
    more = [*ice, RTCIceTransportState.CLOSED]
    assert ice_connection_state(False, more) is ice_connection_state(False, ice)


@given(aggregates, dtls_states.filter(bool))
def test_a_closed_dtls_transport_beside_others_changes_nothing(aggregate, dtls):
    more = [*dtls, RTCDtlsTransportState.CLOSED]
    assert connection_state(aggregate, more) is connection_state(aggregate, dtls)


@given(st.integers(1, 12))
def test_closed_transports_alone_are_new(count):
    ice = ice_connection_state(False, [RTCIceTransportState.CLOSED] * count)
    assert ice is RTCIceConnectionState.NEW
    dtls = [RTCDtlsTransportState.CLOSED] * count
    assert connection_state(ice, dtls) is RTCPeerConnectionState.NEW


@given(
    st.lists(
        st.tuples(st.sampled_from(RTCIceTransportState), st.sampled_from(RTCDtlsTransportState)),
        max_size=8,
    )
)
def test_ordered_texts_never_give_two_states(transports):
    for rules in RULE_SETS.values():
        if rules.ordered:
            assert len(rules.ice_connection_state(ice for ice, _ in transports)) == 1
            assert len(rules.connection_state(transports)) <= 1
