"""Waiting for a condition over state that changes in loop callbacks."""

import asyncio
from collections.abc import Callable


class Pulse:
    """Wakes the coroutines whose condition has come true, whenever something may have changed.

    Attributes:
        waiters: The condition of each; mostly there are none, and :meth:`beat` is not needed.
    """

    __slots__ = ("waiters",)

    def __init__(self) -> None:
        self.waiters: dict[asyncio.Future[None], Callable[[], bool]] = {}

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as ``condition()`` is true, with it still being true.

        Nothing runs between the last look at the condition and the code behind the ``await``. An
        exception of the condition is raised here.
        """
        while not condition():
            waiter = asyncio.get_running_loop().create_future()
            self.waiters[waiter] = condition
            try:
                await waiter
            finally:
                del self.waiters[waiter]

    def beat(self) -> bool:
        """Look at every condition; whether one has come true."""
        has_woken = False
        for waiter, condition in self.waiters.items():
            if not waiter.done() and _may_hold(condition):
                waiter.set_result(None)
                has_woken = True
        return has_woken


def _may_hold(condition: Callable[[], bool]) -> bool:
    """Whether its waiter should look; what the condition raises now it will raise there."""
    try:
        return condition()
    except Exception:
        return True
