"""What descriptions do to the transport: roles, and the way back."""

import re

import pytest

from frazil.dtls import DtlsRole
from frazil.errors import (
    InvalidAccessError,
    RTCError,
)
from frazil.peer.event import EventType
from frazil.sdp import parse_sdp
from frazil.states.enums import RTCIceRole
from support.peer_pair import (
    Peer,
    candidate,
    certificate,
    connected_pair,
    negotiate,
    offering,
)

SIGNALING = EventType.SIGNALING_STATE_CHANGE
NEEDED = EventType.NEGOTIATION_NEEDED


def test_roles_follow_the_first_offer() -> None:
    one, two = offering(1), Peer(seed=2)
    offer = one.set_local()
    assert one.pc.sctp.dtls.ice.role is RTCIceRole.CONTROLLING
    two.set_remote(offer)
    assert two.pc.sctp.dtls.ice.role is RTCIceRole.CONTROLLED
    one.set_remote(two.set_local())
    negotiate(two, one)
    assert one.session.called("set_role") == [(RTCIceRole.CONTROLLING, 0.0)]
    assert two.session.called("set_role") == [(RTCIceRole.CONTROLLED, 0.0)]


def test_we_control_a_lite_peer() -> None:
    peer = Peer()
    offer = offering(2).set_local().sdp.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n")
    peer.set_remote({"type": "offer", "sdp": offer})
    assert peer.pc.sctp.dtls.ice.role is RTCIceRole.CONTROLLING
    assert peer.session.called("set_remote_credentials")[0][-1].is_lite


def test_answerer_is_dtls_client_and_both_keep_their_roles() -> None:
    one, two, _ = connected_pair()
    assert one.session.called("start_dtls")[0][0] is DtlsRole.SERVER
    assert two.session.called("start_dtls")[0][0] is DtlsRole.CLIENT
    offer = two.set_local()
    assert "a=setup:actpass" in offer.sdp
    one.set_remote(offer)
    answer = one.set_local()
    assert "a=setup:passive" in answer.sdp
    two.set_remote(answer)


def test_offer_that_is_active_is_answered_passive() -> None:
    peer = Peer()
    offer = offering(2).set_local().sdp.replace("a=setup:actpass", "a=setup:active")
    peer.set_remote({"type": "offer", "sdp": offer})
    assert "a=setup:passive" in peer.set_local().sdp
    assert peer.session.called("start_dtls")[0][0] is DtlsRole.SERVER


def test_passive_answer_makes_us_the_client() -> None:
    one, two = offering(1), Peer(seed=2)
    two.set_remote(one.set_local())
    answer = two.set_local().sdp.replace("a=setup:active", "a=setup:passive")
    one.set_remote({"type": "answer", "sdp": answer})
    assert one.session.called("start_dtls")[0][0] is DtlsRole.CLIENT


def test_association_cannot_be_replaced() -> None:
    one, two, _ = connected_pair()
    offer = two.complete(two.pc.create_offer()).sdp
    mine, other = (certificate(seed).fingerprint().value for seed in (2, 3))
    with pytest.raises(InvalidAccessError, match="certificate"):
        one.set_remote({"type": "offer", "sdp": offer.replace(mine, other)})


@pytest.mark.parametrize("setup", [":active", ":passive"])
def test_roles_of_an_association_stay_whatever_a_later_description_says(setup: str) -> None:
    one, two, _ = connected_pair()  # Firefox answers every later offer with `active`
    role = one.session.called("start_dtls")[0][0]
    offer = one.set_local(one.complete(one.pc.create_offer()))
    two.set_remote(offer)
    answer = two.set_local().sdp.replace("a=setup:active", "a=setup" + setup)
    one.set_remote({"type": "answer", "sdp": answer.replace("a=setup:passive", "a=setup" + setup)})
    assert {call[0] for call in one.session.called("start_dtls")} == {role}


def test_rollback_of_the_first_offer_takes_the_transport_away() -> None:
    peer = offering()
    peer.set_local()
    peer.run()
    peer.session.gather(peer.ufrag())
    peer.run()
    assert peer.pc.ice_gathering_state == "complete"
    sctp = peer.pc.sctp
    operation = peer.pc.set_local_description({"type": "rollback", "sdp": "garbage"})
    turns = peer.tasks()
    assert operation.result() is None
    assert turns[0] == [SIGNALING, EventType.ICE_GATHERING_STATE_CHANGE, "settled"]
    assert [EventType.STATE_CHANGE] * 3 in turns
    assert peer.pc.ice_gathering_state == "new"
    assert peer.pc.sctp is None
    assert (sctp.state, sctp.dtls.state, sctp.dtls.ice.state) == ("closed",) * 3
    assert peer.pc.local_description is None
    assert peer.session.called("close") == [()]
    assert turns[-1] == [NEEDED], "the channel still wants its section"


