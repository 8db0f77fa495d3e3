"""Which stream sends next (RFC 8260 3.6, weighted fair queueing; RFC 8831 6.4)."""

from collections import deque
from heapq import heapify, heappop, heappush, heapreplace
from typing import Final

from frazil.sctp.message import OutboundMessage, QueuedMessage

DEFAULT_WEIGHT: Final = 256
"""What a stream weighs until it is told otherwise: the DCEP priority of an ordinary channel."""
_NOW: Final = -1.0
"""Before every instant of the clock: nobody who comes later gets in front."""


class OutboundStream:
    """The sending side of one stream that is in use.

    Attributes:
        messages: What is queued; the first one may be partly sent.
        begun: The first one, once its turn has come.
        buffered: User bytes that were not sent yet.
        weight: Its share of the association, relative to the other streams that wait.
        used: What it has sent: bytes by weight, on the clock of the scheduler.
    """

    __slots__ = (
        "begun",
        "buffered",
        "messages",
        "next_ordered",
        "next_unordered",
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


class StreamScheduler:
    """Start-time fair queueing: streams that wait get bytes in proportion to their weights.

    The stream that has used least goes first; among equals, the one that waits longest. Who had
    nothing to send has not saved anything up: it begins level with the one whose turn it is.
    """

    __slots__ = ("_clock", "_serial", "_waiting")

    def __init__(self) -> None:
        self._clock = 0.0
        self._serial = 0
        self._waiting: list[tuple[float, int, OutboundStream]] = []

    def __bool__(self) -> bool:
        """Whether a stream waits."""
        return bool(self._waiting)

    @property
    def current(self) -> OutboundStream:
        """The stream whose turn it is; there must be one."""
        return self._waiting[0][2]

    def add(self, stream: OutboundStream) -> None:
        """Let a stream wait for its turn."""
        stream.used = max(stream.used, self._clock)
        heappush(self._waiting, self._entry(stream))

    def charge(self, size: int) -> None:
        """The stream whose turn it is sent ``size`` bytes; it keeps its turn until that ends."""
        start, serial, stream = self._waiting[0]
        if start != _NOW:
            self._clock = start
            self._waiting[0] = _NOW, serial, stream
        stream.used += size / stream.weight

    def pass_on(self) -> None:
        """The turn ends, and the stream waits for another one."""
        heapreplace(self._waiting, self._entry(self._waiting[0][2]))

    def remove(self) -> OutboundStream:
        """The turn ends, and the stream waits no more."""
        return heappop(self._waiting)[2]

    def remove_from(self, limit: int) -> None:
        """The streams from number ``limit`` on wait no more."""
        self._waiting = [entry for entry in self._waiting if entry[2].stream_id < limit]
        heapify(self._waiting)

    def clear(self) -> None:
        """Nobody waits any more."""
        self._waiting.clear()

    def _entry(self, stream: OutboundStream) -> tuple[float, int, OutboundStream]:
        self._serial += 1
        return stream.used, self._serial, stream
