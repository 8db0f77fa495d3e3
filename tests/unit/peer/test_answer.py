import re
from pathlib import Path

import pytest

from frazil.dtls import DtlsRole
from frazil.peer.answer import MAX_TRANSPORTS, answering_role
from frazil.peer.configuration import BundlePolicy, Configuration
from frazil.sdp import SessionDescription, Setup, parse_sdp, validate_answer
from support.peer_pair import Peer, media_peer

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"
OFFERS = sorted(CORPUS.glob("*offer*.sdp"))

LEGACY = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
m=application 9 DTLS/SCTP 5000
c=IN IP4 0.0.0.0
a=mid:data
a=sctpmap:5000 webrtc-datachannel 1024
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 {}
a=setup:actpass
""".format(":".join(["AA"] * 32))


def answer_to(text: str, **members) -> tuple[SessionDescription, SessionDescription]:
    """The offer and the answer of a new connection."""
    peer = Peer(configuration=Configuration(**members))
    peer.set_remote({"type": "offer", "sdp": text})
    answer = peer.set_local()
    assert peer.pc.signaling_state == "stable"
    return parse_sdp(text), parse_sdp(answer.sdp)


@pytest.mark.parametrize("path", OFFERS, ids=lambda path: path.stem)
def test_answers_to_real_offers_are_valid_and_bundle_everything(path: Path) -> None:
    offer, answer = answer_to(path.read_text())
    validate_answer(answer, offer)
    assert len(OFFERS) >= 7
    for ours, theirs in zip(answer.media, offer.media, strict=True):
        assert (ours.kind, ours.mid, ours.protocol) == (theirs.kind, theirs.mid, theirs.protocol)
        assert not ours.is_rejected
        if ours.kind != "application":
            assert ours.direction == "recvonly"
            assert set(ours.formats) <= set(theirs.formats)
            assert ours.rtcp_mux
    assert answer.bundle_groups == offer.bundle_groups
    assert len({media.ice_ufrag for media in answer.media}) == 1
    assert answer.extmap_allow_mixed == offer.extmap_allow_mixed


@pytest.mark.parametrize("path", OFFERS, ids=lambda path: path.stem)
def test_whole_connection_has_one_transport_for_a_real_offer(path: Path) -> None:
    peer = Peer()
    peer.set_remote({"type": "offer", "sdp": path.read_text()})
    peer.set_local()
    assert len(peer.sessions) == 1
    assert peer.session.called("start_dtls")[0][0] is DtlsRole.CLIENT


def test_codecs_of_the_answer_are_ours_under_the_numbers_of_the_offer() -> None:
    _, answer = answer_to((CORPUS / "chromium-156-offer.sdp").read_text())
    audio, video, _ = answer.media
    assert audio.formats == ("111", "0", "8", "110", "126")
    assert video.formats == ("96", "97", "108", "109", "114", "115")
    assert "rtpmap:108 H264/90000" in video.attributes
    assert "fmtp:109 apt=108" in video.attributes
    assert "extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid" in audio.attributes


def test_section_without_a_common_codec_is_refused() -> None:
    text = (CORPUS / "chromium-156-offer.sdp").read_text()
    text = re.sub(r"(m=audio \d+ \S+) .*", r"\1 9", text)
    offer, answer = answer_to(text)
    assert [media.is_rejected for media in answer.media] == [True, False, False]
    assert answer.bundle_groups == (("1", "2"),)
    validate_answer(answer, offer)


def test_max_bundle_refuses_what_is_not_in_the_group_of_the_first() -> None:
    text = (CORPUS / "chromium-156-offer.sdp").read_text().replace("BUNDLE 0 1 2", "BUNDLE 0 2")
    _, answer = answer_to(text, bundle_policy=BundlePolicy.MAX_BUNDLE)
    assert [media.is_rejected for media in answer.media] == [False, True, False]
    _, balanced = answer_to(text)
    assert not any(media.is_rejected for media in balanced.media)
    assert balanced.bundle_groups == (("0", "2"),)


def test_only_so_many_transports_come_of_one_offer() -> None:
    one = media_peer(*["audio"] * (MAX_TRANSPORTS + 4))
    one.channel()
    bundled = one.set_local().sdp
    separate = re.sub(r"a=(group:.*|bundle-only)\r\n", "", bundled).replace(" 0 UDP", " 9 UDP")
    _, answer = answer_to(separate)
    refused = [media.is_rejected for media in answer.media]
    assert refused == [False] * MAX_TRANSPORTS + [True] * 5
    _, answer = answer_to(bundled)
    assert not any(media.is_rejected for media in answer.media)


def test_unknown_media_is_refused() -> None:
    text = (CORPUS / "chromium-156-offer.sdp").read_text().replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")
    _, answer = answer_to(text)
    assert [media.is_rejected for media in answer.media] == [True, True, False]
    assert answer.bundle_groups == (("2",),)


def test_second_data_section_is_rejected() -> None:
    text = LEGACY + LEGACY[LEGACY.index("m=") :].replace("mid:data", "mid:more")
    _, answer = answer_to(text)
    assert [media.is_rejected for media in answer.media] == [False, True]


def test_legacy_offer_is_answered_in_its_own_form() -> None:
    peer = Peer()
    peer.set_remote({"type": "offer", "sdp": LEGACY})
    text = peer.set_local().sdp
    assert "m=application 9 DTLS/SCTP 5000\r\n" in text
    assert "a=sctpmap:5000 webrtc-datachannel 65535\r\n" in text
    assert "sctp-port" not in text


@pytest.mark.parametrize(
    ("offered", "established", "role"),
    [
        (Setup.ACTPASS, None, DtlsRole.CLIENT),
        (Setup.PASSIVE, None, DtlsRole.CLIENT),
        (Setup.ACTIVE, None, DtlsRole.SERVER),
        (Setup.ACTPASS, DtlsRole.SERVER, DtlsRole.SERVER),
        (Setup.ACTPASS, DtlsRole.CLIENT, DtlsRole.CLIENT),
    ],
)
def test_dtls_role(offered: Setup, established: DtlsRole | None, role: DtlsRole) -> None:
    assert answering_role(offered, established) is role