def test_rollback_of_a_remote_offer() -> None:
    peer = Peer()
    peer.set_remote(offering(2).set_local())
    peer.set_remote({"type": "rollback"})
    assert peer.pc.signaling_state == "stable"
    assert peer.pc.remote_description is None
    assert peer.pc.sctp is None


def test_rollback_of_a_restart_after_gathering_is_silent() -> None:
    one, _, _ = connected_pair()
    before = one.pc.local_description
    parameters = one.pc.sctp.dtls.ice.local_parameters
    one.run()
    one.complete(one.pc.set_local_description(one.complete(one.pc.create_offer(ice_restart=True))))
    one.session.gather(one.ufrag())
    one.run()
    assert one.pc.sctp.dtls.ice.local_parameters != parameters
    one.pc.set_local_description({"type": "rollback"})
    assert one.run() == [SIGNALING]
    assert one.session.called("rollback") == [(0.0,)]
    assert one.pc.local_description is before
    assert one.pc.sctp.dtls.ice.local_parameters == parameters
    assert len(one.sessions) == 1


def test_candidates_of_a_rolled_back_generation_stay_unheard() -> None:
    peer = offering()
    peer.set_local()
    peer.session.gather(peer.ufrag())
    peer.pc.transports.drain()
    peer.pc.set_local_description({"type": "rollback"})
    while peer.pc.signaling_state != "stable":
        peer.step()
    assert EventType.ICE_CANDIDATE not in peer.run()


def test_glare_is_two_tasks_in_one_operation_and_fires_twice() -> None:
    one, two = offering(1), offering(2)
    one.set_local()
    one.run()
    offer = two.set_local()
    states = []
    one.handlers[SIGNALING] = lambda _: states.append(one.pc.signaling_state)
    operation = one.pc.set_remote_description(offer)
    turns = one.tasks()
    assert states == ["stable", "have-remote-offer"]
    assert turns[0] == [SIGNALING, EventType.ICE_GATHERING_STATE_CHANGE]
    assert [SIGNALING, "settled"] in turns
    assert [NEEDED] not in turns
    assert operation.is_settled
    assert one.pc.pending_local_description is None
    assert [s.called("close") for s in one.sessions] == [[()], []]


def test_malformed_offer_in_glare_does_not_undo_the_rollback() -> None:
    peer = offering()
    peer.set_local()
    with pytest.raises(RTCError):
        peer.set_remote({"type": "offer", "sdp": "garbage"})
    assert peer.pc.signaling_state == "stable"


def test_offer_applied_again_after_a_rollback_gathers_from_scratch() -> None:
    one, _, _ = connected_pair()
    offer = one.complete(one.pc.create_offer(ice_restart=True))
    one.set_local(offer)
    one.session.gather(one.ufrag(), candidate(5))
    one.run()
    one.set_local({"type": "rollback"})
    one.set_local(offer)
    assert one.pc.local_description.sdp == offer.sdp
    assert len(one.session.called("set_local_credentials")) == 3
    one.session.gather(one.ufrag(), candidate(5))
    one.run()
    media = parse_sdp(one.pc.local_description.sdp).media[0]
    assert len(media.candidates) == 1
    assert media.end_of_candidates


def test_rollback_of_a_remote_restart_forgets_its_candidates() -> None:
    one, two, _ = connected_pair()
    before = one.pc.sctp.dtls.ice.remote_parameters
    two.pc.restart_ice()
    one.set_remote(two.set_local())
    one.complete(one.pc.add_ice_candidate({"candidate": candidate(5).line, "sdpMid": "0"}))
    assert len(one.pc.sctp.dtls.ice.remote_candidates) == 1
    one.set_remote({"type": "rollback"})
    assert one.pc.sctp.dtls.ice.remote_candidates == []
    assert one.pc.sctp.dtls.ice.remote_parameters == before
    assert one.session.called("rollback") == [(0.0,)]


def test_remote_offer_that_ends_data_takes_everything_down() -> None:
    one, two, channel = connected_pair()
    offer = two.set_local().sdp.replace("a=group:BUNDLE 0\r\n", "")
    offer = re.sub("m=application [0-9]+", "m=application 0", offer)
    one.set_remote({"type": "offer", "sdp": offer})
    assert one.pc.sctp is not None
    answer = one.set_local()
    types = one.run()
    assert parse_sdp(answer.sdp).media[0].is_rejected
    assert one.pc.sctp is None
    assert channel.ready_state == "closed"
    assert types.count(EventType.STATE_CHANGE) == 3
    assert one.pc.connection_state == "new"
    assert one.pc.ice_gathering_state == "new"
