import time
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frazil.sdp import (
    AddressType,
    Connection,
    Direction,
    Fingerprint,
    MediaDescription,
    Origin,
    SdpSemanticError,
    SdpSyntaxError,
    SessionDescription,
    Setup,
    parse_sdp,
    validate_answer,
    validate_offer,
    write_sdp,
)
from frazil.sdp.grammar import MAX_BYTES, MAX_LINES, MAX_NUMBER
from support.sdp_corpus import CORPUS

HEAD = "v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nt=0 0\n"
MEDIA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n"

tokens = st.text("ab-09.", min_size=1, max_size=5)
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=9)
words = st.text("ab:/@é09", min_size=1, max_size=9)
numbers = st.integers(0, MAX_NUMBER)
ports = st.integers(0, 0xFFFF)
bandwidths = st.lists(st.builds("{}:{}".format, tokens, numbers).filter(bool), max_size=2).map(
    tuple
)
others = st.lists(
    st.builds("x-{}:{}".format, tokens, values) | tokens.map("x-{}".format), max_size=3
)
options = st.lists(tokens, max_size=3, unique=True).map(tuple)
fingerprints = st.builds(
    Fingerprint,
    st.sampled_from(["sha-1", "sha-256", "md5"]),
    st.binary(min_size=1, max_size=32).map(lambda digest: digest.hex(":").upper()),
)


def maybe(strategy):
    return st.none() | strategy


def tuples_of(strategy, size=3):
    return st.lists(strategy, max_size=size).map(tuple)


media = st.builds(
    MediaDescription,
    kind=st.sampled_from(["application", "audio", "video", "text"]),
    port=ports,
    protocol=st.sampled_from(["UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "UDP/TLS/RTP/SAVPF"]),
    formats=st.lists(tokens, min_size=1, max_size=3).map(tuple),
    connection=maybe(st.builds(Connection, st.sampled_from(AddressType), words)),
    bandwidths=bandwidths,
    mid=maybe(tokens),
    direction=st.sampled_from(Direction),
    ice_ufrag=maybe(values),
    ice_pwd=maybe(values),
    ice_options=options,
    fingerprints=tuples_of(fingerprints),
    setup=maybe(st.sampled_from(Setup)),
    candidates=tuples_of(values.map("candidate:{}".format)),
    end_of_candidates=st.booleans(),
    rtcp_mux=st.booleans(),
    rtcp_mux_only=st.booleans(),
    rtcp_rsize=st.booleans(),
    bundle_only=st.booleans(),
    sctp_port=maybe(ports),
    max_message_size=maybe(numbers),
    attributes=others.map(tuple),
)
sessions = st.builds(
    SessionDescription,
    origin=st.builds(Origin, numbers, numbers, words, st.sampled_from(AddressType), words),
    name=values,
    bandwidths=bandwidths,
    bundle_groups=tuples_of(tuples_of(words)),
    ice_lite=st.booleans(),
    ice_options=options,
    extmap_allow_mixed=st.booleans(),
    msid_semantic=maybe(tokens),
    media=tuples_of(media),
    attributes=others.map(tuple),
)

# Lines that get far into the parser, in any order, beside lines that do not.
lines = st.sampled_from(
    sorted({line for text in CORPUS.values() for line in text.split("\r\n")})
) | st.text(max_size=20)


def judge(description, offer):
    """Check as a remote description would be; only the documented error may leave."""
    with suppress(SdpSemanticError):
        validate_offer(description)
    with suppress(SdpSemanticError):
        validate_answer(description, offer)


def read(text):
    """Parse, likewise, and write what could be parsed."""
    with suppress(SdpSyntaxError):
        description = parse_sdp(text)
        judge(description, description)
        return write_sdp(description)
    return None


def read_twice(text):
    written = read(text)
    if written is not None:
        assert parse_sdp(written) == parse_sdp(text)


@given(sessions)
def test_reading_undoes_writing(description):
    assert parse_sdp(write_sdp(description)) == description


@given(sessions, sessions)
def test_any_description_is_valid_or_refused(offer, answer):
    judge(offer, offer)
    judge(answer, offer)
    judge(replace(answer, media=offer.media), offer)


@given(st.text())
def test_any_text_is_read_or_refused(text):
    read_twice(text)


@given(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_lines_are_read_or_refused(items, newline):
    read_twice(newline.join(items))
    read_twice(HEAD + newline.join(items))
    read_twice(HEAD + MEDIA + newline.join(items))


@given(st.data())
def test_mutations_of_real_descriptions_are_read_or_refused(data):
    text = data.draw(st.sampled_from(list(CORPUS.values())))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 40)))
        text = text[:start] + data.draw(st.text(max_size=5) | lines) + text[end:]
    read_twice(text)


@given(st.data())
def test_descriptions_without_one_line_are_read_or_refused(data):
    text = data.draw(st.sampled_from(list(CORPUS.values())))
    rows = text.split("\r\n")
    del rows[data.draw(st.integers(0, len(rows) - 1))]
    read_twice("\r\n".join(rows))


@given(st.lists(lines, max_size=12))
def test_an_error_names_a_line_of_the_text(items):
    text = HEAD + "\n".join(items) + "\nnonsense"
    with pytest.raises(SdpSyntaxError) as caught:
        parse_sdp(text)
    assert 5 <= caught.value.line_number <= text.count("\n") + 1


def filled(line, head=HEAD, tail=""):
    """``line`` as often as the limits allow, or filled up to them if it holds a ``{}``."""
    room = MAX_BYTES - len(head) - len(tail)
    if "{}" in line:
        unit = line[line.index("{}") + 2 :]
        start = line[: line.index("{}")]
        return head + start + unit * ((room - len(start) - 1) // len(unit)) + "\n" + tail
    count = min(room // len(line), MAX_LINES - (head + tail).count("\n"))
    return head + line * count + tail


FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["0A"] * 10) + "\n"
WORST = {
    "fingerprints for 64 sections": filled(FINGERPRINT, tail=MEDIA * 64),
    "options for 64 sections": filled("a=ice-options:{}a ", tail=MEDIA * 64),
    "one long digest for 64 sections": filled("a=fingerprint:x AA{}:AA", tail=MEDIA * 64),
    "a long group": filled("a=group:BUNDLE{} 0", tail=MEDIA * 64),
    "many groups": filled("a=group:BUNDLE 0 1\n", tail=MEDIA * 64),
    "colons": filled("a=x{}:"),
    "spaces": filled("a=group:{} "),
    "an endless number": filled("o=- {}1", head="v=0\n"),
    "formats": filled("m=audio 9 RTP/AVP{} 0"),
    "slashes": filled("m=audio 9 {}a/"),
    "times": filled("t=0 0\nr=0 0\n"),
    "one line without end": filled("x{}x", head=""),
    "blank lines": "\r\n" * (MAX_BYTES // 2),
    "carriage returns": "\r" * MAX_BYTES,
}


@pytest.mark.parametrize("text", WORST.values(), ids=WORST)
def test_no_text_within_the_limits_is_slow(text):
    assert len(text) <= MAX_BYTES
    started = time.process_time()
    read(text)
    assert time.process_time() - started < 1.0
