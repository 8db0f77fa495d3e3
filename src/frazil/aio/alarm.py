"""One timer of the event loop for all connections on it.

The deadline of a connection moves with nearly everything that happens, mostly to later. So to set
an alarm is to write its instant down; where it was filed already for an earlier one, it stays and
is filed anew when that has come. Alarms that are due together ring in one turn of the loop, and
are told one time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from heapq import heappop, heappush
from weakref import WeakValueDictionary

Ring = Callable[[float], None]
"""Called with the time, when it has come."""


class Alarm:
    """Rings at the instant that it was set to last, once. Use :func:`alarm_on`.

    It rings in the context in which it was made.

    Attributes:
        at: When it will ring; ``None`` if it is not set.
        filed: When the clock will look at it, the next instant last. For the clock.
    """

    __slots__ = ("_clock", "_context", "_ring", "at", "filed")

    def __init__(self, clock: "AlarmClock", ring: Ring) -> None:
        self._clock = clock
        self._context = copy_context()
        self._ring: Ring | None = ring
        self.filed: list[float] = []
        self.at: float | None = None

    def set(self, at: float | None) -> None:
        """Ring at ``at``, and at no other time; never, if that is ``None``."""
        self.at = at
        filed = self.filed
        if at is not None and (not filed or at < filed[-1]):
            filed.append(at)
            self._clock.file(at, self)

    def close(self) -> None:
        """Never ring any more, and let go of whom it was for. Idempotent."""
        if self._ring is not None:
            self._ring = self.at = None
            self._clock.release()

    def look(self, now: float) -> None:
        """Ring if it is time; if not, be filed for when it is.

        Raises:
            Exception: What the one it rings for raises.
        """
        ring = self._ring
        if ring is None or self.at is None or self.at > now:
            self.set(self.at)
            return
        self.at = None
        self._context.run(ring, now)


class AlarmClock:
    """The alarms of one event loop."""

    __slots__ = ("__weakref__", "_count", "_files", "_in_use", "_is_busy", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._files: list[tuple[float, int, Alarm]] = []
        self._count = 0
        self._in_use = 0
        self._is_busy = False
        self._timer: asyncio.TimerHandle | None = None

    def make(self, ring: Ring) -> Alarm:
        """An alarm that is not set."""
        self._in_use += 1
        return Alarm(self, ring)

    def release(self) -> None:
        """An alarm will not be set any more; after the last one, no timer is left."""
        self._in_use -= 1
        if not self._in_use:
            self._files.clear()
            if not self._is_busy:
                self._arm()

    def file(self, at: float, alarm: Alarm) -> None:
        """Look at ``alarm`` when ``at`` has come."""
        self._count += 1  # orders what is due together, and no two entries are equal
        heappush(self._files, (at, self._count, alarm))
        if not self._is_busy and (self._timer is None or at < self._timer.when()):
            self._arm()

    def _arm(self) -> None:
        """Wake up for the first alarm that rings when it was filed for."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        files = self._files
        self._is_busy = True
        while files:
            filed_at, _, alarm = files[0]
            if alarm.at is not None and alarm.at <= filed_at:
                break
            heappop(files)
            alarm.filed.pop()
            alarm.set(alarm.at)
        self._is_busy = False
        if files:
            # In a context of its own: the timer is nobody's in particular.
            self._timer = self._loop.call_at(files[0][0], self._wake, context=Context())

    def _wake(self) -> None:
        self._timer = None
        now = self._loop.time()
        files = self._files
        due: deque[Alarm] = deque()
        while files and files[0][0] <= now:
            alarm = heappop(files)[2]
            alarm.filed.pop()
            due.append(alarm)
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
                alarm.set(alarm.at)
            self._is_busy = False
            self._arm()

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
