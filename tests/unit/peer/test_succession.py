"""Remote descriptions that contradict what was negotiated."""

import re

import pytest

from frazil.errors import InvalidAccessError
from support.peer_pair import Peer, media_peer, negotiate


def negotiated() -> tuple[Peer, Peer]:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    negotiate(one, two)
    return one, two


def refused(peer: Peer, kind: str, sdp: str, match: str) -> None:
    before = peer.pc.signaling_state
    with pytest.raises(InvalidAccessError, match=match):
        peer.set_remote({"type": kind, "sdp": sdp})
    assert peer.pc.signaling_state == before


def test_section_in_use_keeps_its_media_type() -> None:
    one, two = negotiated()
    offer = two.complete(two.pc.create_offer()).sdp
    refused(one, "offer", offer.replace("m=video", "m=audio"), "'audio', but is in use for 'video'")


def test_section_in_use_keeps_its_mid() -> None:
    one, two = negotiated()
    offer = two.complete(two.pc.create_offer()).sdp
    swapped = offer.replace("BUNDLE 0 1", "BUNDLE 7 1").replace("a=mid:0", "a=mid:7")
    refused(one, "offer", swapped, "under which it is in use")


def test_recycled_section_may_change_type_and_mid() -> None:
    one, two = negotiated()
    two.pc.transceivers[0].stop()
    negotiate(two, one)
    two.transceiver("video")
    negotiate(two, one)
    assert [each.kind for each in one.pc.transceivers] == ["video", "video"]


def test_mid_of_a_transceiver_keeps_its_kind() -> None:
    two = Peer(seed=2)
    two.set_remote(media_peer("audio").set_local())
    offer = media_peer("video", seed=3).set_local().sdp
    refused(two, "offer", offer, "belongs to audio")


@pytest.mark.parametrize("kind", ["offer", "answer"])
def test_rtcp_has_to_share_the_port(kind: str) -> None:
    one, two = media_peer("audio"), Peer(seed=2)
    sdp = re.sub(r"a=rtcp-mux(-only)?\r\n", "", one.set_local().sdp)
    if kind == "offer":
        refused(two, "offer", sdp, "rtcp-mux")
    else:
        two.set_remote(one.pc.local_description)
        answer = two.set_local().sdp.replace("a=rtcp-mux\r\n", "")
        refused(one, "answer", answer, "rtcp-mux")


def test_rtcp_mux_may_be_left_to_the_tag_of_the_group() -> None:
    one, two = media_peer("audio", "video"), Peer(seed=2)
    two.set_remote(one.set_local())
    answer = two.set_local().sdp
    at = answer.index("m=video")
    one.set_remote(
        {"type": "answer", "sdp": answer[:at] + answer[at:].replace("a=rtcp-mux\r\n", "")}
    )
    assert one.pc.signaling_state == "stable"


def test_kind_mismatch_of_a_refused_section_does_not_matter() -> None:
    one, two = negotiated()
    offer = two.complete(two.pc.create_offer()).sdp.replace("BUNDLE 0 1", "BUNDLE 0")
    one.set_remote({"type": "offer", "sdp": offer.replace("m=video 9", "m=video 0")})
    assert one.pc.signaling_state == "have-remote-offer"


def test_our_own_offer_is_not_the_peers() -> None:
    one = media_peer("audio")
    offer = one.set_local().sdp
    for kind in ("offer", "answer", "pranswer"):
        refused(one, kind, offer, "is a description of this connection itself")
    assert one.pc.local_description is not None


def test_our_own_answer_is_not_the_peers() -> None:
    one, two = negotiated()
    refused(two, "offer", two.pc.local_description.sdp, "is a description of this connection")
    one.set_local()
    refused(one, "answer", one.pc.local_description.sdp, "is a description of this connection")
