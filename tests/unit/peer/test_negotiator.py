"""Creating and applying descriptions (webrtc-pc 4.4.1.5 to 4.4.1.8, RFC 9429)."""

import re

import pytest

from frazil.dtls import DtlsRole
from frazil.errors import (
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    RTCError,
    RTCErrorDetail,
)
from frazil.peer.description import DescriptionInit
from frazil.peer.event import EventType
from frazil.peer.signaling import SdpType
from frazil.sdp import parse_sdp
from frazil.states.enums import RTCDataChannelState, RTCIceRole
from support.peer_pair import Peer, candidate, certificate, connected_pair, negotiate

SIGNALING = EventType.SIGNALING_STATE_CHANGE
NEEDED = EventType.NEGOTIATION_NEEDED


def offering(seed: int = 1) -> Peer:
    peer = Peer(seed=seed)
    peer.channel()
    return peer


def ufrag(sdp: str) -> str:
    return re.search(r"a=ice-ufrag:(\S+)", sdp)[1]


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


# --- roles --------------------------------------------------------------------------------------


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
    assert peer.session.called("set_remote_credentials")[0][-1] is True


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


# --- rollback -----------------------------------------------------------------------------------


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
    assert turns[0] == [SIGNALING, "settled"]
    assert [EventType.STATE_CHANGE] * 3 + [EventType.ICE_GATHERING_STATE_CHANGE] in turns
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
    assert turns[0] == [SIGNALING]
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


# --- negotiationneeded --------------------------------------------------------------------------


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
