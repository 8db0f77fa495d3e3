"""Which stream sends next (RFC 8260 3.6, weighted fair queueing; RFC 8831 6.4)."""

from collections import deque
from heapq import heapify, heappop, heappush, heappushpop
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.message import OutboundMessage, QueuedMessage

DEFAULT_WEIGHT: Final = 256
"""What a stream weighs until it is told otherwise: the DCEP priority of an ordinary channel."""


@mypyc_attr(acyclic=True)
class OutboundStream:
    """The sending side of one stream that is in use.

    Attributes:
        messages: What is queued; the first one may be partly sent.
        begun: The first one, once its turn has come.
        buffered: User bytes that were not sent yet.
        weight: Its share of the association, relative to the other streams that wait.
        used: What it has sent: bytes by weight, on the clock of the scheduler.
        serial: Since when it waits: the higher, the later.
        is_ending: Nothing more will be queued, and the acknowledgement of the last is waited for.
    """

    __slots__ = (
        "begun",
        "buffered",
        "is_ending",
        "messages",
        "next_ordered",
        "next_unordered",
        "serial",
        "stream_id",
        "used",
        "weight",
    )

    def __init__(self, stream_id: int, weight: int) -> None:
        self.stream_id = stream_id
        self.messages: deque[QueuedMessage] = deque()
        self.begun: OutboundMessage | None = None
        self.next_ordered = 0
        self.next_unordered = 0
        self.buffered = 0
        self.weight = weight
        self.used = 0.0
        self.serial = 0
        self.is_ending = False


@mypyc_attr(acyclic=True)
class StreamScheduler:
    """Start-time fair queueing: streams that wait get bytes in proportion to their weights.

    The stream that has used least goes first; among equals, the one that waits longest. Who had
    nothing to send has not saved anything up: it begins level with the one whose turn it is.

    Attributes:
        current: The stream whose turn it is; ``None`` if no stream waits.
        waiting: A heap of those behind it, for the scheduler; others only look whether there are.
    """

    __slots__ = ("_clock", "_has_begun", "_serial", "current", "waiting")

    def __init__(self) -> None:
        self.current: OutboundStream | None = None
        self._has_begun = False
        self._clock = 0.0
        self._serial = 0
        self.waiting: list[tuple[float, int, OutboundStream]] = []

    def add(self, stream: OutboundStream) -> None:
        """Let a stream wait for its turn, which comes before one that has not begun if it must."""
        if stream.used < self._clock:
            stream.used = self._clock
        self._serial += 1
        stream.serial = self._serial
        current = self.current
        if current is None:
            self.current = stream
        elif not self._has_begun and stream.used < current.used:
            heappush(self.waiting, (current.used, current.serial, current))
            self.current = stream
        else:
            heappush(self.waiting, (stream.used, stream.serial, stream))

    def charge(self, size: int) -> None:
        """The stream whose turn it is sent ``size`` bytes; it keeps its turn until that ends."""
        stream = self.current
        assert stream is not None
        if not self._has_begun:
            self._has_begun = True
            self._clock = stream.used
        stream.used += size / stream.weight

    def pass_on(self) -> None:
        """The turn ends, and the stream waits for another one."""
        self._has_begun = False
        stream = self.current
        if self.waiting and stream is not None:
            self._serial += 1
            stream.serial = self._serial
            self.current = heappushpop(self.waiting, (stream.used, stream.serial, stream))[2]

    def remove(self) -> OutboundStream:
        """The turn ends, and the stream waits no more."""
        stream = self.current
        assert stream is not None
        self._has_begun = False
        self.current = heappop(self.waiting)[2] if self.waiting else None
        return stream

    def remove_from(self, limit: int) -> None:
        """The streams from number ``limit`` on wait no more."""
        self.waiting = [entry for entry in self.waiting if entry[2].stream_id < limit]
        heapify(self.waiting)
        if self.current is not None and self.current.stream_id >= limit:
            self.remove()

    def clear(self) -> None:
        """Nobody waits any more."""
        self.waiting.clear()
        self.current = None
        self._has_begun = False
