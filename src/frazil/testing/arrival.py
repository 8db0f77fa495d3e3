"""What is on its way, and when it gets there."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush

from frazil.testing.journey import Flight


class Arrivals:
    """Flights in the order of their arrival, and one timer for the next.

    Args:
        on_arrival: Gets all that arrives in one instant, in the order it was sent.
    """

    __slots__ = ("_count", "_expected", "_on_arrival", "_timer")

    def __init__(self, on_arrival: Callable[[list[Flight]], None]) -> None:
        self._on_arrival = on_arrival
        self._expected: list[tuple[float, int, Flight]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, flight: Flight, at: float) -> None:
        """Have ``flight`` end at the instant ``at``."""
        self._count += 1  # orders what arrives together, and no two entries are equal
        heappush(self._expected, (at, self._count, flight))
        if self._timer is None or at < self._timer.when():
            self._arm()

    def clear(self) -> None:
        """Let nothing arrive any more of what is on its way."""
        self._expected.clear()
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._expected:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(self._expected[0][0], self._land)

    def _land(self) -> None:
        now = asyncio.get_running_loop().time()
        landed: list[Flight] = []
        while self._expected and self._expected[0][0] <= now:
            landed.append(heappop(self._expected)[2])
        self._arm()
        self._on_arrival(landed)
