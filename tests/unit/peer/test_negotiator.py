"""Creating and applying descriptions (webrtc-pc 4.4.1.5 to 4.4.1.8, RFC 9429)."""

import re

import pytest

from frazil.errors import (
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    RTCError,
    RTCErrorDetail,
)
from frazil.peer.description_init import DescriptionInit
from frazil.peer.event import EventType
from frazil.peer.signaling import SdpType
from frazil.sdp import parse_sdp
from support.peer_pair import (
    Peer,
    connected_pair,
    media_peer,
    negotiate,
    offering,
    ufrag,
)

SIGNALING = EventType.SIGNALING_STATE_CHANGE
NEEDED = EventType.NEGOTIATION_NEEDED


# --- createOffer, createAnswer ------------------------------------------------------------------


def test_good_operations_are_pending_on_return() -> None:
    peer = offering()
    offer = peer.pc.create_offer()
    assert not offer.is_settled
    init = peer.complete(offer)
    assert init.type is SdpType.OFFER
    for operation in (peer.pc.set_local_description(), peer.pc.create_offer()):
        assert not operation.is_settled
        peer.complete(operation)


def test_wrong_state_is_rejected_on_return() -> None:
    peer = offering()
    assert isinstance(peer.pc.create_answer().error, InvalidStateError)
    assert isinstance(peer.pc.set_local_description({"type": "rollback"}).error, InvalidStateError)
    assert isinstance(peer.pc.add_ice_candidate().error, InvalidStateError)
    peer.set_remote(offering(2).set_local())
    error = peer.pc.create_offer().error
    assert isinstance(error, InvalidStateError)
    assert "'have-remote-offer'" in str(error)


def test_create_offer_changes_nothing_and_repeats_its_credentials() -> None:
    peer = offering()
    first, second = (peer.complete(peer.pc.create_offer()).sdp for _ in range(2))
    assert re.sub(r"o=\S+ \d+ \d+", "", first) == re.sub(r"o=\S+ \d+ \d+", "", second)
    one, two = parse_sdp(first).origin, parse_sdp(second).origin
    assert one.session_id == two.session_id < 2**63
    assert two.session_version == one.session_version + 1
    assert peer.pc.local_description is None
    assert peer.sessions == []


def test_offer_without_channels_has_no_sections_and_can_be_negotiated() -> None:
    one, two = Peer(seed=1), Peer(seed=2)
    negotiate(one, two)
    assert one.pc.signaling_state == two.pc.signaling_state == "stable"
    assert one.pc.sctp is None
    assert "m=" not in one.pc.local_description.sdp


# --- setLocalDescription ------------------------------------------------------------------------


def test_modified_text_is_an_invalid_modification() -> None:
    peer = offering()
    offer = peer.complete(peer.pc.create_offer())
    munged = offer.sdp.replace("actpass", "active")
    operation = peer.pc.set_local_description({"type": "offer", "sdp": munged})
    assert isinstance(operation.error, InvalidModificationError)
    older = peer.complete(peer.pc.create_offer())
    assert isinstance(peer.pc.set_local_description(offer).error, InvalidModificationError), (
        "only the last one counts"
    )
    peer.set_local(older)
    assert peer.pc.signaling_state == "have-local-offer"


def test_empty_text_uses_the_last_offer_while_it_is_fresh() -> None:
    peer = offering()
    offer = peer.complete(peer.pc.create_offer(ice_restart=True))
    assert peer.set_local({"type": "offer", "sdp": ""}).sdp == offer.sdp


def test_stale_offer_is_created_again() -> None:
    peer = Peer()
    stale = peer.complete(peer.pc.create_offer())
    peer.channel()
    assert "m=application" not in stale.sdp
    assert "m=application" in peer.set_local({"type": "offer"}).sdp


def test_answer_to_a_replaced_offer_is_refused() -> None:
    peer = Peer()
    peer.set_remote(offering(2).set_local())
    stale = peer.complete(peer.pc.create_answer())
    peer.set_remote(offering(3).set_local())
    operation = peer.pc.set_local_description(stale)
    assert isinstance(operation.error, InvalidModificationError)
    peer.set_local()
    assert peer.pc.signaling_state == "stable"


