"""How far a connection has come."""

import asyncio
from collections.abc import Callable
from typing import Final

from frazil.aio.pulse import Pulse
from frazil.errors import ConnectivityError, InvalidStateError
from frazil.explain import Report, explain
from frazil.peer.connection import PeerConnection

_CONNECTED: Final = frozenset({"connected", "completed"})
_FAILED: Final = "failed"
_OUTCOMES: Final = _CONNECTED | {_FAILED, "closed"}


class Progress:
    """Serves those who wait for a connection to get somewhere, and says why it does not.

    Args:
        peer: The connection.
        pulse: Beats after every task of the connection.
        loop: Its clock is that of the trace.

    Attributes:
        pulse: As given.
    """

    __slots__ = ("_loop", "_peer", "pulse")

    def __init__(self, peer: PeerConnection, pulse: Pulse, loop: asyncio.AbstractEventLoop) -> None:
        self._peer = peer
        self.pulse = pulse
        self._loop = loop

    def explain(self) -> Report:
        """Why the connection is not what it should be."""
        return explain(self._peer.trace.records, self._loop.time())

    async def wait_connected(self, timeout: float | None) -> None:  # noqa: ASYNC109
        """Wait until the connection is ``connected``; see :func:`wait_connected`."""
        peer = self._peer
        await wait_connected(
            self.pulse,
            "connectionState",
            lambda: peer.connection_state,
            timeout,
            self.explain,
            lambda: peer.is_recovering,
        )

    async def wait_gathered(self) -> None:
        """Wait until the local description holds every candidate.

        Raises:
            InvalidStateError: The connection was closed before.
        """
        peer = self._peer
        await self.pulse.wait_until(lambda: peer.is_gathered or peer.is_closed)
        if not peer.is_gathered:
            raise InvalidStateError("the connection was closed before gathering was complete")

    async def wait_closed(self) -> None:
        """Wait until the connection was closed."""
        peer = self._peer
        await self.pulse.wait_until(lambda: peer.is_closed)


async def wait_connected(
    pulse: Pulse,
    name: str,
    state: Callable[[], str],
    timeout: float | None,  # noqa: ASYNC109
    explain: Callable[[], Report],
    is_recovering: Callable[[], bool] = lambda: False,
) -> None:
    """Wait until what connects is ``connected`` or ``completed``.

    Args:
        pulse: Beats when the state may be another.
        name: What the application calls the state.
        state: The state: that of a connection or of an ICE transport.
        timeout: Seconds to wait at most; ``None`` waits for the outcome, whenever it comes.
        explain: Says what is wrong.
        is_recovering: Tells whether a connection that is ``failed`` is being restored.

    Raises:
        ConnectivityError: It is ``failed`` for good, or ``closed``, or the time ran out.
    """
    await wait_until(
        pulse,
        lambda: state() in _OUTCOMES and not (state() == _FAILED and is_recovering()),
        timeout,
        lambda: f"not connected after {timeout} s: {name} is {state()}",
        explain,
    )
    if state() not in _CONNECTED:
        raise ConnectivityError(f"not connected: {name} is {state()}", explain())


async def wait_until(
    pulse: Pulse,
    condition: Callable[[], bool],
    timeout: float | None,  # noqa: ASYNC109
    complaint: Callable[[], str],
    explain: Callable[[], Report],
) -> None:
    """Wait until ``condition()`` is true, and say what is wrong if it is not in time.

    Args:
        pulse: Beats when it may be.
        condition: What is waited for.
        timeout: Seconds to wait at most; ``None`` waits as long as it takes.
        complaint: What the error says if the time runs out.
        explain: What it says of the cause.

    Raises:
        TypeError: ``timeout`` is no number.
        ConnectivityError: The time ran out.
    """
    if timeout is not None and not isinstance(timeout, int | float):
        raise TypeError(f"timeout must be a number of seconds, not {timeout!r}")
    try:
        async with asyncio.timeout(timeout):
            await pulse.wait_until(condition)
    except TimeoutError:
        if not condition():  # else: it came true in the turn of the loop in which the time ran out
            raise ConnectivityError(complaint(), explain()) from None
