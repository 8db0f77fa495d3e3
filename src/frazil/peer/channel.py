"""RTCDataChannel: its slots, and what the application can do with it (webrtc-pc 6.2)."""

from typing import Final, Protocol

from frazil.compiled import mypyc_attr
from frazil.errors import InvalidStateError, OperationError
from frazil.peer.channel_init import ChannelInit
from frazil.peer.dictionary import scalar_text
from frazil.states.enums import RTCDataChannelState

_CONNECTING: Final = RTCDataChannelState.CONNECTING
_OPEN: Final = RTCDataChannelState.OPEN
_OVER: Final = frozenset((RTCDataChannelState.CLOSING, RTCDataChannelState.CLOSED))

MAX_BUFFERED_AMOUNT: Final = 16 * 1024 * 1024
"""Bytes that may wait to be sent on one channel."""


class ChannelOwner(Protocol):
    """What a channel asks of the table that holds it."""

    @property
    def max_message_size(self) -> int | None:
        """Bytes that one message may have; ``None`` before the first answer."""

    def transmit(self, channel: "DataChannel", data: bytes, text: bool, now: float) -> None:
        """Queue one message."""

    def begin_close(self, channel: "DataChannel", now: float) -> None:
        """Start the closing procedure of a channel that is ``closing``."""


@mypyc_attr(allow_interpreted_subclasses=True)
class DataChannel:
    """RTCDataChannel.

    Attributes:
        id: The stream id; ``None`` until the DTLS role is known.
        ready_state: Written by tasks, and by ``close``.
        buffered_amount: Bytes given to ``send`` that have not left yet. Rises inside ``send``,
            falls between the turns of the application only.
        buffered_amount_low_threshold: ``bufferedamountlow`` fires when the amount falls to it.
        is_watched: Whether the amount falls in tasks, which tell of it.
        messages_sent: How many messages ``send`` took.
        bytes_sent: Their payload.
        messages_received: How many ``message`` events fired.
        bytes_received: Their payload.
    """

    __slots__ = (
        "_owner",
        "buffered_amount",
        "buffered_amount_low_threshold",
        "bytes_received",
        "bytes_sent",
        "id",
        "is_watched",
        "label",
        "max_packet_life_time",
        "max_retransmits",
        "messages_received",
        "messages_sent",
        "negotiated",
        "ordered",
        "priority",
        "protocol",
        "ready_state",
    )

    def __init__(self, owner: ChannelOwner, label: str, init: ChannelInit) -> None:
        self._owner = owner
        self.label = label
        self.protocol = init.protocol
        self.ordered = init.ordered
        self.max_packet_life_time = init.max_packet_life_time
        self.max_retransmits = init.max_retransmits
        self.negotiated = init.negotiated
        self.priority = init.priority
        self.id = init.id if init.negotiated else None
        self.ready_state: RTCDataChannelState = _CONNECTING
        self.buffered_amount = 0
        self.buffered_amount_low_threshold = 0
        self.is_watched = False
        self.messages_sent = 0
        self.bytes_sent = 0
        self.messages_received = 0
        self.bytes_received = 0

    @property
    def is_over(self) -> bool:
        """Whether it is closed or being closed."""
        return self.ready_state in _OVER

    def send(self, data: object, now: float) -> None:
        """Queue a message.

        Raises:
            InvalidStateError: If the channel is not open.
            TypeError: If ``data`` is neither bytes nor str, or is larger than
                ``sctp.max_message_size``.
            OperationError: If more than ``MAX_BUFFERED_AMOUNT`` bytes would wait.
        """
        text = False
        if type(data) is bytes:
            payload = data
        elif isinstance(data, str):
            payload, text = scalar_text(data).encode(), True
        else:
            payload = _binary(data)
        if self.ready_state is not _OPEN:
            raise InvalidStateError(
                f"the channel is {self.ready_state}; send after its open event and before close"
            )
        size = len(payload)
        limit = self._owner.max_message_size
        if limit is not None and size > limit:
            raise TypeError(f"the peer takes messages of up to {limit} bytes, not {size}")
        buffered = self.buffered_amount + size
        if buffered > MAX_BUFFERED_AMOUNT:
            raise OperationError(
                f"{self.buffered_amount} bytes are waiting already; "
                "send more after bufferedamountlow"
            )
        self.buffered_amount = buffered
        self.messages_sent += 1
        self.bytes_sent += size
        self._owner.transmit(self, payload, text, now)

    def watch_buffer(self) -> None:
        """From now on let :attr:`buffered_amount` fall in tasks, and fire ``bufferedamountlow``.

        Without anybody who hears of it, that would be a task for each message.
        """
        self.is_watched = True

    def set_low_threshold(self, value: int) -> None:
        """Let ``bufferedamountlow`` fire when :attr:`buffered_amount` falls to ``value``."""
        self.buffered_amount_low_threshold = value

    def close(self, now: float) -> None:
        """Close after everything queued was sent; does nothing if that began already."""
        if not self.is_over:
            self.ready_state = RTCDataChannelState.CLOSING
            self._owner.begin_close(self, now)


def _binary(data: object) -> bytes:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"a message is bytes or str, not {type(data).__name__}")
