"""What a set of channels reports and wants sent."""

from typing import TypeAlias

from frazil.compiled import mypyc_attr
from frazil.datachannel.parameter import ChannelParameters
from frazil.trace import StateChange
from frazil.value import Value


@mypyc_attr(acyclic=True)
class OutgoingMessage(Value):
    """A message of DCEP for SCTP, to be sent in order and until it arrives.

    Attributes:
        stream_id: The stream to send it on.
        ppid: The payload protocol identifier.
        data: The user data, never empty.
    """

    __slots__ = ("data", "ppid", "stream_id")

    def __init__(self, stream_id: int, ppid: int, data: bytes) -> None:
        self.stream_id = stream_id
        self.ppid = ppid
        self.data = data

    def as_tuple(self) -> tuple[object, ...]:
        """Stream, identifier and data."""
        return self.stream_id, self.ppid, self.data


@mypyc_attr(acyclic=True)
class ChannelAnnounced(Value):
    """The peer opened a channel (RFC 8832); it is open and may be used at once.

    Attributes:
        stream_id: Its stream.
        parameters: What the peer chose.
    """

    __slots__ = ("parameters", "stream_id")

    def __init__(self, stream_id: int, parameters: ChannelParameters) -> None:
        self.stream_id = stream_id
        self.parameters = parameters

    def as_tuple(self) -> tuple[object, ...]:
        """Stream and parameters."""
        return self.stream_id, self.parameters


@mypyc_attr(acyclic=True)
class ChannelStateChanged(Value):
    """A channel moved; in ``closed`` it is gone, and its stream may serve another.

    Attributes:
        stream_id: Its stream.
        change: From where to where, and why.
    """

    __slots__ = ("change", "stream_id")

    def __init__(self, stream_id: int, change: StateChange) -> None:
        self.stream_id = stream_id
        self.change = change

    def as_tuple(self) -> tuple[object, ...]:
        """Stream and state change."""
        return self.stream_id, self.change


ChannelMessage: TypeAlias = tuple[int, bytes, bool]
"""A message: the stream of its channel, the content, and whether that is text: the peer's UTF-8,
not verified. A plain tuple, as there are very many."""


@mypyc_attr(acyclic=True)
class MessagesArrived(Value):
    """Messages arrived, with nothing else between them.

    Attributes:
        messages: At least one, in order.
    """

    __slots__ = ("messages",)

    def __init__(self, messages: list[ChannelMessage]) -> None:
        self.messages = messages

    def as_tuple(self) -> tuple[object, ...]:
        """The messages."""
        return (self.messages,)


ChannelEvent: TypeAlias = ChannelAnnounced | ChannelStateChanged | MessagesArrived
"""Everything :meth:`ChannelSet.poll_events` may return."""