def test_answer_outlives_a_rollback_if_the_same_offer_comes_again() -> None:
    peer = Peer()
    offer = media_peer("audio", seed=2).set_local()
    peer.set_remote(offer)
    answer = peer.complete(peer.pc.create_answer())
    peer.set_remote({"type": "rollback"})
    peer.transceiver("video")
    peer.complete(peer.pc.create_offer())
    peer.set_remote(offer)
    assert peer.set_local(answer).sdp == answer.sdp
    video, audio = peer.pc.transceivers
    assert (audio.mid, audio.current_direction) == ("0", "recvonly")
    assert (video.mid, video.current_direction) == (None, None)


def unnamed(text: str) -> str:
    return re.sub(r"a=(mid|group):.*\r\n", "", text)


def test_offer_without_mids_is_answered_without_them() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    for _ in range(2):
        offer = one.set_local()
        two.set_remote({"type": "offer", "sdp": unnamed(offer.sdp)})
        answer = two.set_local()
        assert "a=mid" not in answer.sdp
        one.set_remote({"type": "answer", "sdp": answer.sdp})
        for peer in (one, two):
            assert [each.mid for each in peer.pc.transceivers] == ["0", "1"]
            assert len(peer.pc.transports.dtls) == 2, "nothing is bundled"


def test_names_of_sections_without_mids_are_new() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    offer = unnamed(one.set_local().sdp)
    two.set_remote({"type": "offer", "sdp": offer.replace("m=video", "a=mid:0\r\nm=video")})
    assert [each.mid for each in two.pc.transceivers] == ["0", "1"]
    two.set_remote({"type": "rollback"})
    two.set_remote({"type": "offer", "sdp": offer + "a=mid:0\r\n"})
    assert [each.mid for each in two.pc.transceivers] == ["1", "0"]


def test_offer_that_rejects_a_section_without_its_mid_stops_its_transceiver() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)

    def exchange() -> None:
        two.set_remote({"type": "offer", "sdp": unnamed(one.set_local().sdp)})
        one.set_remote(two.set_local())

    exchange()
    audio, video = two.pc.transceivers
    one.pc.transceivers[1].stop()
    exchange()
    two.run()
    assert two.pc.transceivers == [audio]
    assert (video.mid, video.current_direction) == (None, "stopped")
    assert NEEDED not in [each.type for each in two.seen]


def test_section_without_a_mid_has_no_name_of_one_that_a_replaced_offer_rejects() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    two.set_remote({"type": "offer", "sdp": unnamed(one.set_local().sdp)})
    one.set_remote(two.set_local())
    rejecting = unnamed(one.set_local().sdp).replace("m=video 9", "m=video 0")
    two.set_remote({"type": "offer", "sdp": rejecting})
    _, audio, _ = rejecting.split("m=")
    two.set_remote({"type": "offer", "sdp": f"{rejecting}m={audio}"})
    assert [each.mid for each in two.pc.transceivers] == ["0", "1", "2"]
    two.set_local()


def test_one_answer_may_be_applied_first_as_pranswer() -> None:
    peer = Peer()
    peer.set_remote(offering(2).set_local())
    sdp = peer.complete(peer.pc.create_answer()).sdp
    peer.set_local({"type": "pranswer", "sdp": sdp})
    peer.set_local({"type": "answer", "sdp": sdp})
    assert peer.pc.current_local_description.sdp == sdp


@pytest.mark.parametrize("kind", ["offer", "answer", "pranswer"])
def test_explicit_offer_may_be_applied_unchanged(kind: str) -> None:
    peer = offering()
    if kind == "offer":
        created = peer.complete(peer.pc.create_offer())
    else:
        peer.set_remote(offering(2).set_local())
        created = peer.complete(peer.pc.create_answer())
    peer.set_local({"type": kind, "sdp": created.sdp})
    assert peer.pc.local_description.sdp == created.sdp
    assert peer.pc.local_description.type == kind


def test_implicit_type_in_have_remote_pranswer_is_an_offer_and_fails() -> None:
    peer, other = offering(1), offering(2)
    other.set_remote(peer.set_local())
    peer.set_remote(other.set_local({"type": "pranswer"}))
    with pytest.raises(InvalidStateError, match="local offer"):
        peer.set_local()


