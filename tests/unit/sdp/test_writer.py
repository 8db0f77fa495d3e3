from dataclasses import replace

import pytest

from frazil.sdp import (
    AddressType,
    Connection,
    Direction,
    Fingerprint,
    MediaDescription,
    Origin,
    SessionDescription,
    Setup,
    parse_sdp,
    write_sdp,
)
from support.sdp_corpus import CORPUS

DATA = MediaDescription(
    kind="application", port=9, protocol="UDP/DTLS/SCTP", formats=("webrtc-datachannel",)
)
FULL = SessionDescription(
    origin=Origin(7, 3, "me", AddressType.IP6, "::1"),
    name="A call",
    bandwidths=("AS:128",),
    bundle_groups=(("0", "1"), ()),
    ice_lite=True,
    ice_pacing=20,
    ice_options=("trickle", "ice2"),
    extmap_allow_mixed=True,
    msid_semantic="WMS *",
    media=(
        MediaDescription(
            kind="audio",
            port=0,
            protocol="UDP/TLS/RTP/SAVPF",
            formats=("111", "9"),
            connection=Connection(),
            bandwidths=("AS:30", "TIAS:1"),
            mid="0",
            ice_ufrag="abcd",
            ice_pwd="x" * 22,
            ice_options=("renomination",),
            fingerprints=(Fingerprint("sha-1", "0A:0B"), Fingerprint("sha-256", "0C")),
            setup=Setup.ACTPASS,
            candidates=("candidate:1", "candidate:2"),
            end_of_candidates=True,
            rtcp_mux=True,
            rtcp_mux_only=True,
            rtcp_rsize=True,
            bundle_only=True,
            attributes=("rtpmap:111 opus/48000/2", "ptime"),
        ),
        replace(DATA, mid="1", sctp_port=5000, max_message_size=0, direction=Direction.INACTIVE),
    ),
    attributes=("tool:x",),
)
FULL_TEXT = """\
v=0
o=me 7 3 IN IP6 ::1
s=A call
b=AS:128
t=0 0
a=group:BUNDLE 0 1
a=group:BUNDLE
a=ice-lite
a=ice-pacing:20
a=ice-options:trickle ice2
a=extmap-allow-mixed
a=msid-semantic: WMS *
a=tool:x
m=audio 0 UDP/TLS/RTP/SAVPF 111 9
c=IN IP4 0.0.0.0
b=AS:30
b=TIAS:1
a=candidate:1
a=candidate:2
a=end-of-candidates
a=ice-ufrag:abcd
a=ice-pwd:xxxxxxxxxxxxxxxxxxxxxx
a=ice-options:renomination
a=fingerprint:sha-1 0A:0B
a=fingerprint:sha-256 0C
a=setup:actpass
a=mid:0
a=bundle-only
a=sendrecv
a=rtcp-mux
a=rtcp-mux-only
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=ptime
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=mid:1
a=inactive
a=sctp-port:5000
a=max-message-size:0
"""

DIRECTIONS = {f"a={direction}" for direction in Direction}
INHERITED = ("a=fingerprint:", "a=ice-options:", "a=ice-pwd:", "a=ice-ufrag:", "a=setup:")


def spell(line):
    """One spelling for what implementations spell differently."""
    name, _, value = line.partition(":")
    if name == "a=ice-options":
        return f"{name}:{' '.join(value.replace(',', ' ').split())}"
    return f"{name}:{value.strip()}" if name == "a=msid-semantic" else line


def meanings(text):
    """Per section the set of its lines, with what the session says for all moved into each."""
    parts = ("\n" + text.replace("\r\n", "\n").rstrip("\n")).split("\nm=")
    session, *sections = [{spell(line) for line in part.strip("\n").split("\n")} for part in parts]
    directions = session & DIRECTIONS
    for prefix in INHERITED:
        lines = {line for line in session if line.startswith(prefix)}
        for section in sections:
            if not any(line.startswith(prefix) for line in section):
                section |= lines
    for section in sections:
        if not section & DIRECTIONS:
            section |= directions or {"a=sendrecv"}
    return [
        {line for line in session - DIRECTIONS if not line.startswith(INHERITED)},
        *sections,
    ]


def test_every_line_and_its_place():
    assert write_sdp(FULL) == FULL_TEXT.replace("\n", "\r\n")
    assert parse_sdp(FULL_TEXT) == FULL


def test_a_session_without_media():
    assert write_sdp(SessionDescription(origin=Origin(1, 2))) == (
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    )


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_what_partners_wrote_survives(text):
    assert meanings(write_sdp(parse_sdp(text))) == meanings(text)


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_reading_undoes_writing(text):
    description = parse_sdp(text)
    assert parse_sdp(write_sdp(description)) == description


@pytest.mark.parametrize(
    "name",
    [
        "chromium-156-answer-data-sped-snap",
        "chromium-156-offer-data",
        "chromium-156-offer-data-mdns",
        "chromium-156-offer-data-sped-snap",
        "wrtc-0.10-offer",
    ],
)
def test_chromium_is_matched_byte_for_byte(name):
    assert write_sdp(parse_sdp(CORPUS[name])) == CORPUS[name]


def test_options_of_the_session_are_not_repeated():
    text = write_sdp(
        SessionDescription(origin=Origin(1, 1), ice_options=("trickle",), media=(DATA, DATA))
    )
    assert text.count("a=ice-options:trickle\r\n") == 1
    assert [item.ice_options for item in parse_sdp(text).media] == [("trickle",), ("trickle",)]


def test_a_data_section_names_only_an_unusual_direction():
    text = write_sdp(SessionDescription(origin=Origin(1, 1), media=(DATA,)))
    assert "sendrecv" not in text


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\r\n"])
@pytest.mark.parametrize(
    "fields",
    [{"mid": "0{}a=x"}, {"candidates": ("candidate:{}",)}, {"attributes": ("x{}",)}],
    ids=["mid", "candidate", "attribute"],
)
def test_no_value_can_forge_a_line(fields, character):
    fields = {
        name: tuple(item.format(character) for item in value)
        if isinstance(value, tuple)
        else value.format(character)
        for name, value in fields.items()
    }
    description = SessionDescription(origin=Origin(1, 1), media=(replace(DATA, **fields),))
    with pytest.raises(ValueError, match="is not one line"):
        write_sdp(description)
