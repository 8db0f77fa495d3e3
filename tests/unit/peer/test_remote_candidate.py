"""addIceCandidate (webrtc-pc 4.4.2), rows C15 and C16 of the seed documents among it."""

import re
from pathlib import Path

import pytest

from frazil.errors import InvalidStateError, OperationError
from frazil.ice import Candidate
from frazil.peer.description import MAX_CANDIDATES
from frazil.sdp import parse_sdp
from support.peer_pair import (
    Peer,
    candidate,
    connected_pair,
    media_peer,
    negotiate,
    offering,
)

LINE = candidate(5000).line
CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"


def answering(offer: str | None = None) -> Peer:
    peer, other = Peer(seed=1), Peer(seed=2)
    other.channel()
    peer.set_remote({"type": "offer", "sdp": offer or other.set_local().sdp})
    return peer


def ufrag(peer: Peer) -> str:
    return re.search(r"a=ice-ufrag:(\S+)", peer.pc.remote_description.sdp)[1]


def add(peer: Peer, value: object) -> None:
    peer.complete(peer.pc.add_ice_candidate(value))


def added(peer: Peer) -> list[tuple[int, str]]:
    calls = peer.session.called("add_remote_candidates")
    return [(each.address[1], call[2]) for call in calls for each in call[0]]


def test_type_errors_come_before_the_chain() -> None:
    peer = Peer()
    busy = peer.pc.create_offer()
    assert isinstance(peer.pc.add_ice_candidate({"candidate": LINE}).error, TypeError)
    assert isinstance(peer.pc.add_ice_candidate(LINE).error, TypeError)
    assert not peer.pc.add_ice_candidate({"candidate": LINE, "sdpMid": "0"}).is_settled
    assert not busy.is_settled


def test_without_remote_description_it_is_an_invalid_state() -> None:
    for value in (None, {"candidate": LINE, "sdpMid": "0"}):
        assert isinstance(Peer().pc.add_ice_candidate(value).error, InvalidStateError)


@pytest.mark.parametrize(
    "place",
    # The last one is how Pion says that it does not know the mid.
    [{"sdpMid": "0"}, {"sdpMLineIndex": 0}, {"sdpMid": "", "sdpMLineIndex": 0}],
)
def test_candidate_reaches_session_description_and_slot(place: dict) -> None:
    peer = answering()
    operation = peer.pc.add_ice_candidate({"candidate": LINE, **place})
    assert not operation.is_settled
    peer.complete(operation)
    assert added(peer) == [(5000, ufrag(peer))]
    assert f"a={LINE}" in peer.pc.remote_description.sdp
    (slot,) = peer.pc.sctp.dtls.ice.remote_candidates
    assert (slot.candidate, slot.sdp_mid, slot.sdp_m_line_index) == (LINE, "0", 0)
    assert slot.username_fragment == ufrag(peer)


def test_mid_wins_over_a_bogus_index() -> None:
    peer = answering()
    add(peer, {"candidate": LINE, "sdpMid": "0", "sdpMLineIndex": 60000})
    assert len(added(peer)) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"candidate": LINE, "sdpMid": "x"}, "sdpMid 'x'"),
        ({"candidate": LINE, "sdpMid": ""}, "sdpMid ''"),
        ({"candidate": LINE, "sdpMid": "", "sdpMLineIndex": 1}, "sdpMLineIndex 1 is too large"),
        ({"candidate": LINE, "sdpMLineIndex": 1}, "sdpMLineIndex 1 is too large"),
        ({"candidate": LINE, "sdpMid": "0", "usernameFragment": "bad!"}, "another generation"),
        ({"usernameFragment": "bad!"}, "another generation"),
        ({"candidate": "", "sdpMid": "x"}, "sdpMid 'x'"),
    ],
)
def test_unknown_places_are_operation_errors_on_return(value: dict, text: str) -> None:
    error = answering().pc.add_ice_candidate(value).error
    assert isinstance(error, OperationError)
    assert text in str(error)


def test_malformed_line_is_an_operation_error_in_a_task() -> None:
    peer = answering()
    operation = peer.pc.add_ice_candidate({"candidate": "nonsense", "sdpMid": "0"})
    assert not operation.is_settled
    with pytest.raises(OperationError, match="cannot be used"):
        peer.complete(operation)
    assert "nonsense" not in peer.pc.remote_description.sdp


@pytest.mark.parametrize(
    "value", [None, {}, {"candidate": ""}, {"sdpMid": "0"}, {"sdpMLineIndex": 0}]
)
def test_c15_all_forms_of_the_end(value: object) -> None:
    peer = answering()
    add(peer, value)
    assert peer.session.called("end_remote_candidates") == [(0.0, ufrag(peer))]
    assert parse_sdp(peer.pc.remote_description.sdp).media[0].end_of_candidates


def test_end_covers_every_section_of_the_description() -> None:
    peer = answering((CORPUS / "chromium-156-offer.sdp").read_text())
    add(peer, None)
    media = parse_sdp(peer.pc.remote_description.sdp).media
    assert [each.end_of_candidates for each in media] == [True] * 3
    assert len(peer.session.called("end_remote_candidates")) == 1


