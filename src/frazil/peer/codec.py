"""The codecs that m-sections negotiate (RFC 7742, RFC 7874, RFC 4588).

They are agreed on, not run: nothing here encodes or decodes media.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from frazil.sdp import MediaDescription

_MAX_PAYLOAD_TYPE: Final = 127
_MAX_NAME: Final = 127
"""Characters of an encoding name, which is that of a media subtype (RFC 6838 4.2)."""
_H264_MODES: Final = frozenset({"0", "1", "2"})
"""The packetization modes (RFC 6184 8.1)."""
_RETRANSMISSION: Final = "rtx"
_NOT_MEDIA: Final = frozenset({_RETRANSMISSION, "red", "ulpfec", "telephone-event", "cn"})
"""Formats that only accompany media."""
_STATIC: Final = {"0": "PCMU/8000", "8": "PCMA/8000"}
"""Payload types that need no ``a=rtpmap`` (RFC 3551 6)."""

FormatIdentity: TypeAlias = tuple[str, int, int, object]
"""What a format is without its payload type: name, clock rate, channels, and its variant."""


class MediaKind(StrEnum):
    """What a transceiver is for."""

    AUDIO = "audio"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload format of an m-section (webrtc-pc, RTCRtpCodec).

    Attributes:
        name: The encoding name of ``a=rtpmap``, for example ``"opus"``.
        clock_rate: In Hz.
        payload_type: The number that stands for it in this m-section.
        channels: Of audio.
        parameters: The value of ``a=fmtp``.
        feedback: The values of ``a=rtcp-fb``.
    """

    name: str
    clock_rate: int
    payload_type: int
    channels: int = 1
    parameters: str = ""
    feedback: tuple[str, ...] = ()

    @property
    def is_media(self) -> bool:
        """Whether it carries media by itself."""
        return self.name.lower() not in _NOT_MEDIA

    @property
    def repaired(self) -> int | None:
        """The payload type whose packets a retransmission format repeats (RFC 4588 8.1)."""
        if self.name.lower() != _RETRANSMISSION:
            return None
        apt = _parameters(self.parameters).get("apt", "")
        return int(apt) if apt.isascii() and apt.isdigit() and len(apt) < 4 else None

    @property
    def identity(self) -> FormatIdentity:
        """What both sides have in common if they mean the same format, whatever its payload type.

        H.264 is one format per packetization mode and profile (RFC 6184 8.2.2), and retransmission
        one per format that it repeats (RFC 4588 8.6). To find that out takes as long as the
        parameters are, which a peer chooses: ask once.
        """
        name = self.name.lower()
        variant = _h264_kind(self) if name == "h264" else self.repaired
        return name, self.clock_rate, self.channels, variant

    def attributes(self) -> list[str]:
        """Its ``a=`` lines, without ``a=``."""
        channels = f"/{self.channels}" if self.channels != 1 else ""
        lines = [f"rtpmap:{self.payload_type} {self.name}/{self.clock_rate}{channels}"]
        lines += [f"rtcp-fb:{self.payload_type} {each}" for each in self.feedback]
        if self.parameters:
            lines.append(f"fmtp:{self.payload_type} {self.parameters}")
        return lines

    def agreed_on(self, described: "Codec") -> "Codec":
        """This one with the RTCP feedback that the other side describes as well (RFC 4585 4.2)."""
        common = tuple(each for each in self.feedback if each in described.feedback)
        return replace(self, feedback=common)

    def repairing(self, payload_type: int) -> "Codec":
        """This retransmission format for the packets of ``payload_type``."""
        return replace(self, parameters=f"apt={payload_type}")


_FEEDBACK: Final = ("ccm fir", "nack", "nack pli")
_H264: Final = "level-asymmetry-allowed=1;packetization-mode={};profile-level-id=42e01f"

