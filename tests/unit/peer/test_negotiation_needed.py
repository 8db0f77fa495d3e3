"""When negotiationneeded fires (webrtc-pc 4.7.3)."""

from frazil.peer.event import EventType
from frazil.sdp import parse_sdp
from frazil.states.enums import RTCDataChannelState
from support.peer_pair import Peer, connected_pair, offering

SIGNALING = EventType.SIGNALING_STATE_CHANGE
NEEDED = EventType.NEGOTIATION_NEEDED


def test_negotiation_is_needed_once_for_the_first_channel() -> None:
    peer = Peer()
    peer.channel()
    peer.channel()
    assert peer.run() == [NEEDED]
    peer.channel()
    assert peer.run() == []


def test_nothing_is_needed_once_negotiated() -> None:
    one, two, _ = connected_pair()
    assert NEEDED not in [each.type for each in (*one.seen, *two.seen)]
    one.channel()
    assert one.run() == [EventType.OPEN]


def test_need_that_arises_during_an_operation_waits_for_the_chain() -> None:
    peer = Peer()
    operation = peer.pc.create_offer()
    peer.channel()
    assert peer.tasks() == [["settled"], [NEEDED]]
    assert operation.is_settled


def test_need_that_arises_during_a_negotiation_is_told_at_its_end() -> None:
    one, two = Peer(seed=1), Peer(seed=2)
    two.set_remote(one.set_local())
    one.channel()
    assert one.run() == []
    one.pc.set_remote_description(two.set_local())
    assert one.tasks() == [[SIGNALING, "settled"], [NEEDED]]


def test_rejected_channels_do_not_ask_again() -> None:
    one, two = offering(1), Peer(seed=2)
    channel = one.channel()
    two.set_remote(one.set_local())
    answer = two.set_local().sdp.replace("m=application 9", "m=application 0")
    answer = answer.replace("a=group:BUNDLE 0\r\n", "")
    one.set_remote({"type": "answer", "sdp": answer})
    sctp = one.sessions[0]
    types = one.run()
    assert one.pc.sctp is None
    assert channel.ready_state is RTCDataChannelState.CLOSED
    assert types.count(EventType.CLOSE) == 2
    assert NEEDED not in types
    assert sctp.called("close") == [()]


def test_channel_after_a_rejection_recycles_the_section() -> None:
    one, two = offering(1), Peer(seed=2)
    two.set_remote(one.set_local())
    answer = two.set_local().sdp.replace("m=application 9", "m=application 0")
    one.set_remote({"type": "answer", "sdp": answer.replace("a=group:BUNDLE 0\r\n", "")})
    one.run()
    one.channel()
    assert one.run() == [NEEDED]
    offer = parse_sdp(one.set_local().sdp)
    assert [(media.mid, media.is_rejected) for media in offer.media] == [("1", False)]
