"""frazil, on the event loop of asyncio."""

import asyncio
import os
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from peer import Signal, W3cPeer

from frazil import RTCCertificate, RTCPeerConnection
from frazil.aio.network import Interface
from frazil.aio.system import SystemNetwork
from frazil.session import session
from frazil.session.config import SessionConfig

VERSION = version("frazil") + ("" if session.__file__.endswith(".py") else ", compiled")


class OneAddressNetwork(SystemNetwork):
    """The machine's network, with nothing but the address of the benchmarks to gather from."""

    def interfaces(self) -> list[Interface]:
        """Only that address, after the usual look at the interfaces."""
        address = os.environ["BENCHMARK_ADDRESS"]
        return [one for one in super().interfaces() if one.address == address]


_network = OneAddressNetwork()


class FrazilPeer(W3cPeer):
    """Candidates trickle: each is a signal of its own."""

    def __init__(
        self,
        send_signal: Callable[[Signal], None],
        servers: Sequence[str] = (),
        *,
        network: OneAddressNetwork = _network,
        certificates: Sequence[RTCCertificate] = (),
        session: SessionConfig | None = None,
    ) -> None:
        configuration: dict[str, Any] = {"certificates": certificates}
        if servers:
            configuration["iceServers"] = [{"urls": list(servers)}]
        pc = RTCPeerConnection(configuration, network=network, session=session)
        super().__init__(pc, send_signal)
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
