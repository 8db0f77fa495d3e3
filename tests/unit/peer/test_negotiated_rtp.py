"""Later offers keep what was negotiated (RFC 9429 5.2.2)."""

import re
from pathlib import Path

import pytest

from frazil.peer import codec
from frazil.peer.codec import CODECS, Codec, MediaKind, offered_codecs
from frazil.peer.rtp_section import MID_EXTENSION, extension_ids
from frazil.sdp import MediaDescription, parse_sdp
from support.peer_pair import Peer, certificate, media_peer, negotiate

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"
OPUS, PCMU = CODECS[MediaKind.AUDIO][:2]
DYNAMIC = " ".join(str(number) for number in (*range(96, 128), *range(35, 64)))
"""All numbers that have no meaning of their own."""
VP8, _, H264 = CODECS[MediaKind.VIDEO][:3]
TOFFSET = "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset\r\n"
MID_1 = f"a=extmap:1 {MID_EXTENSION}\r\n"


def numbers(media: MediaDescription) -> dict[tuple[str, str], int]:
    """The payload types of an m-section by name and, of H.264, packetization mode."""
    found = {}
    for each in offered_codecs(media):
        mode = re.search(r"packetization-mode=(\d)", each.parameters)
        found[each.name, mode[1] if mode else ""] = each.payload_type
    return found


def offered(peer: Peer) -> tuple[MediaDescription, ...]:
    """The m-sections of what the peer says next."""
    return parse_sdp(peer.set_local().sdp).media


def answering(offer: str) -> tuple[Peer, tuple[MediaDescription, ...]]:
    """A peer that has answered an offer, and the m-sections of its answer."""
    peer = Peer()
    peer.set_remote({"type": "offer", "sdp": offer})
    return peer, offered(peer)


def answered(offerer: Peer, **lines: str) -> None:
    """Let another peer answer the next offer, with lines replaced in the answer."""
    other = Peer(seed=2)
    other.set_remote(offerer.set_local())
    answer = other.set_local().sdp
    for old, new in lines.items():
        assert old in answer
        answer = answer.replace(old, new)
    offerer.set_remote({"type": "answer", "sdp": answer})


@pytest.mark.parametrize(
    ("name", "mid_id", "opus", "vp8"),
    [("chromium-156-offer", 4, 111, 96), ("firefox-153-offer", 3, 109, 120)],
)
def test_numbers_are_those_of_the_session(name: str, mid_id: int, opus: int, vp8: int) -> None:
    peer, answer = answering((CORPUS / f"{name}.sdp").read_text())
    peer.transceiver("audio")
    peer.transceiver("video")
    again = offered(peer)
    for before, after in zip(answer[:2], again, strict=False):
        assert after.formats[: len(before.formats)] == before.formats
        assert set(before.attributes) <= set(after.attributes)
        assert after.rtcp_rsize == before.rtcp_rsize
        assert (after.rtcp_mux, after.rtcp_mux_only) == (True, False)
    rtp = [media for media in again if media.kind != "application"]
    assert [extension_ids(media) for media in rtp] == [{MID_EXTENSION: mid_id}] * 4
    assert [offered_codecs(media)[0].payload_type for media in rtp] == [opus, vp8, opus, vp8]
    assert [media.rtcp_mux_only for media in rtp] == [False, False, True, True]


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*-offer.sdp")), ids=lambda path: path.stem)
def test_no_payload_type_has_two_meanings(path: Path) -> None:
    peer, _ = answering(path.read_text())
    for kind in ("audio", "video", "audio", "video"):
        peer.transceiver(kind)
    meanings: dict[int, Codec] = {}
    for media in (*offered(peer), *peer.pc.remote_description.model.media):
        assert len(set(media.formats)) == len(media.formats)
        for each in offered_codecs(media):
            known = meanings.setdefault(each.payload_type, each)
            assert each.identity == known.identity


def test_extension_that_was_not_agreed_on_is_not_offered_again() -> None:
    offer = (CORPUS / "pion-3.1-offer.sdp").read_text()
    assert "a=extmap:1 http://www.ietf.org/id/draft-holmer" in offer
    peer, _ = answering(offer)
    peer.transceiver("audio")
    found = [extension_ids(media) for media in offered(peer) if media.kind != "application"]
    assert found == [{}, {}, {MID_EXTENSION: 2}]


