"""Clients of `scale.py`: many in one process, each on a port of its own as behind a home router.

A line with ``grow_to`` and a ``rate`` is answered when there are so many connections; without them
it asks how the clients are. The second argument is where the server answers.
"""

import asyncio
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from files import allow_most_files
from gauge import Gauge, freeze
from line_service import Entry, Service, reached, serve
from network import LOOPBACK

from frazil import IceOptions, RTCCertificate, RTCPeerConnection
from frazil.aio import SystemNetwork

MAX_OPENING = 32
"""Connections that are being set up at a time."""
OPEN_TIMEOUT_S = 30.0


class Clients:
    """Opens connections, and watches them."""

    def __init__(self, server: Service, gauge: Gauge) -> None:
        self._server = server
        self._gauge = gauge
        self._ice = IceOptions(include_loopback=True, addresses=[LOOPBACK])
        certificate = RTCCertificate.generate(SystemNetwork().random_bytes, time.time())
        self._configuration = {"certificates": [certificate]}
        self._connections: list[RTCPeerConnection] = []
        self._changes: Counter[str] = Counter()
        self._failures: list[str] = []

    async def grow_to(self, total: int, rate: float) -> None:
        """Open connections until there are ``total``, failed ones included.

        Args:
            total: How many.
            rate: How many to begin in a second, at most.
        """
        slots = asyncio.Semaphore(MAX_OPENING)
        async with asyncio.TaskGroup() as group:
            while len(self._connections) < total:
                await slots.acquire()
                group.create_task(self._open()).add_done_callback(lambda _: slots.release())
                await asyncio.sleep(1 / rate)

    async def _open(self) -> None:
        pc = RTCPeerConnection(self._configuration, ice=self._ice)
        self._connections.append(pc)
        freeze(len(self._connections))
        pc.on("connectionstatechange", lambda: self._changes.update((pc.connectionState,)))
        channel = pc.createDataChannel("scale")
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await pc.setLocalDescription()
                await pc.gathering_complete()
                reply = await self._server.ask(offer=pc.localDescription.toJSON())
                await pc.setRemoteDescription(reply["answer"])
                await channel.wait_open()
        except TimeoutError:
            text = f"no channel after {OPEN_TIMEOUT_S:.0f} s: {pc.connectionState}"
            self._failures.append(text)

    def tell(self) -> Entry:
        """How the process stands, and what became of the connections."""
        return {
            "reading": asdict(self._gauge.read()),
            "disconnected": self._changes["disconnected"],
            "failures": self._failures,
        }

    async def reply(self, entry: Entry) -> Entry:
        """Answer one line."""
        if "grow_to" in entry:
            await self.grow_to(entry["grow_to"], entry["rate"])
            return {}
        return self.tell()


async def main() -> None:
    """Serve where the command line says."""
    allow_most_files()
    path, server_path = map(Path, sys.argv[1:])
    async with reached(server_path) as server, Gauge() as gauge:
        await serve(path, Clients(server, gauge).reply)


if __name__ == "__main__":
    asyncio.run(main())
