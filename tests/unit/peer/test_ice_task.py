"""What an ICE agent reports becomes slots and events, in the order of webrtc-pc."""

from dataclasses import replace

import pytest

from frazil.ice import (
    CandidateError,
    CandidateGathered,
    CandidatesLost,
    IceTransportChanged,
    RoleChanged,
    SelectedPair,
)
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.description import MAX_CANDIDATES
from frazil.peer.event import EventType
from frazil.sdp import parse_sdp
from frazil.states.enums import RTCIceRole, RTCIceTransportState
from support.peer_pair import REASON, Peer, candidate, connected_pair, media_peer, negotiate

ICE_CANDIDATE = EventType.ICE_CANDIDATE
GATHERING = [EventType.GATHERING_STATE_CHANGE, EventType.ICE_GATHERING_STATE_CHANGE]
ICE_EVENTS = [
    EventType.SELECTED_CANDIDATE_PAIR_CHANGE,
    EventType.STATE_CHANGE,
    EventType.ICE_CONNECTION_STATE_CHANGE,
    EventType.CONNECTION_STATE_CHANGE,
]


def negotiated() -> tuple[Peer, Peer]:
    one, two = Peer("one", 1), Peer("two", 2)
    one.channel()
    negotiate(one, two)
    one.run()
    two.run()
    one.seen.clear()
    return one, two


def offering() -> Peer:
    peer = Peer()
    peer.channel()
    peer.set_local()
    peer.run()
    peer.seen.clear()
    return peer


def test_pair_and_state_are_one_task_with_all_slots_written_first() -> None:
    one, _ = negotiated()
    one.session.report_ice("new", "checking")
    one.run()
    pair = SelectedPair(candidate(1), candidate(2))
    one.session.report_ice("checking", "connected", pair)
    one.session.report_dtls("new", "connecting")
    one.session.report_dtls("connecting", "connected")
    one.run()
    pair_task = one.seen[3:6]
    assert [each.type for each in pair_task] == ICE_EVENTS[:3]
    for each in pair_task:
        assert (each.ice, each.connection) == ("connected", "connecting")
    assert one.pc.sctp.dtls.ice.selected_pair is pair


def test_first_check_fires_all_that_changed_in_order() -> None:
    one, _ = negotiated()
    one.session.report_ice("new", "checking")
    assert one.tasks() == [ICE_EVENTS[1:]]
    assert {(each.ice, each.connection) for each in one.seen} == {("checking", "connecting")}


def test_failure_with_pair_loss_fires_four_events_in_one_task() -> None:
    one, _, _ = connected_pair()
    one.seen.clear()
    one.session.report_ice("connected", "disconnected", SelectedPair(candidate(1), candidate(2)))
    assert one.tasks() == [ICE_EVENTS]
    assert {(each.ice, each.connection) for each in one.seen} == {("disconnected", "disconnected")}


def test_pair_alone_fires_one_event() -> None:
    one, _, _ = connected_pair()
    one.session.events.append(IceTransportChanged(None, True, None, REASON))
    assert one.tasks() == [[EventType.SELECTED_CANDIDATE_PAIR_CHANGE]]


def test_connected_is_observable_before_completed() -> None:
    one, _ = negotiated()
    session = one.session
    session.report_ice("new", "checking")
    session.report_ice("checking", "connected")
    session.report_ice("connected", "completed")
    states = []
    one.handlers[EventType.ICE_CONNECTION_STATE_CHANGE] = lambda _: states.append(
        (one.pc.ice_connection_state, one.pc.sctp.dtls.ice.state)
    )
    one.run()
    assert states == [(s, s) for s in ("checking", "connected", "completed")]


def test_history_holds_transport_and_aggregates_with_one_cause() -> None:
    one, _ = negotiated()
    one.session.report_ice("new", "checking")
    one.run()
    last = one.pc.state_history[-3:]
    assert [(c.machine, c.old, c.new) for c in last] == [
        ("ice-transport 0", "new", "checking"),
        ("ice-connection", "new", "checking"),
        ("connection", "new", "connecting"),
    ]
    assert {c.reason.cause for c in last} == {"test"}
    assert last[1].reason.rule == "webrtc-pc RTCIceConnectionState"


# --- gathering ----------------------------------------------------------------------------------