CODECS: Final[dict[MediaKind, tuple[Codec, ...]]] = {
    MediaKind.AUDIO: (
        Codec("opus", 48000, 111, 2, "minptime=10;useinbandfec=1"),
        Codec("PCMU", 8000, 0),
        Codec("PCMA", 8000, 8),
        Codec("telephone-event", 48000, 110),
        Codec("telephone-event", 8000, 126),
    ),
    MediaKind.VIDEO: (
        Codec("VP8", 90000, 96, feedback=_FEEDBACK),
        Codec("rtx", 90000, 97, parameters="apt=96"),
        Codec("H264", 90000, 108, parameters=_H264.format(1), feedback=_FEEDBACK),
        Codec("rtx", 90000, 109, parameters="apt=108"),
        Codec("H264", 90000, 114, parameters=_H264.format(0), feedback=_FEEDBACK),
        Codec("rtx", 90000, 115, parameters="apt=114"),
    ),
}
"""What is offered, in order of preference, with the payload types that browsers use."""


def offered_codecs(media: MediaDescription) -> list[Codec]:
    """The formats of an RTP m-section in its order; those without a usable map are left out.

    Of their RTCP feedback there is what we know.
    """
    maps, parameters = dict(_STATIC), dict[str, str]()
    feedback: set[tuple[str, str]] = set()
    for attribute in media.attributes:
        name, _, value = attribute.partition(":")
        number, _, rest = value.partition(" ")
        if name == "rtpmap":
            maps[number] = rest
        elif name == "fmtp":
            parameters[number] = rest
        elif name == "rtcp-fb":
            feedback.add((number, rest.strip()))
    found = []
    for number in dict.fromkeys(media.formats):
        codec = _codec(number, maps.get(number, ""), parameters.get(number, ""))
        if codec is not None:
            named = [each for each in _FEEDBACK if {(number, each), ("*", each)} & feedback]
            found.append(replace(codec, feedback=tuple(named)))
    return found


def common_codecs(offered: Sequence[Codec], ours: Sequence[Codec]) -> list[Codec]:
    """What an answer accepts: ours in our order, under the payload types of the offer.

    A retransmission format goes with what it repeats. Empty if there is no common media format:
    what only accompanies media is of no use alone.
    """
    theirs = by_identity(offered)
    accepted: list[Codec] = []
    for codec in ours:
        match = theirs.get(codec.identity)
        if match is None or codec.name.lower() == _RETRANSMISSION:
            continue
        accepted.append(replace(codec.agreed_on(match), payload_type=match.payload_type))
        for each in ours:
            if each.repaired == codec.payload_type:
                repair = each.repairing(match.payload_type)
                found = theirs.get(repair.identity)
                if found is not None:
                    accepted.append(replace(repair, payload_type=found.payload_type))
    return accepted if any(each.is_media for each in accepted) else []


def by_identity(codecs: Iterable[Codec]) -> dict[FormatIdentity, Codec]:
    """``codecs`` by what they are; of those that are the same the first."""
    found: dict[FormatIdentity, Codec] = {}
    for codec in codecs:
        found.setdefault(codec.identity, codec)
    return found


def _codec(payload_type: str, rtpmap: str, parameters: str) -> Codec | None:
    name, _, rest = rtpmap.strip().partition("/")
    rate, _, channels = rest.partition("/")
    numbers = (payload_type, rate, channels or "1")
    if not 0 < len(name) <= _MAX_NAME or not all(
        n.isascii() and n.isdigit() and len(n) < 10 for n in numbers
    ):
        return None
    if int(payload_type) > _MAX_PAYLOAD_TYPE:
        return None
    return Codec(name, int(rate), int(payload_type), int(numbers[2]), parameters.strip())


def _parameters(text: str) -> dict[str, str]:
    pairs = (each.strip().partition("=") for each in text.split(";"))
    return {name.lower(): value for name, _, value in pairs}


def _h264_kind(codec: Codec) -> tuple[str, bool]:
    """The packetization mode, and whether the profile is Constrained Baseline (RFC 6184 8.1)."""
    found = _parameters(codec.parameters)
    level_id = found.get("profile-level-id", "42000a").lower()
    try:
        profile, constraints = int(level_id[:2], 16), int(level_id[2:4], 16)
    except ValueError:
        return "", False
    # Baseline with constraint_set1, or one of the larger profiles with what makes it the same.
    is_constrained = (profile == 0x42 and bool(constraints & 0x40)) or (
        profile in (0x4D, 0x58) and bool(constraints & 0x80)
    )
    mode = found.get("packetization-mode", "0")
    return mode if mode in _H264_MODES else "", is_constrained
