"""``RTCRtpTransceiver``, its sender, receiver and track (webrtc-pc 5.1 to 5.4).

They are negotiated like a browser's. Media itself is not: nothing is sent, and what arrives is
dropped.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from frazil.errors import InvalidModificationError, NotSupportedError
from frazil.peer.codec import CODECS, Codec, MediaKind
from frazil.peer.dictionary import Dictionary
from frazil.peer.rtp_section import MID_EXTENSION
from frazil.peer.transceiver import (
    RemoteTrack,
    RtpReceiver,
    RtpSender,
    Transceiver,
)
from frazil.states.enums import RTCRtpTransceiverDirection
from frazil.w3c.event import Event
from frazil.w3c.target import EventHandler, EventTarget
from frazil.w3c.transport import RTCDtlsTransport, Wrap

Wake: TypeAlias = Callable[[], float]

_MAX_CLOCK_RATE = 2**32 - 1


class MediaStreamTrack(EventTarget):
    """The place of a track of the peer. No media comes out of it, so it stays muted."""

    __slots__ = ("_slots", "enabled")

    onended = EventHandler("Nothing can come any more.")

    def __init__(self, slots: RemoteTrack, tasks: "set[asyncio.Task[Any]]") -> None:
        super().__init__(tasks)
        self._slots = slots
        self.enabled = True

    @property
    def kind(self) -> str:
        """``"audio"`` or ``"video"``."""
        return str(self._slots.kind)

    @property
    def id(self) -> str:
        """As the peer named it; before it did, a random one."""
        return self._slots.id

    @property
    def label(self) -> str:
        """Says that it is remote."""
        return f"remote {self.kind}"

    @property
    def muted(self) -> bool:
        """Always: no media arrives."""
        return True

    @property
    def readyState(self) -> str:
        """``"live"`` or ``"ended"``."""
        return "ended" if self._slots.is_ended else "live"

    def __repr__(self) -> str:
        return f"<MediaStreamTrack remote {self.kind} {self.readyState}>"


class RTCRtpSender:
    """The sending half of a transceiver. It has no track: nothing is sent."""

    __slots__ = ("__weakref__", "_slots", "_wrap")

    def __init__(self, slots: RtpSender, wrap: Wrap) -> None:
        self._slots = slots
        self._wrap = wrap

    @property
    def track(self) -> None:
        """``None``."""
        return None

    @property
    def transport(self) -> RTCDtlsTransport | None:
        """What it would send over; ``None`` before a description is applied."""
        slots = self._slots.transport
        return None if slots is None else self._wrap(slots)

    @staticmethod
    def getCapabilities(kind: str) -> dict[str, Any] | None:
        """What can be negotiated; ``None`` for a kind that cannot."""
        return _capabilities(kind)


class RTCRtpReceiver:
    """The receiving half of a transceiver. Its track stays muted: what arrives is dropped."""

    __slots__ = ("__weakref__", "_slots", "_wrap")

    def __init__(self, slots: RtpReceiver, wrap: Wrap) -> None:
        self._slots = slots
        self._wrap = wrap

    @property
    def track(self) -> MediaStreamTrack:
        """The track, from the beginning on."""
        track: MediaStreamTrack = self._wrap(self._slots.track)
        return track

    @property
    def transport(self) -> RTCDtlsTransport | None:
        """What it would receive over; ``None`` before a description is applied."""
        slots = self._slots.transport
        return None if slots is None else self._wrap(slots)

    @staticmethod
    def getCapabilities(kind: str) -> dict[str, Any] | None:
        """What can be negotiated; ``None`` for a kind that cannot."""
        return _capabilities(kind)


class RTCRtpTransceiver:
    """One m-section of audio or video."""

    __slots__ = ("__weakref__", "_slots", "_wake", "_wrap")

    def __init__(self, slots: Transceiver, wrap: Wrap, wake: Wake) -> None:
        self._slots = slots
        self._wrap = wrap
        self._wake = wake

    @property
    def mid(self) -> str | None:
        """The name of its m-section; ``None`` before a description has one."""
        return self._slots.mid

    @property
    def sender(self) -> RTCRtpSender:
        """The sending half."""
        sender: RTCRtpSender = self._wrap(self._slots.sender)
        return sender

    @property
    def receiver(self) -> RTCRtpReceiver:
        """The receiving half."""
        receiver: RTCRtpReceiver = self._wrap(self._slots.receiver)
        return receiver

    @property
    def direction(self) -> RTCRtpTransceiverDirection:
        """What is wanted: ``sendrecv``, ``sendonly``, ``recvonly``, ``inactive``; or ``stopped``.

        Raises:
            TypeError: When set to anything but the first four.
            InvalidStateError: When set on a closed connection or a stopped transceiver.
        """
        return self._slots.direction

    @direction.setter
    def direction(self, value: str) -> None:
        self._slots.set_direction(value)
        self._wake()

    @property
    def currentDirection(self) -> RTCRtpTransceiverDirection | None:
        """What was negotiated last; ``None`` before the first answer."""
        return self._slots.current_direction

    def stop(self) -> None:
        """Give the m-section up: the next negotiation rejects it. Twice does nothing.

        Raises:
            InvalidStateError: The connection is closed.
        """
        self._slots.stop()
        self._wake()

    def setCodecPreferences(self, codecs: Sequence[Any]) -> None:
        """Offer and accept only these codecs, in this order; an empty list for all.

        Args:
            codecs: Some of those that ``getCapabilities`` lists.

        Raises:
            TypeError: A codec is not of the form that ``getCapabilities`` has.
            InvalidModificationError: A codec is unknown, or none of them carries media.
        """
        known = CODECS[self._slots.kind]
        self._slots.prefer(tuple(found for each in codecs for found in _find(each, known)))

    def __repr__(self) -> str:
        return f"<RTCRtpTransceiver {self._slots.kind} mid={self.mid} {self.direction}>"


@dataclass(slots=True, unsafe_hash=True)
class RTCTrackEvent(Event):
    """``track``: the peer would send.

    Attributes:
        streams: The ids of the streams that the peer put the track into.
    """

    receiver: RTCRtpReceiver
    track: MediaStreamTrack
    streams: tuple[str, ...]
    transceiver: RTCRtpTransceiver

    @property
    def payload(self) -> tuple[Any, ...]:
        """The track."""
        return (self.track,)


def _capabilities(kind: str) -> dict[str, Any] | None:
    if kind not in tuple(MediaKind):
        return None
    codecs: list[dict[str, Any]] = []
    for codec in CODECS[MediaKind(kind)]:
        shown = _to_dict(codec, kind)
        if shown not in codecs:
            codecs.append(shown)
    return {"codecs": codecs, "headerExtensions": [{"uri": MID_EXTENSION}]}


def _to_dict(codec: Codec, kind: str) -> dict[str, Any]:
    """webrtc-pc, RTCRtpCodec; what a retransmission format repeats depends on the m-section."""
    members: dict[str, Any] = {"mimeType": f"{kind}/{codec.name}", "clockRate": codec.clock_rate}
    if kind == MediaKind.AUDIO:
        members["channels"] = codec.channels
    if codec.parameters and codec.repaired is None:
        members["sdpFmtpLine"] = codec.parameters
    return members


def _find(value: object, known: tuple[Codec, ...]) -> list[Codec]:
    members = Dictionary(value, "codec", "mimeType")
    mime_type, rate = members.text("mimeType"), members.number("clockRate", _MAX_CLOCK_RATE)
    if mime_type is None or rate is None:
        raise TypeError("a codec has a mimeType and a clockRate; take it from getCapabilities")
    asked = (
        mime_type.lower(),
        rate,
        members.number("channels") or 1,
        members.text("sdpFmtpLine") or "",
    )
    kind = mime_type.partition("/")[0]
    found = [each for each in known if _key(each, kind) == asked]
    if not found:
        raise InvalidModificationError(f"{mime_type!r} is not among the codecs of getCapabilities")
    return found


def _key(codec: Codec, kind: str) -> tuple[str, int, int, str]:
    parameters = codec.parameters if codec.repaired is None else ""
    return f"{kind}/{codec.name}".lower(), codec.clock_rate, codec.channels, parameters


def read_kind(track_or_kind: object) -> MediaKind:
    """The kind of media that ``addTransceiver`` is asked for.

    Raises:
        NotSupportedError: It is a track.
        TypeError: It is another string.
    """
    if not isinstance(track_or_kind, str):
        raise NotSupportedError("no media is sent yet: pass 'audio' or 'video', not a track")
    if track_or_kind not in tuple(MediaKind):
        raise TypeError(f"a transceiver is for 'audio' or 'video', not {track_or_kind!r}")
    return MediaKind(track_or_kind)