def test_gathering_ends_in_two_tasks() -> None:
    peer = offering()
    peer.session.gather(peer.ufrag())
    assert peer.tasks() == [[ICE_CANDIDATE], [*GATHERING, ICE_CANDIDATE]]
    end, *rest = peer.seen
    assert end.payload == CandidateInit("", "0", 0, peer.ufrag())
    assert end.gathering == "gathering"
    assert {each.gathering for each in rest} == {"complete"}
    assert rest[-1].payload is None
    assert parse_sdp(peer.pc.local_description.sdp).media[0].end_of_candidates


def test_the_only_transport_that_still_gathered_is_bundled_away() -> None:
    """What ends the gathering then is the answer, and it is told in the same order."""
    one, two = media_peer("audio"), Peer(seed=2)
    one.channel()
    offer = one.set_local()
    one.run()
    first = one.sessions[0]
    first.gather(first.called("set_local_credentials")[-1][0].ufrag)
    one.run()
    two.set_remote(offer)
    assert one.pc.ice_gathering_state == "gathering"
    one.seen.clear()
    one.set_remote(two.set_local())
    one.run()
    assert one.pc.ice_gathering_state == "complete"
    told = [each for each in one.seen if each.type in (GATHERING[1], ICE_CANDIDATE)]
    assert [(each.type, each.payload) for each in told] == [
        (GATHERING[1], None),
        (ICE_CANDIDATE, None),
    ]


def test_candidate_is_in_the_description_when_its_event_fires() -> None:
    peer = offering()
    found = candidate(4000)
    texts = []
    peer.handlers[ICE_CANDIDATE] = lambda _: texts.append(peer.pc.local_description.sdp)
    held = peer.pc.local_description
    peer.session.events.append(CandidateGathered(found, peer.ufrag()))
    peer.run()
    assert f"a={found.line}\r\n" in texts[0]
    assert "m=application 4000 " in texts[0]
    assert "c=IN IP4 192.0.2.1" in texts[0]
    assert peer.seen[0].payload == CandidateInit(found.line, "0", 0, peer.ufrag())
    assert peer.pc.local_description is held
    assert peer.pc.sctp.dtls.ice.local_candidates == [peer.seen[0].payload]


def test_default_address_is_the_widest_reach() -> None:
    peer = offering()
    peer.session.gather(
        peer.ufrag(),
        candidate(1, "2001:db8::1"),
        candidate(2),
        candidate(3, "198.51.100.7", "srflx"),
        candidate(4, "192.0.2.9"),
    )
    peer.run()
    media = parse_sdp(peer.pc.local_description.sdp).media[0]
    assert (media.port, media.connection.address) == (3, "198.51.100.7")
    assert len(media.candidates) == 4


def test_offer_created_while_gathering_catches_up_when_applied() -> None:
    peer = offering()
    first, second = candidate(1), candidate(2)
    peer.session.events.append(CandidateGathered(first, peer.ufrag()))
    peer.run()
    offer = peer.complete(peer.pc.create_offer())
    assert f"a={first.line}" in offer.sdp
    peer.session.gather(peer.ufrag(), second)
    peer.run()
    peer.complete(peer.pc.set_local_description(offer))
    media = parse_sdp(peer.pc.local_description.sdp).media[0]
    assert media.candidates == (first.line, second.line)
    assert media.end_of_candidates


def test_candidates_go_to_both_descriptions_of_their_generation() -> None:
    one, _, _ = connected_pair()
    one.set_local()
    late = candidate(7)
    one.session.events.append(CandidateGathered(late, one.ufrag()))
    one.run()
    for description in (one.pc.current_local_description, one.pc.pending_local_description):
        assert f"a={late.line}" in description.sdp


def candidates_told(peer: Peer) -> list[tuple[str, ...]]:
    """What the descriptions in force and the transport say of our candidates."""
    descriptions = (peer.pc.current_local_description, peer.pc.pending_local_description)
    ice = peer.pc.sctp.dtls.ice
    return [
        *[parse_sdp(each.sdp).media[0].candidates for each in descriptions if each],
        tuple([each.candidate for each in ice.local_candidates]),
    ]