def test_candidates_of_sections_that_we_reject_are_ignored() -> None:
    offer = (CORPUS / "chromium-156-offer.sdp").read_text()
    peer = answering(offer.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"))
    before = len(added(peer))
    add(peer, {"candidate": LINE, "sdpMid": "0"})
    assert len(added(peer)) == before
    add(peer, {"candidate": LINE, "sdpMid": "2"})
    assert len(added(peer)) == before + 1


@pytest.mark.parametrize("line", [LINE, ""])
def test_candidates_of_sections_that_the_peer_rejects_are_ignored_whatever_their_generation(
    line: str,
) -> None:
    offer = (CORPUS / "chromium-156-offer.sdp").read_text()
    peer = answering(offer.replace("m=audio 45203", "m=audio 0").replace("BUNDLE 0 ", "BUNDLE "))
    before = len(added(peer))
    text = peer.pc.remote_description.sdp
    add(peer, {"candidate": line, "sdpMid": "0", "usernameFragment": "gone"})
    assert len(added(peer)) == before
    assert peer.pc.remote_description.sdp == text
    with pytest.raises(OperationError, match="another generation"):
        add(peer, {"candidate": line, "sdpMid": "1", "usernameFragment": "gone"})


def test_candidates_of_sections_that_the_answer_bundles_elsewhere_are_only_written_down() -> None:
    peer = answering((CORPUS / "chromium-156-offer.sdp").read_text())
    before = len(added(peer))
    add(peer, {"candidate": LINE, "sdpMid": "2"})
    assert len(added(peer)) == before
    assert f"a={LINE}" in peer.pc.remote_description.sdp
    add(peer, {"candidate": LINE, "sdpMid": "0"})
    assert len(added(peer)) == before + 1


def test_candidates_of_the_bundle_tag_serve_a_bundle_only_section() -> None:
    peer = answering((CORPUS / "gstreamer-1.22-offer.sdp").read_text())
    before = len(added(peer))
    assert before > 0
    add(peer, {"candidate": LINE, "sdpMid": "audio0", "sdpMLineIndex": 0})
    add(peer, {"candidate": candidate(6000).line, "sdpMLineIndex": 2})
    assert [port for port, _ in added(peer)[before:]] == [5000, 6000]


def test_other_components_are_noted_but_not_used() -> None:
    peer = answering()
    line = candidate(5001, component=2).line
    add(peer, {"candidate": line, "sdpMid": "0"})
    assert added(peer) == []
    assert f"a={line}" in peer.pc.remote_description.sdp


def test_repetition_is_harmless() -> None:
    peer = answering()
    add(peer, {"candidate": LINE, "sdpMid": "0"})
    add(peer, {"candidate": LINE, "sdpMid": "0"})
    assert len(added(peer)) == 1


def test_candidates_are_bounded() -> None:
    peer = answering()
    lines = [candidate(port).line for port in range(1, MAX_CANDIDATES + 10)]
    for line in lines:
        add(peer, {"candidate": line, "sdpMid": "0"})
    newest = lines[-MAX_CANDIDATES:]
    assert [each.candidate for each in peer.pc.sctp.dtls.ice.remote_candidates] == newest
    assert parse_sdp(peer.pc.remote_description.sdp).media[0].candidates == tuple(newest)


def test_a_candidate_that_is_known_is_not_added_again() -> None:
    peer = answering()
    for _ in range(2):
        add(peer, {"candidate": LINE, "sdpMid": "0"})
    assert len(added(peer)) == 1
    assert peer.trace.counters["candidate-repeated"] == 1


def test_candidates_of_the_description_are_used_once() -> None:
    other = Peer(seed=2)
    other.channel()
    other.set_local()
    other.session.gather(other.ufrag(), candidate(1), candidate(2))
    other.run()
    offer = other.pc.local_description.sdp
    peer = answering(offer)
    assert [port for port, _ in added(peer)] == [1, 2]
    assert len(peer.session.called("add_remote_candidates")) == 1
    assert len(peer.session.called("end_remote_candidates")) == 1
    peer.set_remote({"type": "offer", "sdp": offer})
    assert [port for port, _ in added(peer)] == [1, 2]


def test_malformed_line_in_a_description_is_counted_and_skipped() -> None:
    other = Peer(seed=2)
    other.channel()
    offer = other.set_local().sdp + "a=candidate:garbage\r\n" + f"a={LINE}\r\n"
    peer = answering(offer)
    assert [port for port, _ in added(peer)] == [5000]
    assert peer.trace.counters["candidate-malformed"] == 1


def test_generation_is_chosen_by_name_then_by_line_then_newest() -> None:
    one, two, _ = connected_pair()
    old = ufrag(one)
    two.pc.restart_ice()
    one.set_remote(two.set_local())
    new = ufrag(one)
    assert old != new

    def generation(**members: str) -> str:
        port = 7000 + len(added(one))
        line = candidate(port).line + members.pop("suffix", "")
        add(one, {"candidate": line, "sdpMid": "0", **members})
        return added(one)[-1][1]

    assert generation() == new
    assert generation(usernameFragment=old) == old
    assert generation(suffix=f" ufrag {old}") == old
    assert generation(suffix=" ufrag gone") == new
    assert generation(suffix=f" ufrag {old}", usernameFragment=new) == new
    pending, current = one.pc.pending_remote_description, one.pc.current_remote_description
    assert len(parse_sdp(pending.sdp).media[0].candidates) == 3
    assert len(parse_sdp(current.sdp).media[0].candidates) == 2


def test_generation_of_a_recycled_section_need_not_be_named() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    negotiate(one, two)
    one.pc.transceivers[0].stop()
    negotiate(one, two)
    one.transceiver("audio")
    one.channel()
    two.set_remote(one.set_local())
    first, second = two.pc.remote_description.model.media
    assert (first.mid, second.mid) == ("1", "2"), "the place of the stopped one is taken"
    add(two, {"candidate": LINE, "sdpMLineIndex": 0})
    add(two, None)
    assert len(parse_sdp(two.pc.remote_description.sdp).media[0].candidates) == 1
    two.set_local()
    assert added(two) == [(5000, ufrag(two))]
    assert (0.0, ufrag(two)) in two.session.called("end_remote_candidates")


def test_same_generation_in_both_descriptions_gets_the_line_twice() -> None:
    one, two, _ = connected_pair()
    one.set_remote(two.set_local())
    add(one, {"candidate": LINE, "sdpMid": "0"})
    for each in (one.pc.pending_remote_description, one.pc.current_remote_description):
        assert f"a={LINE}" in each.sdp
    assert len(added(one)) == 1


def test_candidates_go_to_the_transport_of_the_newest_offer() -> None:
    peer = answering()
    offer = offering(3).set_local().sdp.replace("BUNDLE 0", "BUNDLE data")
    peer.set_remote({"type": "offer", "sdp": offer.replace("a=mid:0", "a=mid:data")})
    add(peer, {"candidate": LINE, "sdpMid": "data"})
    peer.set_local()
    assert added(peer) == [(5000, ufrag(peer))]
    assert peer.pc.transports.dtls == [peer.pc.sctp.dtls]


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("place", [{"sdpMid": "1"}, {"sdpMLineIndex": 1}])
def test_candidate_of_a_transport_may_come_for_any_section_that_shares_it(
    place: dict, is_named: bool
) -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    one.channel()
    negotiate(one, two)
    negotiate(one, two)
    described = parse_sdp(two.pc.remote_description.sdp).media
    assert described[0].ice_ufrag != described[1].ice_ufrag
    place = {**place, "usernameFragment": ufrag(two)} if is_named else place
    add(two, {"candidate": LINE, **place})
    add(two, {"candidate": "", **place})
    assert added(two) == [(5000, ufrag(two))]
    assert two.session.called("end_remote_candidates") == [(0.0, ufrag(two))]
    (slot,) = two.pc.transports.dtls[0].ice.remote_candidates
    assert (slot.sdp_mid, slot.sdp_m_line_index) == ("0", 0)
    described = parse_sdp(two.pc.remote_description.sdp).media
    assert [len(each.candidates) for each in described] == [1, 0]
    with pytest.raises(OperationError, match="another generation"):
        add(two, {"candidate": LINE, "sdpMid": "1", "usernameFragment": "gone"})


def test_rollback_returns_a_transport_its_sections() -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    one.channel()
    negotiate(one, two)
    one.pc.transceivers[0].stop()
    two.set_remote({"type": "offer", "sdp": one.set_local().sdp.replace("a=mid:0\r\n", "")})
    two.set_remote({"type": "rollback"})
    add(two, {"candidate": LINE, "sdpMid": "0"})
    assert added(two) == [(5000, ufrag(two))]


def test_line_is_kept_byte_for_byte() -> None:
    peer = answering()
    line = "candidate:A/b 1 UDP 00077 EXAMPLE.local 9 typ host generation 0 network-cost 999"
    add(peer, {"candidate": line, "sdpMid": "0"})
    assert f"a={line}\r\n" in peer.pc.remote_description.sdp
    assert Candidate.from_line(line).to_line() == line


def test_after_close_it_is_an_invalid_state() -> None:
    one, _, _ = connected_pair()
    one.pc.close(0.0)
    assert isinstance(one.pc.add_ice_candidate(None).error, InvalidStateError)


@pytest.mark.parametrize(
    "line",
    [
        "candidate:1 1 udp 1 192.0.2.9 22 typ host",
        "candidate:1 1 udp 1 192.0.2.9 0 typ host",
        "candidate:1 1 udp 1 224.0.0.1 9 typ host",
        "candidate:1 1 udp 1 6a1b3c4d-0000-4000-8000-000000000000.local 9 typ host",
    ],
)
def test_candidates_that_can_never_work_are_accepted_and_written_down(line: str) -> None:
    peer = answering()
    add(peer, {"candidate": line, "sdpMid": "0", "relayProtocol": "smoke", "url": "nonsense:"})
    assert peer.pc.remote_description.sdp.count(f"a={line}\r\n") == 1
