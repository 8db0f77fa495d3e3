"""frazil, on the event loop of asyncio."""

import asyncio
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from stack import LOOPBACK, Peer, Signal

from frazil import RTCPeerConnection
from frazil.aio.network import Interface
from frazil.aio.system import SystemNetwork

VERSION = version("frazil")


class LoopbackNetwork(SystemNetwork):
    """The machine's network, with nothing but loopback to gather from."""

    def interfaces(self) -> list[Interface]:
        """Only loopback, after the usual look at the interfaces."""
        return [one for one in super().interfaces() if one.address == LOOPBACK]


_network = LoopbackNetwork()


class FrazilPeer(Peer):
    """Candidates trickle: each is a signal of its own."""

    def __init__(self, send_signal: Callable[[Signal], None]) -> None:
        super().__init__(RTCPeerConnection(network=_network), send_signal)
        self._pc.on("icecandidate", self._on_candidate)

    async def receive_signal(self, signal: Signal) -> None:
        if "candidate" in signal:
            await self._pc.addIceCandidate(signal)
            return
        await self._pc.setRemoteDescription(signal)
        if signal["type"] == "offer":
            await self._describe()

    async def drain(self, low: int) -> None:
        await self._channel.drain(low)

    async def _describe(self) -> None:
        await self._pc.setLocalDescription()
        self._signal_description()

    def _on_candidate(self, candidate: Any) -> None:
        if candidate is not None:
            self._send_signal(candidate.toJSON())


make_peer = FrazilPeer
run = asyncio.run
