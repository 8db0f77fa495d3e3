"""The data channels of a connection, and the tasks that open, feed and close them (webrtc-pc 6)."""

from collections import deque
from collections.abc import Callable, Container, Sequence
from functools import partial
from itertools import count
from typing import Final, Protocol, TypeAlias

from frazil.datachannel import ChannelAnnounced, ChannelMessage, ChannelParameters
from frazil.errors import OperationError, RTCError, RTCErrorDetail
from frazil.peer.channel import ChannelOwner, DataChannel
from frazil.peer.channel_init import ChannelInit
from frazil.peer.core import Core
from frazil.peer.event import EventType
from frazil.peer.priority import RTCPriorityType
from frazil.peer.stack import TransportStack
from frazil.peer.task import Task
from frazil.peer.transport import SctpTransport
from frazil.sctp import BufferReleased
from frazil.session.event import (
    ChannelClosed,
    ChannelClosing,
    SctpChanged,
)
from frazil.states.enums import RTCDataChannelState, RTCSctpTransportState

_CONNECTING: Final = RTCDataChannelState.CONNECTING
_OPEN: Final = RTCDataChannelState.OPEN
_CLOSING: Final = RTCDataChannelState.CLOSING
_CLOSED: Final = RTCDataChannelState.CLOSED
_SCTP_CONNECTED: Final = RTCSctpTransportState.CONNECTED
_SCTP_CLOSED: Final = RTCSctpTransportState.CLOSED
_SCTP_STATES: Final = {str(state): state for state in RTCSctpTransportState}
_MESSAGE: Final = EventType.MESSAGE

ChannelFactory: TypeAlias = Callable[[ChannelOwner, str, ChannelInit], DataChannel]
"""Makes the slots of a channel."""


class ChannelSession(Protocol):
    """What a table asks of the session that carries its channels."""

    def open_channel(
        self,
        parameters: ChannelParameters,
        now: float,
        stream_id: int | None = None,
        taken: Container[int] = (),
    ) -> int:
        """Open a channel; returns its stream, which is none of ``taken``."""

    def send(self, stream_id: int, data: bytes, text: bool, now: float) -> None:
        """Queue a message."""

    def close_channel(self, stream_id: int, now: float) -> None:
        """Close a channel after everything queued on it has been sent."""


