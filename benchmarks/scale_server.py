"""The server of `scale.py`: every connection on one port, answered over standard input and output.

One JSON object per line each way. A line in has a ``number``, which its answer repeats, and an
``offer``; without one it asks how the server is.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from typing import Any

from gauge import Gauge, freeze, lost_at
from network import LOOPBACK

from frazil import IceOptions, RTCCertificate, RTCDataChannel, RTCPeerConnection, SharedPort
from frazil.aio import SystemNetwork

LINE_LIMIT = 1 << 20


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

    def tell(self) -> dict[str, Any]:
        """How the process stands, and what became of the connections."""
        return {
            "reading": asdict(self._gauge.read()),
            "changes": self._changes,
            "connected": sum(pc.connectionState == "connected" for pc in self._connections),
            "unclaimed": self._network.unclaimed,
            "lost": lost_at(self._port),
        }

    async def reply(self, line: bytes) -> None:
        """Answer one line."""
        entry = json.loads(line)
        answer: dict[str, Any] = {"number": entry["number"]}
        if "offer" in entry:
            answer["answer"] = await self.answer(entry["offer"])
        else:
            answer |= self.tell()
        print(json.dumps(answer), flush=True)


async def main() -> None:
    """Serve until the input ends."""
    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    async with SharedPort(0) as network, Gauge() as gauge, asyncio.TaskGroup() as replies:
        server = Server(network, gauge)
        async for line in lines:
            replies.create_task(server.reply(line))


if __name__ == "__main__":
    asyncio.run(main())
