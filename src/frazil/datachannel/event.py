"""What a set of channels reports and wants sent."""

from dataclasses import dataclass
from typing import TypeAlias

from frazil.datachannel.parameter import ChannelParameters
from frazil.trace import StateChange
from frazil.value import Value


class OutgoingMessage(Value):
    """A message for SCTP.

    Attributes:
        stream_id: The stream to send it on.
        ppid: The payload protocol identifier.
        data: The user data, never empty.
        ordered: Whether it must not overtake others on the stream.
        max_retransmits: How often it may be repeated; ``None`` for no limit.
        max_lifetime_s: For how long it may be transmitted; ``None`` for no limit.
        is_content: Whether ``data`` is what the application sent, not DCEP or the stand-in for
            nothing.
    """

    __slots__ = (
        "data",
        "is_content",
        "max_lifetime_s",
        "max_retransmits",
        "ordered",
        "ppid",
        "stream_id",
    )

    def __init__(
        self,
        stream_id: int,
        ppid: int,
        data: bytes,
        ordered: bool = True,
        max_retransmits: int | None = None,
        max_lifetime_s: float | None = None,
        is_content: bool = False,
    ) -> None:
        self.stream_id = stream_id
        self.ppid = ppid
        self.data = data
        self.ordered = ordered
        self.max_retransmits = max_retransmits
        self.max_lifetime_s = max_lifetime_s
        self.is_content = is_content

    def as_tuple(self) -> tuple[object, ...]:
        """Where it goes, what it is, and how it is sent."""
        return (
            self.stream_id,
            self.ppid,
            self.data,
            self.ordered,
            self.max_retransmits,
            self.max_lifetime_s,
            self.is_content,
        )


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
