"""Rings at an instant that moves with nearly everything that happens, mostly to later.

So to set an alarm is to write its instant down. Where its clock will look at it earlier anyway, it
stays filed for that, and is filed anew when that has come.
"""

from collections.abc import Callable
from contextvars import copy_context
from typing import Protocol

Ring = Callable[[float], None]
"""Called with the time, when it has come."""


class Clock(Protocol):
    """What looks at alarms: an :class:`~frazil.aio.alarm_clock.AlarmClock`."""

    awaited_at: float | None
    """What the timer is set to; ``None`` if it is not."""

    def file(self, at: float, alarm: "Alarm") -> None:
        """Look at ``alarm`` when ``at`` has come."""

    def let_go(self) -> None:
        """An alarm that the timer was for has moved."""

    def release(self) -> None:
        """An alarm will not be set any more."""


class Alarm:
    """Rings at the instant that it was set to last, once, in the context in which it was made.

    Use :func:`~frazil.aio.alarm_clock.alarm_on`.

    Attributes:
        at: When it will ring; ``None`` if it is not set.
        filed: When the clock will look at it, the next instant last. For the clock.
    """

    __slots__ = ("_clock", "_context", "_ring", "at", "filed")

    def __init__(self, clock: Clock, ring: Ring) -> None:
        self._clock = clock
        self._context = copy_context()
        self._ring: Ring | None = ring
        self.filed: list[float] = []
        self.at: float | None = None

    def set(self, at: float | None) -> None:
        """Ring at ``at``, and at no other time; never, if that is ``None``."""
        before, self.at = self.at, at
        if at != before:
            if before is not None and before == self._clock.awaited_at:
                self._clock.let_go()
            self.refile()

    def refile(self) -> None:
        """See to it that the clock looks at it in time."""
        at, filed = self.at, self.filed
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
        ring, at = self._ring, self.at
        if ring is None or at is None or at > now:
            self.refile()
        else:
            self.at = None
            self._context.run(ring, now)
