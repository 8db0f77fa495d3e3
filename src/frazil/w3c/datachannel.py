"""``RTCDataChannel`` (webrtc-pc 6.2), with the two things asyncio adds: iteration and draining."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from weakref import ref

from frazil.aio.pulse import Pulse
from frazil.errors import InvalidStateError, RTCError, RTCErrorDetail
from frazil.peer.channel import DataChannel
from frazil.peer.event import EventType
from frazil.peer.priority import RTCPriorityType
from frazil.states.enums import RTCDataChannelState
from frazil.w3c.event import Event, MessageEvent, RTCErrorEvent
from frazil.w3c.inbox import Backlog, Inbox
from frazil.w3c.progress import Progress, wait_until
from frazil.w3c.target import EventHandler, EventTarget
from frazil.w3c.warning_log import WarningLog


class RTCDataChannel(EventTarget):
    """A bidirectional channel of messages.

    Read messages with a ``message`` listener or by iteration::

        async for message in channel:
            print(message)

    An iteration ends with the last message that came, when the peer may have closed the channel
    long before: then :meth:`send` raises ``InvalidStateError``. Who answers in a ``message``
    listener answers in time.

    Until either is used, messages wait for the first iteration. Several iterations share the
    messages: each goes to one of them. A listener gets every message that arrives once it is
    there, whether or not somebody iterates, and none of those that came before.
    """

    __slots__ = (
        "_arrivals",
        "_backlog",
        "_binary_type",
        "_inbox",
        "_overrun",
        "_progress",
        "_readers",
        "_slots",
        "_wake",
        "_warned",
        "_warnings",
    )

    _ALWAYS = frozenset(EventType)  # each is also for those who wait for a state

    onopen = EventHandler("Messages can be sent.")
    onmessage = EventHandler("A message arrived.")
    onbufferedamountlow = EventHandler("``bufferedAmount`` fell to the threshold.")
    onerror = EventHandler("The channel failed; ``close`` follows.")
    onclosing = EventHandler("The peer began to close the channel.")
    onclose = EventHandler("The channel is closed.")

    def __init__(
        self,
        slots: DataChannel,
        tasks: "set[asyncio.Task[Any]]",
        wake: Callable[[], float],
        progress: Progress,
        backlog: Backlog,
        warnings: WarningLog,
    ) -> None:
        """Show ``slots``. Applications call ``createDataChannel`` or listen to ``datachannel``.

        Args:
            slots: The channel.
            tasks: Where the tasks of coroutine listeners are kept.
            wake: Asks for a flush; gives the time.
            progress: For those who wait.
            backlog: What this channel and the others of its connection keep.
            warnings: Is told that nobody reads.
        """
        super().__init__(tasks)
        self._slots = slots
        self._wake = wake
        self._progress = progress
        self._arrivals = Pulse()
        self._backlog = backlog
        self._inbox: Inbox | None = None  # made with the first message that is kept
        self._readers: list[ref[_MessageReader]] = []
        self._overrun: RTCError | None = None
        self._warned = False
        self._warnings = warnings
        self._binary_type = "arraybuffer"

    # --- what it is ---------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """The name given at creation; need not be unique."""
        return self._slots.label

    @property
    def ordered(self) -> bool:
        """Whether messages arrive in the order in which they were sent."""
        return self._slots.ordered

    @property
    def maxPacketLifeTime(self) -> int | None:
        """For how many milliseconds a message is retransmitted; ``None``: until it arrives."""
        return self._slots.max_packet_life_time

    @property
    def maxRetransmits(self) -> int | None:
        """How often a message is retransmitted; ``None``: until it arrives."""
        return self._slots.max_retransmits

    @property
    def protocol(self) -> str:
        """The subprotocol, or the empty string."""
        return self._slots.protocol

    @property
    def negotiated(self) -> bool:
        """Whether both sides created the channel with an agreed id."""
        return self._slots.negotiated

    @property
    def id(self) -> int | None:
        """The SCTP stream; ``None`` until the DTLS role is known."""
        return self._slots.id

    @property
    def priority(self) -> RTCPriorityType:
        """What it gets while other channels have something to send as well (webrtc-priority)."""
        return self._slots.priority

    @property
    def readyState(self) -> RTCDataChannelState:
        """``connecting``, ``open``, ``closing`` or ``closed``."""
        return self._slots.ready_state

    @property
    def bufferedAmount(self) -> int:
        """Bytes given to :meth:`send` that have not been sent yet."""
        return self._slots.buffered_amount

    @property
    def bufferedAmountLowThreshold(self) -> int:
        """``bufferedamountlow`` fires when :attr:`bufferedAmount` falls to this."""
        return self._slots.buffered_amount_low_threshold

    @bufferedAmountLowThreshold.setter
    def bufferedAmountLowThreshold(self, value: int) -> None:
        if type(value) is not int or not 0 <= value < 1 << 32:
            raise TypeError("bufferedAmountLowThreshold is a number from 0 to 2**32 - 1")
        self._slots.set_low_threshold(value)

    @property
    def binaryType(self) -> str:
        """Kept for programs from the browser; binary messages are ``bytes`` either way."""
        return self._binary_type

    @binaryType.setter
    def binaryType(self, value: str) -> None:
        if value not in ("arraybuffer", "blob"):
            raise TypeError(f"binaryType is 'arraybuffer' or 'blob', not {value!r}")
        self._binary_type = value

    # --- what it does -------------------------------------------------------------------------

    def send(self, data: bytes | bytearray | memoryview | str) -> None:
        """Queue one message, of any size up to ``pc.sctp.maxMessageSize``.

        Returns at once; see :meth:`drain` for flow control.

        Raises:
            InvalidStateError: The channel is not open.
            TypeError: ``data`` is of another type, or larger than the peer takes.
            OperationError: Too many bytes are waiting.
        """
        if isinstance(data, (bytearray, memoryview)):
            data = bytes(data)
        self._slots.send(data, self._wake())

    def close(self) -> None:
        """Close after everything queued has been sent. Closing twice does nothing."""
        self._slots.close(self._wake())

    async def drain(self, low: int = 262_144) -> None:
        """Wait until at most ``low`` bytes wait to be sent; 0 waits until all have left.

        Raises:
            InvalidStateError: The channel closed while more bytes were waiting.
            ValueError: ``low`` is negative.
        """
        if low < 0:
            raise ValueError(f"low is a number of bytes, not {low}")
        slots = self._slots
        slots.watch_buffer()
        closed = RTCDataChannelState.CLOSED
        await self._progress.pulse.wait_until(
            lambda: slots.buffered_amount <= low or slots.ready_state is closed
        )
        if slots.buffered_amount > low:
            raise InvalidStateError(
                f"the channel closed with {slots.buffered_amount} bytes not sent"
            )

    async def wait_open(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Wait until messages can be sent.

        Args:
            timeout: Seconds to wait at most; ``None`` waits for the outcome, whenever it comes. A
                connection that failed may come back, so that is none.

        Raises:
            InvalidStateError: The channel closed instead.
            ConnectivityError: The time ran out; its ``report`` says why, and what to do about it.
        """
        states, progress = RTCDataChannelState, self._progress
        await wait_until(
            progress.pulse,
            lambda: self.readyState is not states.CONNECTING,
            timeout,
            lambda: f"not open after {timeout} s: readyState is {self.readyState}",
            progress.explain,
        )
        if self.readyState is not states.OPEN:
            raise InvalidStateError(f"the channel is {self.readyState}; it cannot be sent on")

    def __aiter__(self) -> AsyncIterator[bytes | str]:
        """The messages, from the first unread one until the channel is closed.

        Raises:
            RTCError: In the iteration, once the reader was more than 16 MiB behind, not counting
                what waited when it began.
        """
        reader = _MessageReader(self)
        if self._inbox is not None:
            if not self._readers:
                self._inbox.serve(has_reader=False)  # the last one left unnoticed
            self._inbox.serve(has_reader=True)
        self._readers.append(ref(reader, self._readers.remove))
        return reader

    async def _next_message(self) -> bytes | str:
        closed = RTCDataChannelState.CLOSED
        await self._arrivals.wait_until(
            lambda: bool(self._inbox or self._overrun) or self.readyState is closed
        )
        if self._inbox:
            return self._inbox.take()
        if self._overrun is not None:
            raise self._overrun
        raise StopAsyncIteration

    # --- from the connection ------------------------------------------------------------------

    def _listened(self, type: str) -> None:
        if type == EventType.BUFFERED_AMOUNT_LOW:
            self._slots.watch_buffer()

    def _leave(self) -> None:
        """The channel is closed, and the connection knows it no longer."""
        if self._inbox is not None:
            self._inbox.leave()

    def _end(self) -> None:
        """The connection was closed, silently: let readers notice."""
        self._arrivals.beat()

    def _receive(self, message: bytes | str) -> None:
        """Hand a message to whoever listens and keep it for whoever iterates.

        There may be very many, so only who wants an event object gets one.
        """
        entries = self._listeners.entries.get("message", ())
        is_kept = not entries or self._readers
        if is_kept:
            self._keep(message)
        for entry in entries:
            told = message if entry.is_bare else MessageEvent("message", self, message)
            self._listeners.call(entry, "message", (told,), self)
        if is_kept:
            self._arrivals.beat()

    def _dispatch(self, event: Event) -> None:
        super()._dispatch(event)
        self._arrivals.beat()

    def _keep(self, message: bytes | str) -> None:
        """Keep a message for whoever iterates."""
        if self._overrun is not None:
            return
        if self._inbox is None:
            self._inbox = Inbox(self._backlog)
        if not self._readers:
            if not self._inbox.keep_newest(message):
                self._warn()
        elif not self._inbox.keep(message):
            self._overrun_reader()

    def _overrun_reader(self) -> None:
        """A reader that misses messages must know, so the channel ends here."""
        limit = self._backlog.limit
        text = f"the reader is more than {limit} bytes behind; the channel was closed"
        self._overrun = RTCError(text, RTCErrorDetail.DATA_CHANNEL_FAILURE)
        super()._dispatch(RTCErrorEvent("error", self, self._overrun))
        self.close()

    def _warn(self) -> None:
        """Nobody reads: as in a browser that is no error, so messages go, the oldest first."""
        if not self._warned:
            self._warned = True
            text = f"nobody reads channel {self.label!r} and its oldest messages are dropped; "
            text += "add a message listener or iterate over it"
            self._warnings.warn("datachannel", "FZ-CHANNEL-UNREAD", text)

    def __repr__(self) -> str:
        return f"<RTCDataChannel {self.label!r} id={self.id} {self.readyState}>"


class _MessageReader(AsyncIterator[bytes | str]):
    """An iteration over a channel. While it exists, messages are kept for it."""

    __slots__ = ("__weakref__", "_channel")

    def __init__(self, channel: RTCDataChannel) -> None:
        self._channel = channel

    async def __anext__(self) -> bytes | str:
        return await self._channel._next_message()


@dataclass(slots=True, unsafe_hash=True)
class RTCDataChannelEvent(Event):
    """``datachannel``: the peer opened a channel."""

    channel: RTCDataChannel

    @property
    def payload(self) -> tuple[Any, ...]:
        """The channel."""
        return (self.channel,)
