"""The m-sections of audio and video (RFC 9429 5.2.1 and 5.3.1)."""

from collections.abc import Sequence
from typing import Final

from frazil.peer.codec import Codec
from frazil.peer.media import DISCARD_PORT, LocalTransport, on_transport
from frazil.peer.transceiver import Transceiver, answer_direction, sends
from frazil.sdp import MediaDescription
from frazil.sdp.session import RTP_PROTOCOLS
from frazil.value import Value

RTP_PROTOCOL: Final = "UDP/TLS/RTP/SAVPF"

MID_EXTENSION: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
"""Tells a receiver the m-section of a packet; BUNDLE asks for it (RFC 9143 15.2)."""

_KINDS: Final = ("audio", "video")
_MAX_ID_DIGITS: Final = 4
"""Of a number of a header extension: offers may have some up to 4351 (RFC 8285 5)."""
_NO_STREAM: Final = "-"


def is_rtp(media: MediaDescription) -> bool:
    """Whether the section describes audio or video over DTLS-SRTP."""
    return media.kind in _KINDS and media.protocol in RTP_PROTOCOLS


class RtpTerms(Value):
    """What an offer says of RTP in one m-section, beyond what its transceiver wants.

    Attributes:
        codecs: In order, under the payload types of the session.
        mid_id: The number of the header extension for the mid; ``None`` to go without.
        rtcp_rsize: Whether RTCP may be of reduced size (RFC 5506).
        rtcp_mux_only: Whether to say that RTCP shares the port of RTP, come what may.
    """

    __slots__ = ("codecs", "mid_id", "rtcp_mux_only", "rtcp_rsize")

    def __init__(
        self, codecs: Sequence[Codec], mid_id: int | None, rtcp_rsize: bool, rtcp_mux_only: bool
    ) -> None:
        self.codecs = codecs
        self.mid_id = mid_id
        self.rtcp_rsize = rtcp_rsize
        self.rtcp_mux_only = rtcp_mux_only

    def as_tuple(self) -> tuple[object, ...]:
        """Codecs, header extension, and what is said of RTCP."""
        return self.codecs, self.mid_id, self.rtcp_rsize, self.rtcp_mux_only


def rtp_section(
    mid: str, transceiver: Transceiver, terms: RtpTerms, local: LocalTransport
) -> MediaDescription:
    """The m-section of a transceiver, as an offer has it."""
    section = MediaDescription(
        kind=str(transceiver.kind),
        port=DISCARD_PORT,
        protocol=RTP_PROTOCOL,
        formats=tuple(str(codec.payload_type) for codec in terms.codecs),
        mid=mid,
        direction=transceiver.wanted,
        rtcp_mux=True,
        rtcp_mux_only=terms.rtcp_mux_only,
        rtcp_rsize=terms.rtcp_rsize,
        attributes=(
            *_mid_extension(terms.mid_id),
            *_msid(transceiver),
            *_lines(terms.codecs),
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
        attributes=(
            *_mid_extension(extension_ids(offered).get(MID_EXTENSION)),
            *_msid(transceiver),
            *_lines(codecs),
        ),
    )
    return on_transport(section, local)


def extension_ids(media: MediaDescription) -> dict[str, int]:
    """The number of each header extension of an m-section, by its URI (RFC 8285 5)."""
    found = {}
    for attribute in media.attributes:
        words = attribute[7:].split() if attribute.startswith("extmap:") else []
        number = words[0].partition("/")[0] if len(words) > 1 else ""
        if number.isascii() and number.isdigit() and len(number) <= _MAX_ID_DIGITS:
            found[words[1]] = int(number)
    return found


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


def _mid_extension(number: int | None) -> list[str]:
    """The one header extension that we know."""
    return [] if number is None else [f"extmap:{number} {MID_EXTENSION}"]


def _lines(codecs: Sequence[Codec]) -> list[str]:
    return [line for codec in codecs for line in codec.attributes()]
