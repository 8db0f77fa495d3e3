"""When the next packet may leave."""

import math
from typing import Final

from frazil.compiled import mypyc_attr

RESOLUTION_S: Final = 0.001
"""The timers of an event loop are no finer. A round trip shorter than this is not paced: there the
acknowledgements are a better clock."""

LATENESS_S: Final = 0.05
"""How late a timer may fire without slowing the flow down: what it missed is made up for."""


@mypyc_attr(acyclic=True)
class Pacer:
    """Spreads packets over time, in bursts of about a millisecond.

    Attributes:
        next_at: Before this instant nothing may be sent.
        rate: Bytes per second.
    """

    __slots__ = ("_is_waiting", "next_at", "rate")

    def __init__(self) -> None:
        self.rate = math.inf
        self.next_at = -math.inf
        self._is_waiting = False

    def begin_burst(self, now: float) -> None:
        """Packets may be sent from now on: what was missed before, idle, is not made up for."""
        earliest_at = now - (LATENESS_S if self._is_waiting else RESOLUTION_S)
        if self.next_at < earliest_at:
            self.next_at = earliest_at
        self._is_waiting = False

    def sent(self, size: int) -> None:
        """A packet of ``size`` bytes is sent."""
        self.next_at += size / self.rate

    def wait(self) -> float:
        """Something has to wait; the instant at which a timer should fire for it."""
        self._is_waiting = True
        return self.next_at + RESOLUTION_S / 2

    def restart(self) -> None:
        """Another path: what was sent on the old one does not count."""
        self.rate = math.inf
        self.next_at = -math.inf
        self._is_waiting = False
