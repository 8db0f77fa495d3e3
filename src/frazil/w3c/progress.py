"""How far a connection has come."""

import asyncio
from typing import Final

from frazil.aio.pulse import Pulse
from frazil.errors import ConnectivityError, InvalidStateError
from frazil.explain import Report, explain
from frazil.peer.connection import PeerConnection
from frazil.states.enums import RTCIceGatheringState, RTCPeerConnectionState

_COMPLETE: Final = RTCIceGatheringState.COMPLETE
_CONNECTED: Final = RTCPeerConnectionState.CONNECTED
_OUTCOMES: Final = (_CONNECTED, RTCPeerConnectionState.FAILED, RTCPeerConnectionState.CLOSED)


class Progress:
    """Serves those who wait for a connection to get somewhere, and says why it does not.

    Args:
        peer: The connection.
        pulse: Beats after every task of the connection.
        loop: Its clock is that of the trace.
    """

    __slots__ = ("_loop", "_peer", "_pulse")

    def __init__(self, peer: PeerConnection, pulse: Pulse, loop: asyncio.AbstractEventLoop) -> None:
        self._peer = peer
        self._pulse = pulse
        self._loop = loop

    def explain(self) -> Report:
        """Why the connection is not what it should be."""
        return explain(self._peer.trace.records, self._loop.time())

    async def wait_connected(self, timeout: float | None) -> None:  # noqa: ASYNC109
        """Wait until the connection is ``connected``, for ``timeout`` seconds at most.

        Raises:
            ConnectivityError: It failed, was closed, or the time ran out.
        """
        peer = self._peer
        try:
            async with asyncio.timeout(timeout):
                await self._pulse.wait_until(lambda: peer.connection_state in _OUTCOMES)
        except TimeoutError:
            text = f"not connected after {timeout} s: connectionState is {peer.connection_state}"
            raise ConnectivityError(text, self.explain()) from None
        if peer.connection_state is not _CONNECTED:
            text = f"the connection is {peer.connection_state}"
            raise ConnectivityError(text, self.explain())

    async def wait_gathered(self) -> None:
        """Wait until every candidate of ours was gathered.

        Raises:
            InvalidStateError: The connection was closed before.
        """
        peer = self._peer
        await self._pulse.wait_until(
            lambda: peer.ice_gathering_state is _COMPLETE or peer.is_closed
        )
        if peer.ice_gathering_state is not _COMPLETE:
            raise InvalidStateError("the connection was closed before gathering was complete")
