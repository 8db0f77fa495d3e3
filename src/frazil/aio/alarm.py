"""Rings at an instant that moves with nearly everything that happens, mostly to later.

So to set an alarm is to write its instant down. Where the queue will look at it earlier anyway, it
stays filed for that, and is filed anew when that has come.
"""

import math
from collections.abc import Callable
from contextvars import copy_context
from heapq import heappop, heappush
from typing import Final, Protocol

Ring = Callable[[float], None]
"""Called with the time, when it has come."""

_NEVER: Final = math.inf
MAX_RINGS: Final = 64
"""Alarms that ring in one turn of the loop, so that whoever else is there waits for some 2 ms only.
Those that are left ring in the next turn, after what has arrived meanwhile was read."""
MAX_MOVES: Final = 2
"""Times that the timer moves to later after alarms have rung: for the questions of the peers that
were due as well, and for the answers. What moves to later by itself costs less if it is left."""


class Clock(Protocol):
    """What has the timer: an :class:`~frazil.aio.alarm_clock.AlarmClock`."""

    def arm(self) -> None:
        """Set the timer to what the queue has first."""

    def arm_soon(self) -> None:
        """The same, in the next turn of the loop."""


class Alarm:
    """Rings at the instant that it was set to last, once, in the context in which it was made.

    Use :func:`~frazil.aio.alarm_clock.alarm_on`.

    Attributes:
        at: When it will ring; ``None`` if it is not set.
    """

    __slots__ = ("_context", "_filed_at", "_filed_behind", "_queue", "_ring", "at")

    def __init__(self, queue: "AlarmQueue", ring: Ring) -> None:
        self._queue = queue
        self._context = copy_context()
        self._ring: Ring | None = ring
        self.at: float | None = None
        self._filed_at = _NEVER  # when it will be looked at
        self._filed_behind: list[float] | None = None  # and after that, the next instant last

    def set(self, at: float | None) -> None:
        """Ring at ``at``, and at no other time; never, if that is ``None``."""
        before, self.at = self.at, at
        if at != before:
            if before is not None and before == self._queue.awaited_at:
                self._queue.let_go()
            self.refile()

    def refile(self) -> None:
        """See to it that the queue has it in time."""
        at, filed_at = self.at, self._filed_at
        if at is None or at >= filed_at:
            return
        if filed_at < _NEVER:
            if self._filed_behind is None:
                self._filed_behind = []
            self._filed_behind.append(filed_at)
        self._filed_at = at
        self._queue.file(at, self)

    def unfile(self) -> None:
        """The queue has come to what it is filed for next."""
        self._filed_at = self._filed_behind.pop() if self._filed_behind else _NEVER

    def close(self) -> None:
        """Never ring any more, and let go of whom it was for. Idempotent."""
        if self._ring is not None:
            self._ring = self.at = None
            self._queue.release()

    def look(self, now: float) -> None:
        """Ring if it is time; if not, be filed for when it is.

        Raises:
            Exception: What the one it rings for raises.
        """
        ring, at = self._ring, self.at
        if ring is None or at is None or at > now:
            self.refile()
        else:
            self.at = None
            self._context.run(ring, now)


class AlarmQueue:
    """The alarms of one event loop, in pages of those that are to be looked at together.

    Attributes:
        awaited_at: What the timer is set to; ``None`` if it is not.
    """

    __slots__ = (
        "_awaiting",
        "_clock",
        "_in_use",
        "_instants",
        "_is_busy",
        "_moves",
        "_pages",
        "awaited_at",
    )

    def __init__(self) -> None:
        self._clock: Clock | None = None  # as long as there is an alarm
        self._instants: list[float] = []  # of the pages, as a heap
        self._pages: dict[float, list[Alarm]] = {}
        self._in_use = 0
        self._is_busy = False
        self._awaiting = 0
        self._moves = 0
        self.awaited_at: float | None = None

    def make(self, clock: Clock, ring: Ring) -> Alarm:
        """An alarm that is not set; ``clock`` has the timer for all of them."""
        self._clock = clock
        self._in_use += 1
        return Alarm(self, ring)

    def release(self) -> None:
        """An alarm will not be set any more; after the last one, no timer is left."""
        self._in_use -= 1
        if not self._in_use:
            self._instants.clear()
            self._pages.clear()
            self._arm()
            self._clock = None

    def file(self, at: float, alarm: Alarm) -> None:
        """Look at ``alarm`` when ``at`` has come."""
        page = self._pages.get(at)
        if page is not None:
            page.append(alarm)
            return
        self._pages[at] = [alarm]
        heappush(self._instants, at)
        if self.awaited_at is None or at < self.awaited_at:
            self._arm()

    def _arm(self) -> None:
        """Have the timer set anew, unless alarms ring: then it will be anyway."""
        if self._clock is not None and not self._is_busy:
            self._clock.arm()

    def let_go(self) -> None:
        """An alarm that the timer was for has moved; after the last one the timer may.

        In the next turn: the alarm behind it may be about to move as well.
        """
        self._awaiting -= 1
        if not self._awaiting and self._moves and self._clock is not None:
            self._moves -= 1
            self._clock.arm_soon()

    def open(self) -> float | None:
        """When alarms will ring for which they are filed then; others are filed anew.

        The timer is to be set to that; if it is ``None``, to nothing.
        """
        self._is_busy = True
        while self._instants and not self._turn_page(self._instants[0]):
            pass
        self._is_busy = False
        self.awaited_at = None
        if self._instants:
            self.awaited_at = self._instants[0]
            self._awaiting = len(self._pages[self._instants[0]])
        return self.awaited_at

    def _turn_page(self, at: float) -> bool:
        """File those of the first page anew that have moved; whether any is left on it."""
        staying: list[Alarm] = []
        for alarm in self._pages[at]:
            if alarm.at is not None and alarm.at <= at:
                staying.append(alarm)
            else:
                alarm.unfile()
                alarm.refile()
        if staying:
            self._pages[at] = staying
            return True
        del self._pages[heappop(self._instants)]
        return False

    def ring(self, now: float, report: Callable[[Exception], None]) -> None:
        """Let those ring for whom it is time, as many as may in one turn of the loop.

        Args:
            now: The instant.
            report: Is told what whoever an alarm is for raises.
        """
        self.awaited_at = None
        self._moves = MAX_MOVES
        due = self._take_due(now)
        due.reverse()
        self._is_busy = True
        try:
            while due:
                try:
                    due.pop().look(now)
                except Exception as error:
                    report(error)
        finally:
            for alarm in reversed(due):
                alarm.refile()
            self._is_busy = False

    def _take_due(self, now: float) -> list[Alarm]:
        """The alarms to look at in this turn, in order."""
        due: list[Alarm] = []
        while self._instants and self._instants[0] <= now and len(due) < MAX_RINGS:
            page = self._pages[self._instants[0]]
            room = MAX_RINGS - len(due)
            due += page[:room]
            del page[:room]
            if not page:
                del self._pages[heappop(self._instants)]
        for alarm in due:
            alarm.unfile()
        return due