class ChannelTable:
    """Owns the channels; the only one who tells the session about them.

    Attributes:
        opened: How many channels were ever ``open``.
    """

    __slots__ = (
        "_arrived",
        "_by_id",
        "_channels",
        "_closures",
        "_core",
        "_deliver",
        "_ending",
        "_make_channel",
        "_sctp",
        "_serial",
        "_session",
        "opened",
    )

    def __init__(self, core: Core, make_channel: ChannelFactory = DataChannel) -> None:
        self._core = core
        self._make_channel = make_channel
        self.opened = 0
        self._channels: dict[DataChannel, int] = {}
        self._ending: set[DataChannel] = set()  # that no association has, until they are told
        self._serial = count()
        self._by_id: dict[int, DataChannel] = {}
        self._closures: dict[int, int] = {}  # how many of a stream no task has told yet
        self._arrived: deque[ChannelMessage] = deque()
        self._deliver: Task = self._receive_message
        self._session: ChannelSession | None = None
        self._sctp: SctpTransport | None = None

    @property
    def numbered(self) -> list[tuple[DataChannel, int]]:
        """The channels that are not over yet, each with a number that no other ever has."""
        return list(self._channels.items())

    @property
    def has_live(self) -> bool:
        """Whether a channel needs, or may come to need, a transport."""
        return any(not channel.is_over for channel in self._channels)

    @property
    def max_message_size(self) -> int | None:
        """Bytes that one message may have; ``None`` before the first answer."""
        return self._sctp.max_message_size if self._sctp else None

    # --- the application ----------------------------------------------------------------------

    def create(self, label: str, init: ChannelInit, now: float) -> DataChannel:
        """A new channel (webrtc-pc, createDataChannel).

        Raises:
            TypeError: If the label or a member of ``init`` is out of range.
            OperationError: If the id is taken, too large for the association, or none is left.
        """
        init.check(label)
        channel = self._make_channel(self, label, init)
        if channel.id is not None and channel.id in self._by_id:
            raise OperationError(f"id {channel.id} belongs to another channel; choose a free one")
        maximum = self._sctp.max_channels if self._sctp else None
        if channel.id is not None and maximum is not None and channel.id >= maximum:
            raise OperationError(f"id {channel.id} is too large: the peer has {maximum} streams")
        self._open_in_session(channel, now)
        self._channels[channel] = next(self._serial)
        if channel.id is not None:
            self._by_id[channel.id] = channel
        if self._is_connected:
            self._core.tasks.queue(partial(self._announce_open, channel))
        elif self._is_dead:
            error = RTCError("the association is closed", RTCErrorDetail.DATA_CHANNEL_FAILURE)
            self._end(channel, error)
        return channel

    def transmit(self, channel: DataChannel, data: bytes, text: bool, now: float) -> None:
        """Queue one message of an open channel, or lose it if the channel has ended."""
        if (self._closures or self._ending) and self._has_ended(channel):
            self._core.trace.count("message-for-closed-channel")
        elif self._session is not None and channel.id is not None:
            self._session.send(channel.id, data, text, now)

    def begin_close(self, channel: DataChannel, now: float) -> None:
        """Start the closing procedure; without an association there is nothing to wait for."""
        if self._has_ended(channel):
            return
        if self._session is None or channel.id is None or self._is_dead:
            self._end(channel, None)
            return
        self._session.close_channel(channel.id, now)
        if not self._is_connected:
            self._core.tasks.queue(partial(self._announce_closed, channel, None))

    # --- the negotiation ----------------------------------------------------------------------

    def attach(self, session: ChannelSession, sctp: SctpTransport, now: float) -> list[DataChannel]:
        """An answer started SCTP: channels get ids, and wait for the association.

        Returns:
            The channels for which no id was left; they are closed, and their ``error`` is due.
        """
        if self._sctp is sctp:
            return []
        self._session, self._sctp = session, sctp
        failed = []
        waiting = [each for each in self._channels if not (each.is_over or each in self._ending)]
        # Negotiated ids first, so that the others are chosen around them.
        for channel in sorted(waiting, key=lambda each: not each.negotiated):
            try:
                self._open_in_session(channel, now)
            except OperationError:
                channel.ready_state = _CLOSED
                del self._channels[channel]
                failed.append(channel)
            else:
                assert channel.id is not None
                self._by_id[channel.id] = channel
        return failed

    def detach(self, text: str) -> None:
        """The association ends by an answer: all channels that exist are closed."""
        self._session = self._sctp = None
        self._by_id = {each.id: each for each in self._channels if each.id is not None}
        for channel in self._channels:
            connecting = channel.ready_state is _CONNECTING
            error = RTCError(text, RTCErrorDetail.DATA_CHANNEL_FAILURE) if connecting else None
            self._end(channel, error)

    def close(self) -> None:
        """The connection was closed: every channel is closed abruptly and silently."""
        for channel in self._channels:
            channel.ready_state = _CLOSED
        self._channels.clear()
        self._ending.clear()
        self._by_id.clear()
        self._closures.clear()
        self._arrived.clear()
        self._session = None
        self._deliver = _forget  # a method that is kept keeps its object

    # --- the session --------------------------------------------------------------------------

    def change_sctp(self, stack: TransportStack, event: SctpChanged) -> None:
        """The association is up, or gone."""
        self._core.tasks.queue(partial(self._change_sctp, stack.sctp, event))

    def receive_channel(self, stack: TransportStack, event: ChannelAnnounced) -> None:
        """The peer opened a channel."""
        self._core.tasks.queue(
            partial(self._receive_channel, stack.sctp, event.stream_id, event.parameters)
        )

    def receive_messages(self, messages: Sequence[ChannelMessage]) -> None:
        """Messages for channels arrived."""
        self._arrived += messages
        self._core.tasks.queue(self._deliver, len(messages))  # once for each, in the same order

    def drain(self, event: BufferReleased) -> None:
        """Bytes left the buffer of a channel (webrtc-pc 6.2, underlying data transport)."""
        channel = self._by_id.get(event.stream_id)
        if channel is None:
            return
        if channel.is_watched:
            self._core.tasks.queue(partial(self._release, channel, event.size))
        else:
            left = channel.buffered_amount - event.size
            channel.buffered_amount = left if left > 0 else 0

    def start_closing(self, event: ChannelClosing) -> None:
        """The peer began to close a channel."""
        self._core.tasks.queue(partial(self._start_closing, event.stream_id))

    def finish_closing(self, event: ChannelClosed) -> None:
        """The stream is free again: reset in both directions, or its association is gone."""
        self._closures[event.stream_id] = self._closures.get(event.stream_id, 0) + 1
        self._core.tasks.queue(partial(self._finish_closing, event))

    # --- tasks --------------------------------------------------------------------------------

    def _change_sctp(self, sctp: SctpTransport | None, event: SctpChanged, now: float) -> None:
        core, change = self._core, event.change
        if sctp is None or not self._is_current(sctp):
            return
        sctp.state = _SCTP_STATES[change.new]
        machine = f"sctp-transport {sctp.name}"
        core.history.record(change.at, machine, change.old, change.new, change.reason)
        core.tasks.fire(sctp, EventType.STATE_CHANGE)
        if sctp.state is _SCTP_CONNECTED:
            sctp.max_channels = event.max_channels
            for channel in self._channels:
                core.tasks.follow(partial(self._announce_open, channel))
        elif sctp.state is _SCTP_CLOSED:
            error = _sctp_error(change.reason.text, event.cause_code) if event.failed else None
            for channel in self._channels:
                core.tasks.follow(partial(self._announce_closed, channel, error))

    def _receive_channel(
        self,
        sctp: SctpTransport | None,
        stream_id: int,
        parameters: ChannelParameters,
        now: float,
    ) -> None:
        if sctp is None or not self._is_current(sctp):
            return
        channel = self._make_channel(self, parameters.label, _init_of(parameters))
        channel.id = stream_id
        self._channels[channel] = next(self._serial)
        self._open(channel)
        self._by_id[stream_id] = channel
        self._core.tasks.fire(None, EventType.DATA_CHANNEL, channel)
        # Next, so that a message which came with the announcement does not overtake `open`.
        self._core.tasks.follow(partial(self._announce_open, channel))

    def _announce_open(self, channel: DataChannel, now: float) -> None:
        if channel.is_over:
            return
        maximum = self._sctp.max_channels if self._sctp else None
        if channel.id is None or (maximum is not None and channel.id >= maximum):
            text = f"the association has {maximum} streams, too few for id {channel.id}"
            self._announce_closed(channel, RTCError(text, RTCErrorDetail.DATA_CHANNEL_FAILURE), now)
            return
        self._open(channel)
        self._core.tasks.fire(channel, EventType.OPEN)

    def _open(self, channel: DataChannel) -> None:
        if channel.ready_state is not _OPEN:
            channel.ready_state = _OPEN
            self.opened += 1

    def _end(self, channel: DataChannel, error: RTCError | None) -> None:
        """Close a channel that no association has; it keeps its id until the task has told it."""
        self._ending.add(channel)
        self._core.tasks.queue(partial(self._announce_closed, channel, error))

    def _announce_closed(self, channel: DataChannel, error: RTCError | None, now: float) -> None:
        if channel.ready_state is _CLOSED:
            return
        channel.ready_state = _CLOSED
        self._channels.pop(channel, None)
        if channel in self._ending:
            self._ending.remove(channel)
            if channel.id is not None and self._by_id.get(channel.id) is channel:
                del self._by_id[channel.id]
        if error is not None:
            self._core.tasks.fire(channel, EventType.ERROR, error)
        self._core.tasks.fire(channel, EventType.CLOSE)

    def _receive_message(self, now: float) -> None:
        stream_id, data, is_text = self._arrived.popleft()
        channel = self._by_id.get(stream_id)
        if channel is None or channel.ready_state is not _OPEN:
            self._core.trace.count("message-for-closed-channel")
            return
        channel.messages_received += 1
        channel.bytes_received += len(data)
        payload = data.decode(errors="replace") if is_text else data
        self._core.tasks.fire(channel, _MESSAGE, payload)

    def _release(self, channel: DataChannel, size: int, now: float) -> None:
        before = channel.buffered_amount
        channel.buffered_amount = max(0, before - size)
        if before > channel.buffered_amount_low_threshold >= channel.buffered_amount:
            self._core.tasks.fire(channel, EventType.BUFFERED_AMOUNT_LOW)

    def _start_closing(self, stream_id: int, now: float) -> None:
        channel = self._by_id.get(stream_id)
        if channel is not None and not channel.is_over:
            channel.ready_state = _CLOSING
            self._core.tasks.fire(channel, EventType.CLOSING)

    def _finish_closing(self, event: ChannelClosed, now: float) -> None:
        left = self._closures.pop(event.stream_id) - 1
        if left:
            self._closures[event.stream_id] = left
        channel = self._by_id.pop(event.stream_id, None)
        if channel is not None:
            text = "the association was aborted"
            error = _sctp_error(text, event.cause_code) if event.failed else None
            self._announce_closed(channel, error, now)

    # --- state ----------------------------------------------------------------------------------

    @property
    def _is_connected(self) -> bool:
        return self._sctp is not None and self._sctp.state is _SCTP_CONNECTED

    @property
    def _is_dead(self) -> bool:
        return self._sctp is not None and self._sctp.state is _SCTP_CLOSED

    def _is_current(self, sctp: SctpTransport) -> bool:
        """Whether this association has the channels, still, when a task tells what it reported."""
        return sctp is self._sctp and not self._is_dead

    def _has_ended(self, channel: DataChannel) -> bool:
        """Whether the task waits that closes this channel, whose stream may have the next one."""
        return channel.id in self._closures or channel in self._ending

    def _open_in_session(self, channel: DataChannel, now: float) -> None:
        """Give the channel its stream, once there are streams (RFC 8832 6).

        A stream may be free while the task still waits that closes its old channel.

        Raises:
            OperationError: If the stream is in use, or none is free.
        """
        if self._session is not None and not self._is_dead:
            parameters = _parameters_of(channel)
            channel.id = self._session.open_channel(parameters, now, channel.id, self._by_id)


def _forget(now: float) -> None:
    """Do nothing: a closed connection has no tasks."""


def _sctp_error(text: str, cause_code: int | None) -> RTCError:
    return RTCError(text, RTCErrorDetail.SCTP_FAILURE, sctp_cause_code=cause_code)


def _parameters_of(channel: DataChannel) -> ChannelParameters:
    return ChannelParameters(
        label=channel.label,
        protocol=channel.protocol,
        ordered=channel.ordered,
        max_retransmits=channel.max_retransmits,
        max_packet_life_time_ms=channel.max_packet_life_time,
        negotiated=channel.negotiated,
        priority=channel.priority.number,
    )


def _init_of(parameters: ChannelParameters) -> ChannelInit:
    return ChannelInit(
        ordered=parameters.ordered,
        max_packet_life_time=parameters.max_packet_life_time_ms,
        max_retransmits=parameters.max_retransmits,
        protocol=parameters.protocol,
        priority=RTCPriorityType.of_number(parameters.priority),
    )
