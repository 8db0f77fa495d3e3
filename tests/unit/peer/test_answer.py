from pathlib import Path

import pytest

from frazil.dtls import DtlsRole
from frazil.ice import Credentials
from frazil.peer.answer import answering_role, build_answer
from frazil.peer.media import LocalTransport
from frazil.sdp import Origin, Setup, parse_sdp, validate_answer, write_sdp
from support.peer_pair import Peer, certificate

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"
OFFERS = sorted(CORPUS.glob("*offer*.sdp"))
ORIGIN = Origin(7, 3)
LOCAL = LocalTransport(Credentials("abcd", "p" * 24), certificate(1), Setup.ACTIVE)

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


@pytest.mark.parametrize("path", OFFERS, ids=lambda path: path.stem)
def test_answers_to_real_offers_are_valid_and_accept_only_data(path: Path) -> None:
    offer = parse_sdp(path.read_text())
    answer = parse_sdp(write_sdp(build_answer(ORIGIN, offer, LOCAL)))
    validate_answer(answer, offer)
    assert len(OFFERS) >= 7
    for ours, theirs in zip(answer.media, offer.media, strict=True):
        assert (ours.kind, ours.mid, ours.protocol) == (theirs.kind, theirs.mid, theirs.protocol)
        assert ours.is_rejected != (ours.kind == "application")
        if ours.is_rejected:
            assert not any(ours.mid in group for group in answer.bundle_groups)
    assert answer.extmap_allow_mixed == offer.extmap_allow_mixed


@pytest.mark.parametrize("path", OFFERS, ids=lambda path: path.stem)
def test_whole_connection_takes_real_offers(path: Path) -> None:
    peer = Peer()
    peer.set_remote({"type": "offer", "sdp": path.read_text()})
    answer = peer.set_local()
    assert peer.pc.signaling_state == "stable"
    validate_answer(parse_sdp(answer.sdp), parse_sdp(path.read_text()))
    assert peer.session.called("start_dtls")[0][0] is DtlsRole.CLIENT


def test_offer_without_data_is_answered_with_refusals_only() -> None:
    offer = parse_sdp((CORPUS / "chromium-156-offer.sdp").read_text())
    answer = build_answer(ORIGIN, offer, None)
    assert all(media.is_rejected for media in answer.media)
    assert answer.bundle_groups == ()


def test_second_data_section_is_rejected() -> None:
    text = LEGACY + LEGACY[LEGACY.index("m=") :].replace("mid:data", "mid:more")
    answer = build_answer(ORIGIN, parse_sdp(text), LOCAL)
    assert [media.is_rejected for media in answer.media] == [False, True]


def test_legacy_offer_is_answered_in_its_own_form() -> None:
    text = write_sdp(build_answer(ORIGIN, parse_sdp(LEGACY), LOCAL))
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
