import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frazil.errors import ProtocolError
from frazil.sdp.grammar import (
    _USUAL_SESSION,
    MAX_BYTES,
    MAX_LINES,
    MAX_MEDIA_SECTIONS,
    MAX_NUMBER,
    Line,
    SdpSyntaxError,
    _check_session_order,
    is_token,
    parse_number,
    split_sections,
    split_words,
)

HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
MEDIA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"


def refusal(text):
    with pytest.raises(SdpSyntaxError) as caught:
        split_sections(text)
    return caught.value


def test_lines_keep_their_numbers_and_sections_start_at_m_lines():
    sections = split_sections(HEAD + MEDIA + "a=mid:0\r\n" + MEDIA)
    assert [line.number for line in sections.session] == [1, 2, 3, 4]
    assert sections.session[1] == Line(2, "o", "- 1 2 IN IP4 127.0.0.1")
    value = "application 9 UDP/DTLS/SCTP webrtc-datachannel"
    assert sections.media == [
        [Line(5, "m", value), Line(6, "a", "mid:0")],
        [Line(7, "m", value)],
    ]


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD.replace("\r\n", "\n"),
        HEAD.removesuffix("\r\n"),
        HEAD + "\r\n\n\r\n",
        HEAD.replace("\r\n", "\n", 2),
    ],
    ids=["crlf", "lf", "unterminated", "blank lines after", "mixed"],
)
def test_every_line_ending_reads_the_same(text):
    assert split_sections(text) == split_sections(HEAD)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n",
        "garbage",
        "=",
        "v",
        "v=",
        "V=0",
        "vv=0",
        "v =0",
        " v=0",
        "{}",
        "é=0",
        "\ufeffv=0",
        '{"type": "offer", "sdp": "v=0"}',
    ],
)
def test_garbage_fails_at_line_1(text):
    assert refusal(text).line_number == 1


def test_the_error_is_a_protocol_error_that_names_its_line():
    error = refusal(HEAD + "nonsense")
    assert isinstance(error, ProtocolError)
    assert error.line_number == 5
    assert str(error) == "line 5: 'nonsense' is not of the form type=value"


def test_a_long_line_is_cut_in_the_message():
    assert len(str(refusal("x" * 10_000))) < 100


@pytest.mark.parametrize(
    ("text", "line_number"),
    [
        ("v=0\r\n\r\ns=-\r\n", 2),
        ("v=0\r\no=x\ry\r\n", 2),
        ("v=0\r\no=x\0y\r\n", 2),
        ("v=0\r\no=x\r\r\ns=-", 2),
        ("v=0\ns=\ud800", 2),
        (HEAD + "a=\r\n", 5),
    ],
    ids=["blank inside", "CR inside", "NUL", "CR CR LF", "surrogate", "empty value"],
)
def test_malformed_lines(text, line_number):
    assert refusal(text).line_number == line_number


@pytest.mark.parametrize(
    ("types", "line_number", "message"),
    [
        ("o", 1, "the v= line is missing"),
        ("vs", 2, "the o= line is missing"),
        ("vot", 3, "the s= line is missing"),
        ("vos", 4, "the t= line is missing"),
        ("v", 2, "the o= line is missing"),
        ("vosa", 4, "the t= line is missing"),
        ("vosm", 4, "the t= line is missing"),
        ("m", 1, "the v= line is missing"),
        ("vv", 2, "a second v= line"),
        ("voo", 3, "a second o= line"),
        ("vosss", 4, "a second s= line"),
        ("vostcat", 5, "c= must not follow t="),
        ("vostab", 6, "b= must not follow a="),
        ("voscct", 5, "a second c= line"),
        ("vosatt", 4, "the t= line is missing"),
        ("vostat", 6, "t= must not follow a="),
        ("vostx", 5, "x= is not a line of a session"),
        ("vostmt", 6, "t= does not belong below an m= line"),
        ("vostmv", 6, "v= does not belong below an m= line"),
    ],
)
def test_the_order_of_lines(types, line_number, message):
    error = refusal("".join(f"{type_}=0\r\n" for type_ in types))
    assert str(error) == f"line {line_number}: {message}"


@pytest.mark.parametrize(
    "types",
    ["vost", "vosiueepcbbtrrtrzkaam", "vosttam", "vostmicbka", "vostmabcamam"],
)
def test_orders_that_are_accepted(types):
    sections = split_sections("".join(f"{type_}=0\n" for type_ in types))
    lines = [line for part in (sections.session, *sections.media) for line in part]
    assert "".join(line.type for line in lines) == types


@given(st.from_regex(_USUAL_SESSION, fullmatch=True))
@settings(deadline=None)
def test_the_closer_look_has_nothing_against_what_is_usual(types):
    _check_session_order([Line(number, each, "0") for number, each in enumerate(types, 1)])


def test_a_session_name_may_be_empty():
    assert split_sections(HEAD.replace("s=-", "s=")).session[2].value == ""


def test_only_newlines_end_lines():
    value = "x\x0b\x0c\x1c\x85\u2028\u2029y"
    assert split_sections(HEAD + f"a={value}").session[4].value == value


def test_the_size_limit_counts_bytes():
    room = MAX_BYTES - len(HEAD) - len("a=\r\n")
    assert len(split_sections(HEAD + "a=" + "x" * room + "\r\n").session) == 5
    error = refusal(HEAD + "a=" + "x" * (room + 1) + "\r\n")
    assert str(error) == "line 5: more than 131072 bytes"
    assert refusal(HEAD + "a=" + "é" * (room // 2 + 1) + "\r\n").line_number == 5


def test_the_line_limit():
    attributes = "a=x\n" * (MAX_LINES - 4)
    assert len(split_sections(HEAD + attributes).session) == MAX_LINES == 2000
    assert str(refusal(HEAD + attributes + "a=x")) == "line 2001: more than 2000 lines"


def test_the_section_limit():
    assert len(split_sections(HEAD + MEDIA * MAX_MEDIA_SECTIONS).media) == 64
    assert str(refusal(HEAD + MEDIA * 65)) == "line 69: more than 64 m= lines"


def test_words():
    assert split_words(" a  b\tc ") == ["a", "b\tc"]
    assert split_words("") == []


@pytest.mark.parametrize(("text", "expected"), [("a-1{}", True), ("", False), ("a b", False)])
def test_tokens(text, expected):
    assert is_token(text) is expected


@pytest.mark.parametrize("bad", ['"', "(", ")", ",", "/", ":", ";", "=", "@", "\\", "é", "\x7f"])
def test_characters_outside_tokens(bad):
    assert not is_token(f"a{bad}")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), (str(MAX_NUMBER), MAX_NUMBER)])
def test_numbers(text, number):
    assert parse_number(text, "it", 3) == number


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", " 1", "1_0", "²", "٣", str(MAX_NUMBER + 1), "1" * 5000]
)
def test_what_is_no_number(text):
    with pytest.raises(SdpSyntaxError, match=r"^line 3: it is '") as caught:
        parse_number(text, "it", 3)
    assert caught.value.line_number == 3


def test_numbers_have_a_maximum():
    assert parse_number("9", "it", 1, 9) == 9
    with pytest.raises(SdpSyntaxError, match=r"^line 1: it is '10', not a number from 0 to 9$"):
        parse_number("10", "it", 1, 9)
