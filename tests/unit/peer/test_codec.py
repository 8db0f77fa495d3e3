from pathlib import Path

import pytest

from frazil.peer.codec import CODECS, Codec, MediaKind, common_codecs, offered_codecs
from frazil.sdp import MediaDescription, parse_sdp

CORPUS = Path(__file__).parents[2] / "support" / "sdp_corpus"
AUDIO, VIDEO = CODECS[MediaKind.AUDIO], CODECS[MediaKind.VIDEO]


def section(*attributes: str, formats: tuple[str, ...]) -> MediaDescription:
    return MediaDescription(
        kind="video", port=9, protocol="UDP/TLS/RTP/SAVPF", formats=formats, attributes=attributes
    )


def h264(parameters: str) -> Codec:
    return Codec("H264", 90000, 100, parameters=parameters)


def test_what_is_offered_can_be_read_back() -> None:
    for codecs in (AUDIO, VIDEO):
        lines = tuple(line for each in codecs for line in each.attributes())
        formats = tuple(str(each.payload_type) for each in codecs)
        read = offered_codecs(section(*lines, formats=formats))
        assert read == list(codecs)


def test_payload_types_are_unique_within_a_kind() -> None:
    for codecs in CODECS.values():
        assert len({each.payload_type for each in codecs}) == len(codecs)


def test_static_payload_types_need_no_map() -> None:
    read = offered_codecs(section(formats=("0", "8", "9")))
    assert [(each.name, each.payload_type) for each in read] == [("PCMU", 0), ("PCMA", 8)]


@pytest.mark.parametrize(
    "line",
    [
        "rtpmap:96 VP8",
        "rtpmap:96 VP8/x",
        "rtpmap:96 /90000",
        "rtpmap:96 VP8/٣",
        "rtpmap:96",
        "x",
        f"rtpmap:96 {'x' * 128}/90000",
    ],
)
def test_format_without_a_usable_map_is_left_out(line: str) -> None:
    assert offered_codecs(section(line, formats=("96", "webrtc"))) == []
    assert offered_codecs(section("rtpmap:200 VP8/90000", formats=("200",))) == []


def test_retransmission_goes_with_what_it_repeats() -> None:
    offered = [
        Codec("rtx", 90000, 51, parameters="apt=50"),
        Codec("VP8", 90000, 50),
        Codec("rtx", 90000, 53, parameters="apt=52"),
        Codec("VP9", 90000, 52),
    ]
    accepted = common_codecs(offered, VIDEO)
    assert [(each.name, each.payload_type, each.parameters) for each in accepted] == [
        ("VP8", 50, ""),
        ("rtx", 51, "apt=50"),
    ]


def test_order_is_ours_and_the_numbers_are_theirs() -> None:
    offered = [Codec("PCMA", 8000, 8), Codec("OPUS", 48000, 96, 2)]
    assert [each.payload_type for each in common_codecs(offered, AUDIO)] == [96, 8]


def test_feedback_is_what_both_sides_name() -> None:
    lines = ("rtpmap:50 VP8/90000", "rtcp-fb:* nack ", "rtcp-fb:50 goog-remb", "rtcp-fb:51 ccm fir")
    lines += ("rtpmap:51 rtx/90000", "fmtp:51 apt=50", "rtcp-fb:x")
    vp8, rtx = common_codecs(offered_codecs(section(*lines, formats=("50", "51"))), VIDEO)
    assert (vp8.feedback, rtx.feedback) == (("nack",), ())


def test_what_only_accompanies_media_is_no_common_ground() -> None:
    offered = [Codec("telephone-event", 8000, 101), Codec("G722", 8000, 9)]
    assert common_codecs(offered, AUDIO) == []


def test_channels_and_rate_belong_to_the_format() -> None:
    assert common_codecs([Codec("opus", 48000, 96)], AUDIO) == []
    assert common_codecs([Codec("VP8", 48000, 96)], VIDEO) == []


@pytest.mark.parametrize(
    ("parameters", "matches"),
    [
        ("packetization-mode=1;profile-level-id=42e01f", True),
        ("profile-level-id=42E034;packetization-mode=1", True),
        ("packetization-mode=1; profile-level-id=4d801f", True),
        ("packetization-mode=1;profile-level-id=42001f", False),
        ("packetization-mode=1;profile-level-id=64001f", False),
        ("packetization-mode=0;profile-level-id=42e01f", False),
        ("packetization-mode=11;profile-level-id=42e01f", False),
        ("packetization-mode=1;profile-level-id=zzzzzz", False),
        ("packetization-mode=1", False),
    ],
)
def test_h264_is_one_format_per_mode_and_profile(parameters: str, matches: bool) -> None:
    ours = next(each for each in VIDEO if each.name == "H264")
    assert (ours.identity == h264(parameters).identity) is matches


def test_browsers_and_we_have_something_in_common() -> None:
    for path in CORPUS.glob("*.sdp"):
        for media in parse_sdp(path.read_text()).media:
            if media.kind in ("audio", "video"):
                assert common_codecs(offered_codecs(media), CODECS[MediaKind(media.kind)])