def test_local_offer_in_have_remote_offer_is_no_implicit_rollback() -> None:
    peer = offering()
    peer.set_remote(offering(2).set_local())
    with pytest.raises(InvalidStateError):
        peer.set_local({"type": "offer"})
    assert peer.pc.signaling_state == "have-remote-offer"


def test_description_attributes_switch_together_before_the_event() -> None:
    peer = offering()
    seen = []

    def look(_: object) -> None:
        pc = peer.pc
        seen.append((pc.signaling_state, pc.pending_local_description is pc.local_description))

    peer.handlers[SIGNALING] = look
    operation = peer.pc.set_local_description()
    assert (peer.pc.signaling_state, peer.pc.local_description) == ("stable", None)
    peer.complete(operation)
    assert seen == [("have-local-offer", True)]
    held = peer.pc.local_description
    assert held is peer.pc.pending_local_description
    assert held is peer.pc.local_description


def test_signalingstatechange_comes_first_then_the_promise_then_gathering() -> None:
    peer = offering()
    peer.run()
    operation = peer.pc.set_local_description()
    assert peer.tasks() == [
        [SIGNALING, "settled"],
        [EventType.GATHERING_STATE_CHANGE, EventType.ICE_GATHERING_STATE_CHANGE],
    ]
    assert operation.is_settled


def test_ice_transport_is_new_in_every_way_right_after_set_local() -> None:
    peer = offering()
    peer.complete(peer.pc.set_local_description())
    ice = peer.pc.sctp.dtls.ice
    assert (ice.state, ice.gathering_state) == ("new", "new")
    assert peer.pc.ice_gathering_state == "new"
    peer.run()
    assert ice.gathering_state == "gathering"


def test_offer_over_offer_fires_nothing() -> None:
    peer = offering()
    peer.set_local()
    peer.run()
    peer.set_local()
    assert peer.run() == []
    assert len(peer.session.called("set_local_credentials")) == 1


# --- setRemoteDescription -----------------------------------------------------------------------


def test_syntax_error_carries_the_line() -> None:
    peer = Peer()
    with pytest.raises(RTCError) as caught:
        peer.set_remote({"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nbad\r\n"})
    assert caught.value.errorDetail is RTCErrorDetail.SDP_SYNTAX_ERROR
    assert caught.value.sdpLineNumber == 3
    assert peer.pc.signaling_state == "stable"
    with pytest.raises(RTCError):
        peer.set_remote({"type": "offer", "sdp": ""})


def test_valid_sdp_that_makes_no_sense_is_an_invalid_access() -> None:
    text = offering(2).set_local().sdp.replace("a=mid:0", "a=mid:1")
    with pytest.raises(InvalidAccessError, match="BUNDLE"):
        Peer().set_remote({"type": "offer", "sdp": text})


def test_answer_with_other_sections_than_the_offer_is_an_invalid_access() -> None:
    peer, other = offering(1), Peer(seed=2)
    other.set_remote(peer.set_local())
    answer = other.set_local()
    broken = answer.sdp[: answer.sdp.index("m=")].replace("a=group:BUNDLE 0\r\n", "")
    with pytest.raises(InvalidAccessError):
        peer.set_remote({"type": "answer", "sdp": broken})
    assert peer.pc.signaling_state == "have-local-offer"
    peer.set_remote(answer)


def test_later_offer_may_not_drop_sections() -> None:
    one, _, _ = connected_pair()
    fewer = Peer(seed=3).set_local()
    with pytest.raises(InvalidAccessError, match="fewer than before"):
        one.set_remote(fewer)


def test_missing_or_unknown_type_is_a_type_error() -> None:
    assert isinstance(Peer().pc.set_remote_description({"sdp": "x"}).error, TypeError)
    assert isinstance(Peer().pc.set_remote_description("v=0").error, TypeError)
    assert isinstance(Peer().pc.set_local_description({"type": "x"}).error, TypeError)


