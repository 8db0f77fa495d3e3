"""Waiting for a condition over state that changes in loop callbacks."""

import asyncio
from collections.abc import Callable


class Pulse:
    """Wakes coroutines that wait for a condition whenever something may have changed."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as ``condition()`` is true."""
        while not condition():
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                if not waiter.done() or waiter.cancelled():
                    self._waiters.remove(waiter)

    def beat(self) -> None:
        """Let every waiter look again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
