"""The trace of what lives in an event loop."""

import asyncio
from functools import partial

from frazil.trace import Trace


def trace_in(loop: asyncio.AbstractEventLoop) -> Trace:
    """A new trace; the loop's exception handler hears of what its listeners raise."""
    return Trace(report=partial(_report, loop))


def _report(loop: asyncio.AbstractEventLoop, listener: object, error: BaseException) -> None:
    loop.call_exception_handler(
        {
            "message": "exception in a listener of the trace",
            "exception": error,
            "listener": listener,
        }
    )
