"""What an association tells the layer above."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from frazil.value import Value


class AssociationCloseCause(StrEnum):
    """Why an association ended."""

    SHUTDOWN = "shutdown"
    """Graceful: all data was acknowledged in both directions, whoever asked for it."""
    ABORTED_BY_LOCAL = "aborted-by-local"
    ABORTED_BY_REMOTE = "aborted-by-remote"
    TIMED_OUT = "timed-out"
    PROTOCOL_VIOLATION = "protocol-violation"
    """We aborted because the peer broke the protocol or exhausted a resource."""
    RESTARTED_BY_REMOTE = "restarted-by-remote"
    """The peer lost its state and set up anew (RFC 9260 section 5.2.4 A): all streams are lost."""


@dataclass(frozen=True, slots=True)
class AssociationEstablished:
    """Data may flow, and what was negotiated.

    Attributes:
        outbound_streams: How many streams we may send on; identifiers are below this.
        inbound_streams: How many streams the peer may send on.
        interleaving: Whether both sides interleave messages (RFC 8260).
    """

    outbound_streams: int
    inbound_streams: int
    interleaving: bool


class MessageReceived(Value):
    """A whole user message arrived, in order unless it was sent unordered.

    Attributes:
        stream_id: The stream it arrived on.
        ppid: The payload protocol identifier.
        data: The user data, never empty.
    """

    __slots__ = ("data", "ppid", "stream_id")

    def __init__(self, stream_id: int, ppid: int, data: bytes) -> None:
        self.stream_id = stream_id
        self.ppid = ppid
        self.data = data

    def as_tuple(self) -> tuple[int, int, bytes]:
        """Stream, identifier and data."""
        return self.stream_id, self.ppid, self.data


class BufferReleased(Value):
    """User bytes of a stream left the send buffer.

    A byte leaves when it is first transmitted, as the W3C ``bufferedAmount`` is defined, not when
    it is acknowledged: otherwise an application that refills an empty buffer would stall for one
    round trip each time. What hides in flight is bounded by the congestion and receiver windows.
    Bytes of messages that were given up unsent leave too.

    Attributes:
        stream_id: The stream.
        size: Bytes released since the last such event of this stream.
    """

    __slots__ = ("size", "stream_id")

    def __init__(self, stream_id: int, size: int) -> None:
        self.stream_id = stream_id
        self.size = size

    def as_tuple(self) -> tuple[int, int]:
        """Stream and size."""
        return self.stream_id, self.size


@dataclass(frozen=True, slots=True)
class StreamsReset:
    """Streams start over at sequence number zero in one direction (RFC 6525).

    Attributes:
        stream_ids: The streams.
        by_remote: True if the peer reset its sending side, so nothing more of the old stream will
            arrive; False if the peer confirmed the reset of our sending side.
    """

    stream_ids: tuple[int, ...]
    by_remote: bool


@dataclass(frozen=True, slots=True)
class StreamResetFailed:
    """The peer refused to see our sending side of some streams reset, or cannot (RFC 6525).

    Everything queued was sent, but the identifiers cannot be used for a new stream.

    Attributes:
        stream_ids: The streams.
        result: The peer's result code; None if it does not support re-configuration.
    """

    stream_ids: tuple[int, ...]
    result: int | None


@dataclass(frozen=True, slots=True)
class AssociationClosed:
    """The association ended; nothing follows this event.

    Attributes:
        cause: Who or what ended it.
        code: The SCTP error cause code that was received or sent, if any.
        text: One sentence for people.
    """

    cause: AssociationCloseCause
    code: int | None
    text: str


SctpEvent: TypeAlias = (
    AssociationEstablished
    | MessageReceived
    | BufferReleased
    | StreamsReset
    | StreamResetFailed
    | AssociationClosed
)
