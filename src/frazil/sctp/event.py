"""What an association tells the layer above."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from frazil.compiled import mypyc_attr
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


@mypyc_attr(acyclic=True)
class AssociationEstablished(Value):
    """Data may flow, and what was negotiated.

    Attributes:
        outbound_streams: How many streams we may send on; identifiers are below this.
        inbound_streams: How many streams the peer may send on.
        interleaving: Whether both sides interleave messages (RFC 8260).
    """

    __slots__ = ("inbound_streams", "interleaving", "outbound_streams")

    def __init__(self, outbound_streams: int, inbound_streams: int, interleaving: bool) -> None:
        self.outbound_streams = outbound_streams
        self.inbound_streams = inbound_streams
        self.interleaving = interleaving

    def as_tuple(self) -> tuple[object, ...]:
        """What was negotiated."""
        return self.outbound_streams, self.inbound_streams, self.interleaving


UserMessage: TypeAlias = tuple[int, int, bytes]
"""A whole user message: its stream, its payload protocol identifier, and the data, never empty.

A plain tuple, as there are very many: any other object takes several times as long to make.
"""


@mypyc_attr(acyclic=True)
class MessagesReceived(Value):
    """User messages arrived, with nothing else between them.

    Attributes:
        messages: At least one, in order unless they were sent unordered.
    """

    __slots__ = ("messages",)

    def __init__(self, messages: list[UserMessage]) -> None:
        self.messages = messages

    def as_tuple(self) -> tuple[object, ...]:
        """The messages."""
        return (self.messages,)


@mypyc_attr(acyclic=True)
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
        result: The peer's result code; None if it does not support re-configuration, or has no
            such streams.
    """

    stream_ids: tuple[int, ...]
    result: int | None


@mypyc_attr(acyclic=True)
class AssociationClosed(Value):
    """The association ended; nothing follows this event.

    Attributes:
        cause: Who or what ended it.
        code: The SCTP error cause code that was received or sent, if any.
        text: One sentence for people.
    """

    __slots__ = ("cause", "code", "text")

    def __init__(self, cause: AssociationCloseCause, code: int | None, text: str) -> None:
        self.cause = cause
        self.code = code
        self.text = text

    def as_tuple(self) -> tuple[object, ...]:
        """Cause, code and text."""
        return self.cause, self.code, self.text


SctpEvent: TypeAlias = (
    AssociationEstablished
    | MessagesReceived
    | BufferReleased
    | StreamsReset
    | StreamResetFailed
    | AssociationClosed
)
