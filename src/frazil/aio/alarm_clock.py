"""One timer of the event loop for all connections on it.

Alarms that are due together ring in one turn of the loop, and are told one time, unless they are
too many. What follows at once, such as the answers to questions that were due, often moves all the
deadlines that the timer is for: then it moves as well.
"""

import asyncio
from contextvars import Context
from weakref import WeakValueDictionary

from frazil.aio.alarm import Alarm, AlarmQueue, Ring


class AlarmClock:
    """Sets the timer for the :class:`~frazil.aio.alarm.AlarmQueue` of one event loop."""

    __slots__ = ("__weakref__", "_loop", "_queue", "_soon", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queue = AlarmQueue()
        self._timer: asyncio.TimerHandle | None = None
        self._soon: asyncio.Handle | None = None

    def make(self, ring: Ring) -> Alarm:
        """An alarm that is not set."""
        return self._queue.make(self, ring)

    def arm(self) -> None:
        """Wake up for the first alarms that ring when they were filed for."""
        for handle in (self._timer, self._soon):
            if handle is not None:
                handle.cancel()
        self._timer = self._soon = None
        at = self._queue.open()
        if at is not None and not self._loop.is_closed():
            # In a context of its own: the timer is nobody's in particular.
            self._timer = self._loop.call_at(at, self._wake, context=Context())

    def arm_soon(self) -> None:
        """The same, in the next turn of the loop."""
        if not self._loop.is_closed():
            self._soon = self._loop.call_soon(self.arm, context=Context())

    def _wake(self) -> None:
        self._timer = None
        try:
            self._queue.ring(self._loop.time(), self._report)
        finally:
            self.arm()

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
