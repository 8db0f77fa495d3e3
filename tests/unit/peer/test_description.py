import pytest

from frazil.peer.description import (
    MAX_CANDIDATES,
    Description,
    DescriptionSlots,
)
from frazil.peer.signaling import SdpType, Side
from frazil.sdp import parse_sdp

SDP = (
    "v=0\n"
    "o=- 1 1 IN IP4 127.0.0.1\n"
    "s=-\n"
    "t=0 0\n"
    "a=group:BUNDLE d\n"
    "m=audio 0 UDP/TLS/RTP/SAVPF 0\n"
    "c=IN IP4 0.0.0.0\n"
    "a=mid:a\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"
    "c=IN IP4 0.0.0.0\n"
    "a=mid:d\n"
    "a=ice-ufrag:abcd\n"
    "a=ice-pwd:0123456789012345678901\n"
)
LINE = "candidate:1 1 udp 1 192.0.2.1 {} typ host"


def description(text: str = SDP, kind: SdpType = SdpType.OFFER) -> Description:
    return Description(kind, text, parse_sdp(text))


def test_text_stays_as_it_was_until_a_candidate_comes() -> None:
    text = SDP.rstrip("\n")
    assert description(text).sdp == text


def test_candidates_go_to_the_end_of_their_section_with_its_line_ends() -> None:
    for newline in ("\n", "\r\n"):
        text = SDP.replace("\n", newline)
        found = description(text)
        found.add_candidate(0, LINE.format(1))
        found.add_candidate(1, LINE.format(2))
        before, after = text.split("m=application")
        assert found.sdp == (
            f"{before}a={LINE.format(1)}{newline}m=application{after}a={LINE.format(2)}{newline}"
        )


def test_a_candidate_is_added_once() -> None:
    found = description()
    found.add_candidate(1, LINE.format(1))
    found.add_candidate(1, LINE.format(1))
    assert found.sdp.count("a=candidate") == 1


def test_candidates_are_bounded_so_that_the_text_stays_valid() -> None:
    found = description()
    for port in range(MAX_CANDIDATES + 5):
        found.add_candidate(1, LINE.format(port))
    assert len(parse_sdp(found.sdp).media[1].candidates) == MAX_CANDIDATES


def test_candidates_that_are_gone_are_in_the_text_no_more() -> None:
    for newline in ("\n", "\r\n"):
        lines = [LINE.format(port) for port in range(4)]
        text = "".join([SDP, *[f"a={line}\n" for line in lines[:2]]]).replace("\n", newline)
        found = description(text)
        found.add_candidate(1, lines[2])
        found.set_candidates(1, (lines[1], lines[3]))
        assert found.candidates_at(1) == (lines[1], lines[3])
        assert found.sdp == "".join(
            [SDP, *[f"a={line}\n" for line in (lines[1], lines[3])]]
        ).replace("\n", newline)


def test_end_of_candidates_is_added_once() -> None:
    found = description()
    found.end_candidates(1)
    found.end_candidates(1)
    assert found.sdp == SDP + "a=end-of-candidates\n"
    again = description(found.sdp)
    again.end_candidates(1)
    assert again.sdp == found.sdp


@pytest.mark.parametrize(
    ("host", "line"), [("192.0.2.1", "IP4 192.0.2.1"), ("2001:db8::1", "IP6 2001:db8::1")]
)
def test_default_address_is_named_in_m_and_c_line(host: str, line: str) -> None:
    found = description()
    found.set_default_address(1, (host, 5))
    media = found.sdp.split("m=")[2]
    assert media.startswith("application 5 UDP/DTLS/SCTP webrtc-datachannel\n")
    assert f"c=IN {line}\n" in media
    assert parse_sdp(found.sdp).media[0].port == 0


def test_line_separators_inside_a_line_do_not_split_it() -> None:
    text = SDP.replace("s=-", "s=a\x0bb\u2028c\x85d")
    found = description(text)
    found.end_candidates(1)
    assert "s=a\x0bb\u2028c\x85d\n" in found.sdp


def test_what_was_added_stands_together_whatever_came_first() -> None:
    found = description(SDP.replace("\n", "\r\n"))
    found.end_candidates(1)
    found.add_candidate(1, LINE.format(1))
    found.set_default_address(1, ("192.0.2.1", 5))
    assert found.candidates_at(1) == parse_sdp(found.sdp).media[1].candidates
    assert found.sdp.endswith(f"a={LINE.format(1)}\r\na=end-of-candidates\r\n")
    assert parse_sdp(found.sdp).media[1].port == 5


def test_a_section_is_named_if_the_text_says_so() -> None:
    assert description().are_named() == [True, True]
    text = SDP.replace("a=mid:a\n", "")
    assert Description(SdpType.OFFER, text, parse_sdp(SDP)).are_named() == [False, True]


def test_the_name_of_another_section_does_not_count() -> None:
    text = SDP.replace("a=mid:a\n", "")
    model = parse_sdp(SDP)
    model.media[0].mid = model.media[1].mid
    assert Description(SdpType.OFFER, text, model).are_named() == [False, True]


def test_generation_of_a_section() -> None:
    found = description()
    assert found.sections_of("abcd") == [1]
    assert found.sections_of("other") == []
    assert found.ufrag_at(0) is None
    assert found.index_of("d") == 1
    assert found.index_of("x") is None


def test_slots_follow_the_table_of_rfc_9429() -> None:
    slots = DescriptionSlots()
    offer, answer = description(), description(kind=SdpType.ANSWER)
    slots.apply(Side.LOCAL, offer)
    assert (slots.pending_local, slots.local, slots.current_local) == (offer, offer, None)
    pranswer = description(kind=SdpType.PRANSWER)
    slots.apply(Side.REMOTE, pranswer)
    assert (slots.pending_remote, slots.pending_local) == (pranswer, offer)
    slots.apply(Side.REMOTE, answer)
    assert (slots.current_local, slots.current_remote) == (offer, answer)
    assert (slots.pending_local, slots.pending_remote) == (None, None)
    again = description()
    slots.apply(Side.REMOTE, again)
    assert slots.remotes() == [again, answer]
    slots.roll_back()
    assert (slots.remote, slots.local) == (answer, offer)
    slots.apply(Side.REMOTE, again)
    ours = description(kind=SdpType.ANSWER)
    slots.apply(Side.LOCAL, ours)
    assert (slots.current_local, slots.current_remote) == (ours, again)
    assert slots.locals() == [ours]
