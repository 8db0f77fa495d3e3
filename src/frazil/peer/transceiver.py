"""RTCRtpTransceiver with its sender and receiver, as far as signalling goes (webrtc-pc 5.4)."""

from dataclasses import dataclass
from typing import Final, Protocol

from frazil.errors import InvalidModificationError, InvalidStateError
from frazil.peer.codec import CODECS, Codec, MediaKind
from frazil.peer.dictionary import Dictionary
from frazil.peer.transport import DtlsTransport
from frazil.sdp import Direction
from frazil.states.enums import RTCRtpTransceiverDirection

_SENDING: Final = (Direction.SENDRECV, Direction.SENDONLY)
_RECEIVING: Final = (Direction.SENDRECV, Direction.RECVONLY)


@dataclass(frozen=True, slots=True)
class TransceiverInit:
    """webrtc-pc, RTCRtpTransceiverInit.

    Attributes:
        direction: Which way media shall flow.
        streams: The ids of the streams that the sender's track will belong to.
    """

    direction: Direction = Direction.SENDRECV
    streams: tuple[str, ...] = ()


class RemoteTrack:
    """What would come from the peer: it has an identity and an end, and no media.

    Attributes:
        id: From the remote description, else random.
        is_ended: Whether nothing can come any more.
        is_told: Whether ``ended`` has told so.
    """

    __slots__ = ("id", "is_ended", "is_told", "kind")

    def __init__(self, kind: MediaKind, track_id: str) -> None:
        self.kind = kind
        self.id = track_id
        self.is_ended = self.is_told = False


class RtpSender:
    """RTCRtpSender without a track.

    Attributes:
        id: Stands for its track in ``a=msid``.
        streams: The ids of the streams it belongs to.
        transport: What it would send over; ``None`` before a description is applied.
    """

    __slots__ = ("id", "kind", "streams", "transport")

    def __init__(self, kind: MediaKind, sender_id: str, streams: tuple[str, ...]) -> None:
        self.kind = kind
        self.id = sender_id
        self.streams = streams
        self.transport: DtlsTransport | None = None


class RtpReceiver:
    """RTCRtpReceiver.

    Attributes:
        streams: The ids of the streams that the peer put the track into.
        transport: What it would receive over; ``None`` before a description is applied.
    """

    __slots__ = ("streams", "track", "transport")

    def __init__(self, track: RemoteTrack) -> None:
        self.track = track
        self.streams: tuple[str, ...] = ()
        self.transport: DtlsTransport | None = None


class TransceiverOwner(Protocol):
    """What a transceiver asks of the table that holds it."""

    @property
    def is_closed(self) -> bool:
        """Whether the connection was closed."""

    def note_change(self) -> None:
        """The application wants something other than what is negotiated."""

    def end_track(self, track: RemoteTrack) -> None:
        """Nothing can come on ``track`` any more."""