def test_new_section_goes_without_an_extension_when_all_numbers_are_taken() -> None:
    lines = "".join(f"a=extmap:{number} urn:x:{number}\r\n" for number in range(1, 15))
    peer, _ = answering(media_peer("audio", seed=2).set_local().sdp.replace(MID_1, lines))
    peer.transceiver("audio")
    assert [extension_ids(media) for media in offered(peer)] == [{}, {}]


def test_order_is_that_of_the_answer_unless_the_application_has_one() -> None:
    one = media_peer("audio")
    answered(one, **{"SAVPF 111 0 8 110 126": "SAVPF 8 111", "a=rtcp-rsize\r\n": ""})
    (media,) = offered(one)
    assert media.formats == ("8", "111", "0", "110", "126")
    assert not media.rtcp_rsize
    one.pc.transceivers[0].prefer((PCMU, OPUS))
    assert offered(one)[0].formats == ("0", "111")


def test_feedback_is_that_of_the_answer() -> None:
    one = media_peer("video")
    answered(one, **{"a=rtcp-fb:96 nack\r\n": "", "SAVPF 96 97 108 109 114 115": "SAVPF 96"})
    (media,) = offered(one)
    vp8, _, h264, *_ = offered_codecs(media)
    assert vp8.feedback == ("ccm fir", "nack pli")
    assert h264.feedback == ("ccm fir", "nack", "nack pli"), "as it is new"


def test_format_that_comes_back_has_its_number_again() -> None:
    peer, _ = answering(
        media_peer("audio", seed=2).set_local().sdp.replace(" 111", " 100").replace(":111", ":100")
    )
    (transceiver,) = peer.pc.transceivers
    transceiver.prefer((PCMU,))
    assert offered(peer)[0].formats == ("0",)
    transceiver.prefer(())
    assert offered(peer)[0].formats == ("100", "0", "8", "110", "126")


@pytest.mark.parametrize("is_stopped", [False, True])
def test_numbers_of_earlier_negotiations_keep_their_meaning(is_stopped: bool) -> None:
    """Formats that the last negotiation left out, or whose m-section is gone."""
    offer = (CORPUS / "pion-3.1-offer.sdp").read_text()
    fingerprint = certificate(2).fingerprint("sha-256").value
    peer, answer = answering(re.sub("(?<=sha-256 ).*", fingerprint, offer))
    before = numbers(answer[1])
    assert (before["H264", "1"], before["H264", "0"]) == (125, 108)
    audio, video = peer.pc.transceivers
    if is_stopped:
        video.stop()
        answered(peer)
        video = peer.transceiver("video")
    else:
        video.prefer((VP8,))
        audio.prefer((PCMU,))
        answered(peer)
        assert parse_sdp(peer.pc.local_description.sdp).media[1].formats == ("96",)
        video.prefer(())
    for _ in range(2):
        assert numbers(offered(peer)[1]) == before
        peer.set_local({"type": "rollback"})


def test_number_with_two_meanings_is_only_that_of_sections_that_use_it() -> None:
    offer = media_peer("video", seed=2).set_local().sdp
    offer = offer.replace("SAVPF 96 97 108 109 114 115", "SAVPF 96")
    peer, _ = answering(offer)
    peer.pc.transceivers[0].stop()
    answered(peer)
    offer = offer.replace("BUNDLE 0", "BUNDLE 1").replace("mid:0", "mid:1")
    h264 = f"rtpmap:96 H264/90000\r\na=fmtp:96 {H264.parameters}"
    peer.set_remote({"type": "offer", "sdp": offer.replace("rtpmap:96 VP8/90000", h264)})
    peer.set_local()
    peer.transceiver("video")
    first, second = offered(peer)
    assert numbers(first)["H264", "1"] == 96
    assert "96" not in second.formats


