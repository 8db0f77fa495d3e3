"""One timer of the event loop for all connections on it.

Alarms that are due together ring in one turn of the loop, and are told one time, unless they are
too many. What follows at once, such as the answers to questions that were due, often moves all the
deadlines that the timer is for: then it moves as well.
"""

import asyncio
from collections import deque
from contextvars import Context
from heapq import heappop, heappush
from typing import Final
from weakref import WeakValueDictionary

from frazil.aio.alarm import Alarm, Ring

MAX_RINGS: Final = 64
"""Alarms that ring in one turn of the loop, so that whoever else is there waits for some 2 ms only.
Those that are left ring in the next turn, after what has arrived meanwhile was read."""
MAX_MOVES: Final = 2
"""Times that the timer moves to later after alarms have rung: for the questions of the peers that
were due as well, and for the answers. What moves to later by itself costs less if it is left."""


class AlarmClock:
    """The alarms of one event loop, in pages of those that are to be looked at together.

    Attributes:
        awaited_at: What the timer is set to; ``None`` if it is not.
    """

    __slots__ = (
        "__weakref__",
        "_awaiting",
        "_in_use",
        "_instants",
        "_is_busy",
        "_loop",
        "_moves",
        "_pages",
        "_tidying",
        "_timer",
        "awaited_at",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._instants: list[float] = []  # of the pages, as a heap
        self._pages: dict[float, list[Alarm]] = {}
        self._in_use = 0
        self._is_busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._tidying: asyncio.Handle | None = None
        self._awaiting = 0
        self._moves = 0
        self.awaited_at: float | None = None

    def make(self, ring: Ring) -> Alarm:
        """An alarm that is not set."""
        self._in_use += 1
        return Alarm(self, ring)

    def release(self) -> None:
        """An alarm will not be set any more; after the last one, no timer is left."""
        self._in_use -= 1
        if not self._in_use:
            self._instants.clear()
            self._pages.clear()
            if not self._is_busy:
                self._arm()

    def file(self, at: float, alarm: Alarm) -> None:
        """Look at ``alarm`` when ``at`` has come."""
        page = self._pages.get(at)
        if page is not None:
            page.append(alarm)
            return
        self._pages[at] = [alarm]
        heappush(self._instants, at)
        if not self._is_busy and (self.awaited_at is None or at < self.awaited_at):
            self._arm()

    def let_go(self) -> None:
        """An alarm that the timer was for has moved; after the last one the timer may.

        In the next turn: the alarm behind it may be about to move as well.
        """
        self._awaiting -= 1
        if not self._awaiting and self._moves:
            self._moves -= 1
            self._tidying = self._loop.call_soon(self._arm, context=Context())

    def _arm(self) -> None:
        """Wake up for the first alarms that ring when they were filed for."""
        for handle in (self._timer, self._tidying):
            if handle is not None:
                handle.cancel()
        self._timer = self._tidying = self.awaited_at = None
        self._is_busy = True
        while self._instants and not self._turn_page(self._instants[0]):
            pass
        self._is_busy = False
        if self._instants:
            at = self.awaited_at = self._instants[0]
            self._awaiting = len(self._pages[at])
            # In a context of its own: the timer is nobody's in particular.
            self._timer = self._loop.call_at(at, self._wake, context=Context())

    def _turn_page(self, at: float) -> bool:
        """File those of the first page anew that have moved; whether any is left on it."""
        staying: list[Alarm] = []
        for alarm in self._pages[at]:
            if alarm.at is not None and alarm.at <= at:
                staying.append(alarm)
            else:
                alarm.filed.pop()
                alarm.refile()
        if staying:
            self._pages[at] = staying
            return True
        del self._pages[heappop(self._instants)]
        return False

    def _wake(self) -> None:
        self._timer = self.awaited_at = None
        self._moves = MAX_MOVES
        now = self._loop.time()
        due = self._take_due(now)
        self._is_busy = True
        try:
            while due:
                alarm = due.popleft()
                try:
                    alarm.look(now)
                except Exception as error:
                    self._report(error)
        finally:
            for alarm in due:
                alarm.refile()
            self._is_busy = False
            self._arm()

    def _take_due(self, now: float) -> deque[Alarm]:
        """The alarms to look at in this turn, in order."""
        due: deque[Alarm] = deque()
        while self._instants and self._instants[0] <= now and len(due) < MAX_RINGS:
            page = self._pages[self._instants[0]]
            room = MAX_RINGS - len(due)
            due.extend(page[:room])
            del page[:room]
            if not page:
                del self._pages[heappop(self._instants)]
        for alarm in due:
            alarm.filed.pop()
        return due

    def _report(self, error: Exception) -> None:
        """As if the loop had called whom the alarm is for."""
        self._loop.call_exception_handler(
            {"message": "Exception at a deadline of a connection", "exception": error}
        )


_clocks: "WeakValueDictionary[int, AlarmClock]" = WeakValueDictionary()
"""By the ``id`` of the loop, which lives as long as its clock; and that, as long as an alarm."""


def alarm_on(loop: asyncio.AbstractEventLoop, ring: Ring) -> Alarm:
    """An alarm on the one clock of ``loop``; close it when it is not needed any more."""
    clock = _clocks.get(id(loop))
    if clock is None:
        clock = _clocks[id(loop)] = AlarmClock(loop)
    return clock.make(ring)
