"""Run a program on a virtual network, and see that it cleans up."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeVar

from frazil.testing.loop import OutsideWorldError, VirtualLoop
from frazil.testing.network import VirtualNetwork
from frazil.testing.pending import describe_tasks
from frazil.w3c.peerconnection import CENSUS

T = TypeVar("T")

DAY_S: Final = 86_400.0
_END_OF_INSTANT_S: Final = 1e-6
"""Waiting this long lets everything happen that is to happen now."""


class LeftoverError(AssertionError):
    """The program ended, but not all of it: tasks, sockets or timers are still there.

    Its text tells which, and first the connections that nobody closed.
    """


def run(
    main: Callable[[VirtualNetwork], Coroutine[Any, Any, T]],
    *,
    seed: int = 0,
    limit_s: float = DAY_S,
) -> T:
    """Run ``main`` on a new :class:`VirtualNetwork` in virtual time and return its result.

        >>> async def main(net: VirtualNetwork) -> float:
        ...     await asyncio.sleep(3600)
        ...     return asyncio.get_running_loop().time()
        >>> run(main)
        3600.0

    Args:
        main: A coroutine function that takes the network.
        seed: Determines everything random on the network.
        limit_s: How much virtual time ``main`` may take.

    Raises:
        TypeError: ``main`` is a coroutine, not the function that makes one.
        RuntimeError: An event loop runs already: the caller is a coroutine.
        LeftoverError: When ``main`` returned, a task, a socket or a timer was still there.
        DeadlockError: Every task waits, and nothing is scheduled that could wake one.
        OutsideWorldError: ``main`` or a callback wants real sockets, threads, processes or signals.
        TimeoutError: The time is up.
        ExceptionGroup: ``main`` went well, but a callback raised something that nobody caught. A
            real loop would have logged it; a test should not pass over it. ``main`` may set an
            exception handler of its own on the loop instead.

    An exception that ``main`` or ``run`` raises has the first one that nobody caught as its cause,
    if there is one: a listener that fails may be why a test waits in vain.
    """
    if not callable(main):
        raise TypeError(f"run takes a coroutine function: run(main), not run(main()): {main!r}")
    if asyncio._get_running_loop() is not None:
        raise RuntimeError("run starts a loop of its own: call it from a function, not a coroutine")
    errors: list[BaseException] = []
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(limit_s)) as runner:
        runner.get_loop().set_exception_handler(partial(_collect, errors))
        try:
            result = runner.run(_supervise(main, VirtualNetwork(seed)))
        except Exception as error:
            _raise_misuse(errors)
            if errors:
                raise error from errors[0]
            raise
    _raise_misuse(errors)
    if errors:
        raise BaseExceptionGroup("nobody caught what callbacks raised", errors)
    return result


def _raise_misuse(errors: list[BaseException]) -> None:
    """Tell what the program must not do in virtual time, rather than what comes of it."""
    for error in errors:
        if isinstance(error, OutsideWorldError):
            raise error


def _collect(
    errors: list[BaseException], loop: asyncio.AbstractEventLoop, context: dict[str, Any]
) -> None:
    loop.default_exception_handler(context)
    errors.append(context.get("exception") or RuntimeError(context["message"]))


async def _supervise(
    main: Callable[[VirtualNetwork], Coroutine[Any, Any, T]], net: VirtualNetwork
) -> T:
    try:
        result = await main(net)
    finally:
        net.close()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.limit_s += _END_OF_INSTANT_S  # main may have taken all of it
    await asyncio.sleep(_END_OF_INSTANT_S)
    leftovers = _leftovers(net, loop)
    if leftovers:
        raise LeftoverError("\n  - ".join(["left behind:", *_open_connections(), *leftovers]))
    return result


def _leftovers(net: VirtualNetwork, loop: VirtualLoop) -> list[str]:
    """What would keep a real program from ending, or go on in it."""
    return [
        *(f"task {line}" for line in describe_tasks(loop)),
        *(f"socket {socket!r}" for socket in net.sockets()),
        *(f"timer {timer!r}" for timer in loop.timers()),
    ]


def _open_connections() -> list[str]:
    """To whom sockets and timers may belong."""
    loop = asyncio.get_running_loop()
    return [
        f"connection {number}, which nobody closed: await pc.close(), or use async with"
        for number, pc in CENSUS
        if (entry := CENSUS.get(number)) and entry.loop is loop and pc.connectionState != "closed"
    ]
