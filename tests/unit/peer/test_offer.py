from dataclasses import replace

from frazil.ice import AgentTraits, Credentials
from frazil.peer.media import LocalTransport
from frazil.peer.offer import Wishes, allocate, build_offer
from frazil.sdp import MediaDescription, Origin, SessionDescription, Setup, parse_sdp, write_sdp
from support.peer_pair import certificate

ORIGIN = Origin(7, 3)
TRAITS = AgentTraits(pacing_s=0.02)
LOCAL = LocalTransport(Credentials("abcd", "p" * 24), certificate(1), Setup.ACTPASS)
AUDIO = MediaDescription(
    kind="audio", port=0, protocol="UDP/TLS/RTP/SAVPF", formats=("0",), mid="0"
)


def offer_of_data(current=None, mid=None, local=LOCAL):
    """An offer of data channels that succeeds ``current``."""
    media = current.media if current else ()
    slots = allocate(media, lambda at: media[at].is_rejected, Wishes((), mid, local is not None))
    groups = tuple((each.mid,) for each in slots if each.refused is None)
    return build_offer(ORIGIN, TRAITS, slots, groups, lambda slot: local, {}, None)


def test_first_offer_word_for_word() -> None:
    fingerprint = certificate(1).fingerprint("sha-256").value
    assert write_sdp(offer_of_data()).split("\r\n") == [
        "v=0",
        "o=- 7 3 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        "a=ice-pacing:20",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:abcd",
        f"a=ice-pwd:{'p' * 24}",
        "a=ice-options:trickle",
        f"a=fingerprint:sha-256 {fingerprint}",
        "a=setup:actpass",
        "a=mid:0",
        "a=sctp-port:5000",
        "a=max-message-size:262144",
        "",
    ]


def test_offer_of_nothing_has_no_sections_and_is_valid() -> None:
    text = write_sdp(offer_of_data(local=None))
    assert parse_sdp(text).media == ()
    assert "BUNDLE" not in text


def test_gathered_candidates_and_default_address_are_offered_again() -> None:
    line = "candidate:1 1 udp 1 2001:db8::1 7 typ host"
    address = ("2001:db8::1", 7)
    gathered = LocalTransport(
        LOCAL.credentials, LOCAL.certificate, LOCAL.setup, (line,), True, address
    )
    text = write_sdp(offer_of_data(local=gathered))
    assert "m=application 7 " in text
    assert "c=IN IP6 2001:db8::1\r\n" in text
    assert f"a={line}\r\na=end-of-candidates\r\n" in text


def test_sections_keep_their_place_and_mid() -> None:
    first = offer_of_data()
    current = replace(first, media=(AUDIO, replace(first.media[0], mid="data")))
    offer = offer_of_data(current, "data")
    assert [(m.kind, m.mid, m.port) for m in offer.media] == [
        ("audio", "0", 0),
        ("application", "data", 9),
    ]
    assert offer.bundle_groups == (("data",),)


def test_rejected_section_is_recycled_with_an_unused_mid() -> None:
    current = SessionDescription(
        origin=ORIGIN, media=(AUDIO, replace(AUDIO, kind="video", mid="2"))
    )
    offer = offer_of_data(current)
    assert [(m.kind, m.mid, m.is_rejected) for m in offer.media] == [
        ("application", "1", False),
        ("video", "2", True),
    ]


def test_rejected_sections_alone_make_no_bundle() -> None:
    current = SessionDescription(origin=ORIGIN, media=(AUDIO,))
    offer = offer_of_data(current, local=None)
    assert offer.bundle_groups == ()
    assert offer.media[0].is_rejected
