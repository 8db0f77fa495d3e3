"""The clock of an event loop."""

import asyncio
import time
from collections.abc import Callable


def clock_of(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """What tells the time of ``loop``.

    The loops of asyncio only pass on what ``time.monotonic`` says. A connection asks some fifty
    times while it is set up, so those are not asked.
    """
    method = getattr(loop.time, "__func__", None)
    return time.monotonic if method is asyncio.BaseEventLoop.time else loop.time
