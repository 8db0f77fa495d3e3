"""The server of `scale.py`: every connection on one port.

A line with an ``offer`` is answered with an ``answer``; without one it asks how the server is.
"""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from gauge import Gauge, freeze, lost_at
from line_service import Entry, serve
from network import LOOPBACK

from frazil import IceOptions, RTCCertificate, RTCDataChannel, RTCPeerConnection, SharedPort
from frazil.aio import SystemNetwork


class Server:
    """Answers offers and questions."""

    def __init__(self, network: SharedPort, gauge: Gauge) -> None:
        self._network = network
        self._gauge = gauge
        self._ice = IceOptions(include_loopback=True, addresses=[LOOPBACK])
        certificate = RTCCertificate.generate(SystemNetwork().random_bytes, time.time())
        self._configuration = {"certificates": [certificate]}
        self._connections: list[RTCPeerConnection] = []
        self._changes: Counter[str] = Counter()
        self._port = 0

    async def answer(self, offer: dict[str, str]) -> dict[str, str]:
        """Another connection; it echoes."""
        pc = RTCPeerConnection(self._configuration, network=self._network, ice=self._ice)
        self._connections.append(pc)
        freeze(len(self._connections))

        @pc.on("connectionstatechange")
        def count() -> None:
            self._changes[pc.connectionState] += 1

        @pc.on("datachannel")
        def echo(channel: RTCDataChannel) -> None:
            channel.on("message", channel.send)

        await pc.setRemoteDescription(offer)
        await pc.setLocalDescription()
        await pc.gathering_complete()
        if not self._port:
            candidate = pc.localDescription.sdp.partition("a=candidate:")[2]
            self._port = int(candidate.split()[5])
        return pc.localDescription.toJSON()

    def tell(self) -> Entry:
        """How the process stands, and what became of the connections."""
        return {
            "reading": asdict(self._gauge.read()),
            "disconnected": self._changes["disconnected"],
            "connected": sum(pc.connectionState == "connected" for pc in self._connections),
            "unclaimed": self._network.unclaimed,
            "lost": lost_at(self._port),
        }

    async def reply(self, entry: Entry) -> Entry:
        """Answer one line."""
        return {"answer": await self.answer(entry["offer"])} if "offer" in entry else self.tell()


async def main() -> None:
    """Serve where the command line says."""
    async with SharedPort(0) as network, Gauge() as gauge:
        await serve(Path(sys.argv[1]), Server(network, gauge).reply)


if __name__ == "__main__":
    asyncio.run(main())
