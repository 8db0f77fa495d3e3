"""Hundreds of connections on one real port of this machine."""

import asyncio
import time

from frazil import IceOptions, RTCCertificate, RTCPeerConnection, SharedPort
from frazil.aio import SystemNetwork

COUNT = 200
MESSAGE = bytes(range(256)) * 80
"""Long enough to be sent, and received, as runs."""


def test_two_hundred_connections_share_a_port_on_loopback():
    asyncio.run(main())


async def main() -> None:
    ice = IceOptions(include_loopback=True, addresses=["127.0.0.1"])
    certificate = RTCCertificate.generate(SystemNetwork().random_bytes, time.time())
    configuration = {"certificates": [certificate]}
    connections: list[RTCPeerConnection] = []
    ports: set[int] = set()
    async with SharedPort(0) as network:

        def serve(channel):
            channel.on("message", channel.send)

        async def one(number: int) -> None:
            client = RTCPeerConnection(configuration, ice=ice)
            served = RTCPeerConnection(configuration, network=network, ice=ice)
            connections.extend((client, served))
            served.on("datachannel", serve)
            served.on("icecandidate", lambda c: c and c.candidate and ports.add(c.port))
            channel = client.createDataChannel("chat")
            echoes: asyncio.Queue[bytes] = asyncio.Queue()
            channel.on("message", echoes.put_nowait)
            await client.setLocalDescription()
            await client.gathering_complete()
            await served.setRemoteDescription(client.localDescription)
            await served.setLocalDescription()
            await served.gathering_complete()
            await client.setRemoteDescription(served.localDescription)
            await channel.wait_open()
            channel.send(MESSAGE + number.to_bytes(2))
            assert await echoes.get() == MESSAGE + number.to_bytes(2)

        async with asyncio.timeout(50):
            for start in range(0, COUNT, 50):
                await asyncio.gather(*(one(number) for number in range(start, start + 50)))
        assert len(ports) == 1
        assert len(connections) == 2 * COUNT
        for connection in connections:
            await connection.close()