def test_can_trickle_is_null_then_follows_the_remote_and_survives_rollback() -> None:
    peer = Peer()
    assert peer.pc.can_trickle_ice_candidates is None
    offer = offering(2).set_local().sdp
    peer.set_remote({"type": "offer", "sdp": offer})
    assert peer.pc.can_trickle_ice_candidates is True
    peer.set_remote({"type": "rollback"})
    assert peer.pc.can_trickle_ice_candidates is True
    peer.set_remote({"type": "offer", "sdp": offer.replace("a=ice-options:trickle\r\n", "")})
    assert peer.pc.can_trickle_ice_candidates is False


def test_c14_no_trickle_means_no_more_candidates() -> None:
    peer = Peer()
    offer = offering(2).set_local().sdp
    peer.set_remote({"type": "offer", "sdp": offer})
    assert peer.session.called("end_remote_candidates") == []
    peer.set_remote({"type": "offer", "sdp": offer.replace("a=ice-options:trickle\r\n", "")})
    assert peer.session.called("end_remote_candidates") == [(0.0, ufrag(offer))]


def test_sctp_is_null_until_a_description_is_applied() -> None:
    one, two = offering(1), Peer(seed=2)
    one.run()
    assert one.pc.sctp is None
    offer = one.set_local()
    assert one.pc.sctp.state == "connecting"
    assert one.pc.sctp.max_message_size is None
    assert two.pc.sctp is None
    two.set_remote(offer)
    assert two.pc.sctp is not None
    assert two.pc.sctp.max_message_size is None
    answer = two.set_local()
    assert two.pc.sctp.max_message_size == 262144
    one.set_remote(answer)
    assert one.pc.sctp.max_message_size == 262144


@pytest.mark.parametrize(
    ("line", "size"),
    [
        ("a=max-message-size:0\r\n", 262144),
        ("", 65536),
        ("a=max-message-size:1073741823\r\n", 262144),
        ("a=max-message-size:1000\r\n", 1000),
    ],
)
def test_max_message_size(line: str, size: int) -> None:
    peer = Peer()
    offer = offering(2).set_local().sdp.replace("a=max-message-size:262144\r\n", line)
    peer.set_remote({"type": "offer", "sdp": offer})
    peer.set_local()
    assert peer.pc.sctp.max_message_size == size


# --- ICE restart --------------------------------------------------------------------------------


def test_restart_before_any_negotiation_does_nothing() -> None:
    peer = Peer()
    peer.pc.restart_ice()
    assert peer.run() == []
    peer.pc.close(0.0)
    peer.pc.restart_ice()


def test_restart_of_the_offerer_renews_both_sides() -> None:
    one, two, _ = connected_pair()
    before = [ufrag(peer.pc.local_description.sdp) for peer in (one, two)]
    sctp = one.pc.sctp
    one.pc.restart_ice()
    assert one.run() == [NEEDED]
    negotiate(one, two)
    after = [ufrag(peer.pc.local_description.sdp) for peer in (one, two)]
    assert not set(before) & set(after)
    assert one.pc.sctp is sctp
    assert one.pc.sctp.dtls.state == "connected"
    for peer in (one, two):
        assert len(peer.sessions) == 1
        assert len(peer.session.called("set_local_credentials")) == 2
        assert len(peer.session.called("set_remote_credentials")) == 2
    one.run()
    negotiate(one, two)
    assert [ufrag(peer.pc.local_description.sdp) for peer in (one, two)] == after


def test_restart_of_the_answerer_works_too() -> None:
    one, two, _ = connected_pair()
    before = {ufrag(peer.pc.local_description.sdp) for peer in (one, two)}
    two.pc.restart_ice()
    assert two.run() == [NEEDED]
    negotiate(two, one)
    assert not before & {ufrag(peer.pc.local_description.sdp) for peer in (one, two)}


def test_answer_does_not_start_a_restart_and_the_request_survives_it() -> None:
    one, two, _ = connected_pair()
    one.pc.restart_ice()
    before = ufrag(one.pc.local_description.sdp)
    negotiate(two, one)
    assert ufrag(one.pc.local_description.sdp) == before
    assert one.run()[-1] is NEEDED
    assert ufrag(one.complete(one.pc.create_offer()).sdp) != before


