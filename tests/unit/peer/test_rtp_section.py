from frazil.peer.rtp_section import has_msid, is_rtp, stream_ids, track_id
from frazil.sdp import Direction, MediaDescription
from support.peer_pair import Peer, certificate, media_peer


def section(*attributes: str, **fields) -> MediaDescription:
    members = {"kind": "audio", "port": 9, "protocol": "UDP/TLS/RTP/SAVPF", "formats": ("0",)}
    return MediaDescription(**(members | fields), attributes=attributes)


def lines_of(sdp: str, number: int) -> list[str]:
    """The lines of one m-section, without what is different each time."""
    part = ("m=" + sdp.split("m=")[number + 1]).rstrip("\r\n").split("\r\n")
    varying = ("a=ice-ufrag", "a=ice-pwd", "a=fingerprint")
    return [line for line in part if not line.startswith(varying)]


def test_offered_section_word_for_word() -> None:
    peer = media_peer("audio", streams=("s",))
    sender = peer.pc.transceivers[0].sender.id
    assert lines_of(peer.set_local().sdp, 0) == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 110 126",
        "c=IN IP4 0.0.0.0",
        "a=ice-options:trickle",
        "a=setup:actpass",
        "a=mid:0",
        "a=sendrecv",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=rtcp-rsize",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
        f"a=msid:s {sender}",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:110 telephone-event/48000",
        "a=rtpmap:126 telephone-event/8000",
    ]


def test_bundle_only_section_word_for_word() -> None:
    peer = media_peer("audio", "audio", direction=Direction.INACTIVE)
    lines = lines_of(peer.set_local().sdp, 1)
    assert lines[:9] == [
        "m=audio 0 UDP/TLS/RTP/SAVPF 111 0 8 110 126",
        "c=IN IP4 0.0.0.0",
        "a=ice-options:trickle",
        "a=setup:actpass",
        "a=mid:1",
        "a=bundle-only",
        "a=inactive",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
    ]
    assert peer.pc.local_description.sdp.count("a=fingerprint:sha-256 ") == 2
    assert certificate(1).fingerprint().value in peer.pc.local_description.sdp


def test_answered_section_word_for_word() -> None:
    one, two = media_peer("video"), Peer(seed=2)
    two.set_remote(one.set_local())
    lines = lines_of(two.set_local().sdp, 0)
    assert lines[:9] == [
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 108 109 114 115",
        "c=IN IP4 0.0.0.0",
        "a=ice-options:trickle",
        "a=setup:active",
        "a=mid:0",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
    ]
    assert "a=rtcp-fb:96 nack pli" in lines


def test_header_extension_keeps_the_number_of_the_offer() -> None:
    offer = media_peer("audio").set_local().sdp
    mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
    for line, answered in (
        (f"a=extmap:5/recvonly {mid}", f"a=extmap:5 {mid}\r\n"),
        ("a=extmap:5 urn:x", None),
    ):
        two = Peer(seed=2)
        two.set_remote({"type": "offer", "sdp": offer.replace(f"a=extmap:1 {mid}", line)})
        answer = two.set_local().sdp
        assert "extmap" not in answer if answered is None else answered in answer


def test_streams_and_track_of_a_section() -> None:
    media = section("msid:a t", "msid:b t", "msid:a t", "ssrc:1 msid:c u")
    assert (stream_ids(media), track_id(media), has_msid(media)) == (("a", "b"), "t", True)
    media = section("msid:- t")
    assert (stream_ids(media), track_id(media), has_msid(media)) == ((), "t", True)
    media = section("msid:a", "msid:")
    assert (stream_ids(media), track_id(media), has_msid(media)) == (("a",), None, True)
    assert not has_msid(section())


def test_what_is_rtp() -> None:
    assert is_rtp(section())
    assert not is_rtp(section(protocol="RTP/AVP"))
    assert not is_rtp(section(kind="text"))
    assert not is_rtp(section(kind="application", protocol="UDP/DTLS/SCTP"))
