"""What a set of channels reports and wants sent."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from frazil.datachannel.parameter import ChannelParameters
from frazil.trace import StateChange
from frazil.value import Value


class OutgoingMessage(NamedTuple):
    """A message of DCEP for SCTP, to be sent in order and until it arrives.

    Attributes:
        stream_id: The stream to send it on.
        ppid: The payload protocol identifier.
        data: The user data, never empty.
    """

    stream_id: int
    ppid: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ChannelAnnounced:
    """The peer opened a channel; it is open and may be used at once.

    Attributes:
        stream_id: Its stream.
        parameters: What the peer chose.
    """

    stream_id: int
    parameters: ChannelParameters


@dataclass(frozen=True, slots=True)
class ChannelStateChanged:
    """A channel moved; in ``closed`` it is gone, and its stream may serve another.

    Attributes:
        stream_id: Its stream.
        change: From where to where, and why.
    """

    stream_id: int
    change: StateChange


class ChannelMessage(Value):
    """A message arrived.

    Attributes:
        stream_id: The stream of the channel.
        data: The content; for text the peer's UTF-8, not verified.
        text: Whether it is text.
    """

    __slots__ = ("data", "stream_id", "text")

    def __init__(self, stream_id: int, data: bytes, text: bool) -> None:
        self.stream_id = stream_id
        self.data = data
        self.text = text

    def as_tuple(self) -> tuple[int, bytes, bool]:
        """Stream, content and kind."""
        return self.stream_id, self.data, self.text


ChannelEvent: TypeAlias = ChannelAnnounced | ChannelStateChanged | ChannelMessage
"""Everything :meth:`ChannelSet.poll_events` may return."""