def test_candidates_whose_base_is_gone_are_told_no_more() -> None:
    one, _, _ = connected_pair()
    one.set_local()
    reflexive = replace(candidate(9, "198.51.100.7", "srflx"), base=candidate(8).base)
    one.session.events += [
        CandidateGathered(each, one.ufrag()) for each in (candidate(7), candidate(8), reflexive)
    ]
    one.run()
    before = candidates_told(one)[0]
    assert candidates_told(one) == [before] * 3
    one.seen.clear()
    one.session.events.append(CandidatesLost(candidate(8).base))
    assert one.run() == []
    assert candidates_told(one) == [(candidate(7).line,)] * 3
    media = parse_sdp(one.pc.local_description.sdp).media[0]
    assert (media.port, media.connection.address) == (7, "192.0.2.1")


def test_where_no_candidate_is_left_there_is_no_default_address() -> None:
    peer = offering()
    peer.session.gather(peer.ufrag(), candidate(1))
    peer.run()
    offer = peer.complete(peer.pc.create_offer())
    peer.session.events.append(CandidatesLost(candidate(1).base))
    peer.run()
    peer.complete(peer.pc.set_local_description(offer))
    media = parse_sdp(peer.pc.local_description.sdp).media[0]
    assert (media.port, media.connection.address, media.candidates) == (9, "0.0.0.0", ())
    again = parse_sdp(peer.complete(peer.pc.create_offer()).sdp).media[0]
    assert (again.port, again.connection.address, again.candidates) == (9, "0.0.0.0", ())


def test_an_offer_has_no_more_candidates_than_can_be_read() -> None:
    peer = offering()
    found = [candidate(port) for port in range(1, MAX_CANDIDATES + 4)]
    peer.session.gather(peer.ufrag(), *found)
    peer.run()
    offer = peer.complete(peer.pc.create_offer())
    newest = tuple([each.line for each in found[3:]])
    assert parse_sdp(offer.sdp).media[0].candidates == newest


def test_unknown_generation_is_never_surfaced() -> None:
    peer = offering()
    peer.session.gather("other", candidate(1))
    events = peer.run()
    assert [each.payload for each in peer.seen if each.type is ICE_CANDIDATE] == [None]
    assert events.count(ICE_CANDIDATE) == 1


def test_restart_gathers_again() -> None:
    one, two, _ = connected_pair()
    one.seen.clear()
    one.pc.restart_ice()
    negotiate(one, two)
    one.run()
    assert one.pc.ice_gathering_state == "gathering"
    assert GATHERING[1] in [each.type for each in one.seen]
    one.session.gather(one.ufrag(), candidate(9))
    one.run()
    assert one.pc.ice_gathering_state == "complete"
    assert [c.username_fragment for c in one.pc.sctp.dtls.ice.local_candidates] == [one.ufrag()]


def test_server_error_is_an_event_and_no_state() -> None:
    peer = offering()
    error = CandidateError("stun:x", 701, "unreachable", None)
    peer.session.events.append(error)
    assert peer.run() == [EventType.ICE_CANDIDATE_ERROR]
    assert peer.seen[0].payload is error
    assert peer.pc.ice_connection_state == "new"


def test_role_conflict_changes_the_slot_without_event() -> None:
    peer = offering()
    peer.session.events.append(RoleChanged(RTCIceRole.CONTROLLED))
    assert peer.run() == []
    assert peer.pc.sctp.dtls.ice.role is RTCIceRole.CONTROLLED


@pytest.mark.parametrize("report", ["ice", "dtls", "sctp", "gathering", "error"])
def test_reports_of_a_discarded_transport_do_nothing(report: str) -> None:
    peer = offering()
    session, ice = peer.session, peer.pc.sctp.dtls.ice
    if report == "ice":
        session.report_ice("new", "checking")
    elif report == "dtls":
        session.report_dtls("new", "connecting")
    elif report == "sctp":
        session.report_sctp("connecting", "connected", 5)
    elif report == "error":
        session.events.append(CandidateError("stun:x", 701, "", None))
    else:
        session.gather(peer.ufrag(), candidate(1))
    operation = peer.pc.set_local_description({"type": "rollback"})
    # The rollback is first in the queue, the reports are behind it.
    peer.pc.transports.drain()
    assert operation.error is None
    seen = peer.run()
    assert ice.state is RTCIceTransportState.CLOSED
    assert EventType.ICE_CANDIDATE not in seen
    assert EventType.ICE_CANDIDATE_ERROR not in seen
    assert EventType.ICE_CONNECTION_STATE_CHANGE not in seen
    assert seen.count(EventType.STATE_CHANGE) == 3