def test_restart_request_survives_a_rollback() -> None:
    one, two, _ = connected_pair()
    before = ufrag(one.pc.local_description.sdp)
    one.pc.restart_ice()
    one.run()
    one.set_local()
    one.set_local({"type": "rollback"})
    assert one.run()[-1] is NEEDED
    negotiate(one, two)
    assert ufrag(one.pc.local_description.sdp) != before
    assert NEEDED not in one.run()


def test_offer_again_during_a_restart_is_no_second_restart() -> None:
    one, _, _ = connected_pair()
    one.pc.restart_ice()
    first = one.set_local()
    assert ufrag(one.set_local().sdp) == ufrag(first.sdp)
    one.pc.restart_ice()
    assert ufrag(one.set_local().sdp) != ufrag(first.sdp)
    assert one.session.called("rollback") == [(0.0,)], "the agent forgets the half it replaced"


def test_pranswer_and_answer_share_credentials() -> None:
    one, two = offering(1), Peer(seed=2)
    two.set_remote(one.set_local())
    provisional = two.set_local({"type": "pranswer"})
    one.set_remote(provisional)
    final = two.set_local()
    assert ufrag(final.sdp) == ufrag(provisional.sdp)
    one.set_remote(final)
    for peer in (one, two):
        assert peer.pc.signaling_state == "stable"
        assert len(peer.session.called("set_remote_credentials")) == 1
        assert len(peer.session.called("set_local_credentials")) == 1
    assert one.pc.current_remote_description.type is SdpType.ANSWER


def test_initial_descriptions_are_null() -> None:
    pc = Peer().pc
    assert [
        pc.current_local_description,
        pc.pending_local_description,
        pc.current_remote_description,
        pc.pending_remote_description,
    ] == [None] * 4
    assert DescriptionInit().type is None


# --- what happens while an operation is under way -------------------------------------------------


def test_an_offer_has_what_was_added_while_it_was_being_created() -> None:
    peer = Peer()
    operation = peer.pc.create_offer()
    peer.channel()
    peer.transceiver("audio")
    offer = peer.complete(operation)
    assert [media.kind for media in parse_sdp(offer.sdp).media] == ["audio", "application"]
    peer.set_local(offer)
    assert peer.pc.local_description.sdp == offer.sdp, "and it is fresh"


def test_creating_is_allowed_in_two_states_each() -> None:
    def allowed(peer: Peer) -> tuple[bool, bool]:
        operations = peer.pc.create_offer(), peer.pc.create_answer()
        peer.run()
        assert all(type(each.error) in (type(None), InvalidStateError) for each in operations)
        return operations[0].error is None, operations[1].error is None

    one, two = offering(1), Peer(seed=2)
    assert allowed(one) == (True, False)  # stable
    two.set_remote(one.set_local())
    assert allowed(one) == (True, False)  # have-local-offer
    assert allowed(two) == (False, True)  # have-remote-offer
    one.set_remote(two.set_local({"type": "pranswer"}))
    assert allowed(one) == (False, False)  # have-remote-pranswer
    assert allowed(two) == (False, True)  # have-local-pranswer


def test_a_failure_that_is_found_after_close_is_never_told() -> None:
    peer = Peer()
    garbage = peer.pc.set_remote_description({"type": "offer", "sdp": "garbage"})
    peer.pc.close(0.0)
    peer.run()
    assert not garbage.is_settled
    assert peer.settled == []


def test_a_remote_description_starts_no_gathering() -> None:
    two = Peer(seed=2)
    two.set_remote(offering(1).set_local())
    two.run()
    ice = two.pc.sctp.dtls.ice
    assert (ice.gathering_state, two.pc.ice_gathering_state) == ("new", "new")
    two.set_local()
    two.run()
    assert (ice.gathering_state, two.pc.ice_gathering_state) == ("gathering", "gathering")
    one, other, _ = connected_pair()
    assert one.pc.ice_gathering_state == "complete"
    other.pc.restart_ice()
    one.set_remote(other.set_local())
    assert EventType.ICE_GATHERING_STATE_CHANGE not in one.run()
    assert one.pc.ice_gathering_state == "complete"