class Transceiver:
    """RTCRtpTransceiver: one m-section of audio or video, and what both sides want of it.

    Attributes:
        mid: The m-section; ``None`` before a description has one for it.
        wanted: The direction that the application asked for last.
        negotiated: The direction of the last answer.
        announced: The direction at the last remote description, which decides about ``track``.
        is_stopping: Whether ``stop`` was called, or the peer rejected it.
        is_stopped: Whether that is negotiated.
        preferred: The codecs that the application has chosen, in its order; empty if it has not.
    """

    __slots__ = (
        "_owner",
        "announced",
        "is_stopped",
        "is_stopping",
        "kind",
        "mid",
        "negotiated",
        "preferred",
        "receiver",
        "sender",
        "wanted",
    )

    def __init__(
        self,
        owner: TransceiverOwner,
        kind: MediaKind,
        direction: Direction,
        sender: RtpSender,
        receiver: RtpReceiver,
    ) -> None:
        self._owner = owner
        self.kind = kind
        self.sender = sender
        self.receiver = receiver
        self.mid: str | None = None
        self.wanted = direction
        self.negotiated: Direction | None = None
        self.announced: Direction | None = None
        self.is_stopping = False
        self.is_stopped = False
        self.preferred: tuple[Codec, ...] = ()

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """What it would use, in order of preference."""
        return self.preferred or CODECS[self.kind]

    @property
    def direction(self) -> RTCRtpTransceiverDirection:
        """What the application asked for."""
        if self.is_stopping:
            return RTCRtpTransceiverDirection.STOPPED
        return RTCRtpTransceiverDirection(self.wanted)

    @property
    def current_direction(self) -> RTCRtpTransceiverDirection | None:
        """What was negotiated last."""
        if self.is_stopped:
            return RTCRtpTransceiverDirection.STOPPED
        return RTCRtpTransceiverDirection(self.negotiated) if self.negotiated else None

    def set_direction(self, direction: object) -> None:
        """Ask for another direction; negotiation makes it so.

        Raises:
            TypeError: If it is none of the four directions.
            InvalidStateError: If the connection is closed or the transceiver stopped.
        """
        chosen = Dictionary({"direction": direction}, "transceiver", "direction").choice(
            "direction", Direction.SENDRECV
        )
        self._require_live("direction")
        if chosen is not self.wanted:
            self.wanted = chosen
            self._owner.note_change()

    def stop(self) -> None:
        """Give the m-section up; negotiation tells the peer. Stopping twice does nothing.

        Raises:
            InvalidStateError: If the connection is closed.
        """
        if self._owner.is_closed:
            raise InvalidStateError("stop on a closed connection")
        if not self.is_stopping:
            self._halt()
            self._owner.note_change()

    def prefer(self, codecs: tuple[Codec, ...]) -> None:
        """Offer only ``codecs``, in this order; empty for the default.

        Raises:
            InvalidModificationError: If one of them is unknown, or none carries media.
        """
        known = CODECS[self.kind]
        if any(each not in known for each in codecs):
            raise InvalidModificationError("a codec is not among those of getCapabilities")
        if codecs and not any(each.is_media for each in codecs):
            raise InvalidModificationError("there is no codec that carries media among them")
        self.preferred = tuple(dict.fromkeys(codecs))
        self._owner.note_change()

    def finish(self) -> None:
        """The m-section is rejected: stopped for good (webrtc-pc, stop the RTCRtpTransceiver)."""
        if not self.is_stopping:
            self._halt()
        self.is_stopped = True
        self.negotiated = None

    def close(self) -> None:
        """The connection was closed: stopped, and no event tells."""
        self.is_stopping = self.is_stopped = True
        self.wanted = Direction.INACTIVE
        self.receiver.track.is_ended = True

    def use(self, transport: DtlsTransport | None) -> None:
        """Sender and receiver share a transport."""
        self.sender.transport = self.receiver.transport = transport

    def _halt(self) -> None:
        self.is_stopping = True
        self.wanted = Direction.INACTIVE
        self._owner.end_track(self.receiver.track)

    def _require_live(self, what: str) -> None:
        if self._owner.is_closed:
            raise InvalidStateError(f"{what} on a closed connection")
        if self.is_stopping:
            raise InvalidStateError(f"{what} of a stopped transceiver; add another one")


def sends(direction: Direction | None) -> bool:
    """Whether whoever says so sends."""
    return direction in _SENDING


def receives(direction: Direction | None) -> bool:
    """Whether whoever says so receives."""
    return direction in _RECEIVING


def reverse(direction: Direction) -> Direction:
    """The same flow as the other side sees it."""
    return combine(receives(direction), sends(direction))


def combine(sending: bool, receiving: bool) -> Direction:
    """The direction of one who does the one, the other, both or nothing."""
    if sending:
        return Direction.SENDRECV if receiving else Direction.SENDONLY
    return Direction.RECVONLY if receiving else Direction.INACTIVE


def answer_direction(wanted: Direction, offered: Direction) -> Direction:
    """What both sides want (RFC 9429 5.3.1)."""
    theirs = reverse(offered)
    return combine(sends(wanted) and sends(theirs), receives(wanted) and receives(theirs))