def test_what_was_not_answered_leaves_nothing() -> None:
    peer = media_peer("video")
    assert numbers(offered(peer)[0])["H264", "1"] == 108
    peer.set_local({"type": "rollback"})
    peer.set_remote({"type": "offer", "sdp": (CORPUS / "pion-3.1-offer.sdp").read_text()})
    peer.set_local()
    found = numbers(offered(peer)[1])
    assert (found["H264", "1"], found["H264", "0"]) == (125, 108)


def test_number_of_an_extension_is_remembered() -> None:
    one = media_peer("audio", seed=2)
    one.channel()
    peer, _ = answering(one.set_local().sdp.replace(MID_1, MID_1.replace("1", "4", 1) + TOFFSET))
    peer.pc.transceivers[0].stop()
    answered(peer)
    peer.transceiver("audio")
    assert extension_ids(offered(peer)[-1]) == {MID_EXTENSION: 4}


def test_sections_that_are_not_bundled_have_numbers_of_their_own() -> None:
    offer = media_peer("video", "video", seed=2).set_local().sdp
    session, first, second = re.sub(r"a=(group:.*|bundle-only)\r\n", "", offer).split("m=")
    first = first.replace("SAVPF 96 97 108 109 114 115", "SAVPF 96")
    second = second.replace("video 0", "video 9").replace("96 97 108 109 114 115", "96 98")
    second = second.replace("rtpmap:96 VP8", "rtpmap:96 VP9").replace(
        "rtpmap:97 rtx", "rtpmap:98 VP8"
    )
    peer, answer = answering(f"{session}m={first}m={second}")
    assert [media.formats for media in answer] == [("96",), ("98",)]
    again = offered(peer)
    assert [offered_codecs(media)[0].payload_type for media in again] == [96, 98]
    assert "96" not in again[1].formats


def test_numbers_are_used_twice_when_none_is_left() -> None:
    offer = media_peer("audio", seed=2).set_local().sdp
    peer, _ = answering(offer.replace("SAVPF 111 0 8 110 126", f"SAVPF 0 {DYNAMIC}"))
    peer.transceiver("video")
    audio, video = offered(peer)
    assert audio.formats == ("111", "0", "110", "126", "8")
    assert video.formats == ("96", "97", "108", "109", "114", "115"), "rather twice than none"


def test_numbers_are_used_twice_when_none_is_left_for_media() -> None:
    offer = media_peer("audio", seed=2).set_local().sdp.replace("a=rtpmap:111 opus", "a=x:opus")
    peer, _ = answering(offer.replace("SAVPF 111 0 8 110 126", f"SAVPF 0 {DYNAMIC}"))
    peer.transceiver("audio").prefer((OPUS, CODECS[MediaKind.AUDIO][-1]))
    assert [media.formats for media in offered(peer)] == [("0", "110", "126", "8"), ("111", "126")]


@pytest.mark.parametrize(
    "format_",
    ["a=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=1", "a=rtpmap:101 H264/90000\r\na=fmtp:101 "],
)
def test_long_parameters_are_not_read_for_each_section(
    monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    offer = media_peer(*["video"] * 16, seed=2).set_local().sdp
    offer = offer.replace("SAVPF 96 97 108 109 114 115", "SAVPF 96")
    head, last = offer.rsplit("SAVPF 96", 1)
    read: list[str] = []

    def reading(text: str) -> dict[str, str]:
        read.append(text)
        return parameters(text)

    parameters = codec._parameters
    monkeypatch.setattr(codec, "_parameters", reading)
    peer, _ = answering(f"{head}SAVPF 96 101{last}{format_}{';' * 80_000}\r\n")
    assert [media.formats[0] for media in offered(peer)] == ["96"] * 16
    times = sum(len(text) >= 80_000 for text in read)
    assert times == 3, "twice for what would be answered, and once when it was"


def test_section_after_a_rejected_one_is_new() -> None:
    one, two = media_peer("video", "audio"), Peer(seed=2)
    negotiate(one, two)
    one.pc.transceivers[1].stop()
    negotiate(one, two)
    two.transceiver("audio")
    _, audio = offered(two)
    assert audio.rtcp_mux_only
    assert extension_ids(audio) == {MID_EXTENSION: 1}
