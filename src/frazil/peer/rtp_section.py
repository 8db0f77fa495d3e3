"""The m-sections of audio and video (RFC 9429 5.2.1 and 5.3.1)."""

from collections.abc import Sequence
from typing import Final

from frazil.peer.codec import Codec
from frazil.peer.media import DISCARD_PORT, LocalTransport, on_transport
from frazil.peer.transceiver import Transceiver, answer_direction, sends
from frazil.sdp import MediaDescription
from frazil.sdp.session import RTP_PROTOCOLS

RTP_PROTOCOL: Final = "UDP/TLS/RTP/SAVPF"

MID_EXTENSION: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
"""Tells a receiver the m-section of a packet; BUNDLE asks for it (RFC 9143 15.2)."""

_KINDS: Final = ("audio", "video")
_MID_EXTENSION_ID: Final = 1
_NO_STREAM: Final = "-"


def is_rtp(media: MediaDescription) -> bool:
    """Whether the section describes audio or video over DTLS-SRTP."""
    return media.kind in _KINDS and media.protocol in RTP_PROTOCOLS


def rtp_section(mid: str, transceiver: Transceiver, local: LocalTransport) -> MediaDescription:
    """The m-section of a transceiver, as an offer has it."""
    codecs = transceiver.codecs
    section = MediaDescription(
        kind=str(transceiver.kind),
        port=DISCARD_PORT,
        protocol=RTP_PROTOCOL,
        formats=tuple(str(codec.payload_type) for codec in codecs),
        mid=mid,
        direction=transceiver.wanted,
        rtcp_mux=True,
        rtcp_mux_only=True,
        rtcp_rsize=True,
        attributes=(
            f"extmap:{_MID_EXTENSION_ID} {MID_EXTENSION}",
            *_msid(transceiver),
            *_lines(codecs),
        ),
    )
    return on_transport(section, local)


def rtp_answer(
    offered: MediaDescription,
    transceiver: Transceiver,
    codecs: Sequence[Codec],
    local: LocalTransport,
) -> MediaDescription:
    """The m-section that accepts ``offered`` with ``codecs``."""
    section = MediaDescription(
        kind=offered.kind,
        port=DISCARD_PORT,
        protocol=offered.protocol,
        formats=tuple(str(codec.payload_type) for codec in codecs),
        mid=offered.mid,
        direction=answer_direction(transceiver.wanted, offered.direction),
        rtcp_mux=True,
        rtcp_rsize=offered.rtcp_rsize,
        attributes=(*_mid_extension(offered), *_msid(transceiver), *_lines(codecs)),
    )
    return on_transport(section, local)


def stream_ids(media: MediaDescription) -> tuple[str, ...]:
    """The streams that the author puts its track into (RFC 8830 2)."""
    found = (words[0] for words in _msids(media) if words[0] != _NO_STREAM)
    return tuple(dict.fromkeys(found))


def track_id(media: MediaDescription) -> str | None:
    """The id of the author's track."""
    return next((words[1] for words in _msids(media) if len(words) > 1), None)


def has_msid(media: MediaDescription) -> bool:
    """Whether the author says that it may send."""
    return bool(_msids(media))


def _msids(media: MediaDescription) -> list[list[str]]:
    values = (each[5:].split() for each in media.attributes if each.startswith("msid:"))
    return [words for words in values if words]


def _msid(transceiver: Transceiver) -> list[str]:
    if not sends(transceiver.wanted):
        return []
    sender = transceiver.sender
    return [f"msid:{stream} {sender.id}" for stream in sender.streams or (_NO_STREAM,)]


def _mid_extension(offered: MediaDescription) -> list[str]:
    """The one header extension that we know, under the number of the offer (RFC 8285 6)."""
    for attribute in offered.attributes:
        if attribute.startswith("extmap:"):
            number, _, uri = attribute[7:].partition(" ")
            if uri.strip() == MID_EXTENSION:
                return [f"extmap:{number.partition('/')[0]} {MID_EXTENSION}"]
    return []


def _lines(codecs: Sequence[Codec]) -> list[str]:
    return [line for codec in codecs for line in codec.attributes()]
