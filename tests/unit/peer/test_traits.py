from dataclasses import replace

import pytest

from frazil.ice import AgentTraits
from frazil.peer.traits import ice_options, pacing_ms, read_traits
from frazil.sdp import MediaDescription, Origin, SessionDescription, parse_sdp, write_sdp

MEDIA = MediaDescription(
    kind="application",
    port=9,
    protocol="UDP/DTLS/SCTP",
    formats=("webrtc-datachannel",),
    ice_options=("trickle",),
)
BARE = SessionDescription(origin=Origin(1, 1), media=(MEDIA,))


@pytest.mark.parametrize(
    "traits",
    [AgentTraits(), AgentTraits(pacing_s=0.02), AgentTraits(True, 0.05, renominates=True)],
)
def test_what_is_said_is_what_is_read(traits: AgentTraits) -> None:
    media = replace(MEDIA, ice_options=ice_options(traits))
    said = replace(BARE, ice_lite=traits.is_lite, ice_pacing=pacing_ms(traits), media=(media,))
    text = write_sdp(said)
    assert ("a=ice-lite\r\n" in text) is traits.is_lite
    read = parse_sdp(text)
    assert read_traits(read, read.media[0]) == traits


@pytest.mark.parametrize(
    ("pacing_s", "said_ms"), [(0.02, 20), (0.029, 29), (0.0201, 21), (0.005, 5)]
)
def test_a_pace_is_never_told_quicker_than_it_is(pacing_s: float, said_ms: int) -> None:
    assert pacing_ms(AgentTraits(pacing_s=pacing_s)) == said_ms


def test_only_rfc_8445_has_a_default_pace() -> None:
    assert read_traits(BARE, MEDIA).pacing_s == 0.0
    modern = replace(MEDIA, ice_options=("ice2", "trickle"))
    assert read_traits(BARE, modern).pacing_s == 0.05
    assert read_traits(replace(BARE, ice_pacing=10), modern).pacing_s == 0.01
