"""One real port of this machine: hundreds of connections, and one event loop after the other."""

import asyncio
import socket
import time

from frazil import IceOptions, RTCCertificate, RTCPeerConnection, SharedPort
from frazil.aio import SystemNetwork
from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.types import Transmit

COUNT = 200
MESSAGE = bytes(range(256)) * 80
"""Long enough to be sent, and received, as runs."""
HOST = "127.0.0.1"
ICE = IceOptions(include_loopback=True, addresses=[HOST])


async def introduce(client: RTCPeerConnection, served: RTCPeerConnection) -> None:
    await client.setLocalDescription()
    await client.gathering_complete()
    await served.setRemoteDescription(client.localDescription)
    await served.setLocalDescription()
    await served.gathering_complete()
    await client.setRemoteDescription(served.localDescription)


def test_two_hundred_connections_share_a_port_on_loopback():
    asyncio.run(connect_hundreds())


async def connect_hundreds() -> None:
    certificate = RTCCertificate.generate(SystemNetwork().random_bytes, time.time())
    configuration = {"certificates": [certificate]}
    connections: list[RTCPeerConnection] = []
    ports: set[int] = set()
    async with SharedPort(0) as network:

        def serve(channel):
            channel.on("message", channel.send)

        async def one(number: int) -> None:
            client = RTCPeerConnection(configuration, ice=ICE)
            served = RTCPeerConnection(configuration, network=network, ice=ICE)
            connections.extend((client, served))
            served.on("datachannel", serve)
            served.on("icecandidate", lambda c: c and c.candidate and ports.add(c.port))
            channel = client.createDataChannel("chat")
            echoes: asyncio.Queue[bytes] = asyncio.Queue()
            channel.on("message", echoes.put_nowait)
            await introduce(client, served)
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


def test_one_event_loop_after_the_other_connects():
    network = SharedPort(0)
    for _ in range(2):
        asyncio.run(connect(network))
    network.close()


async def connect(network: SharedPort) -> None:
    client, served = RTCPeerConnection(ice=ICE), RTCPeerConnection(network=network, ice=ICE)
    channel = client.createDataChannel("chat")
    try:
        await introduce(client, served)
        async with asyncio.timeout(10):
            await channel.wait_open()
    finally:
        await client.close()
        await served.close()


def test_what_is_left_of_a_closed_loop_is_silent():
    network = SharedPort(0)
    old, new = (asyncio.run(view_after_a_stray(network)) for _ in range(2))
    assert network.unclaimed == 2
    old.send([Transmit(b"late", 4, old.local, (HOST, 9))])
    assert (old.dropped, new.dropped) == (1, 0)
    old.close()
    network.close()
    assert network.unclaimed == 2


async def view_after_a_stray(network: SharedPort):
    """A view that has heard a check, which came after a datagram that was for nobody."""
    heard = asyncio.Event()
    view = network.open_udp(HOST, 0, lambda batch: heard.set())
    view.expect("mine")
    username = {Attribute.USERNAME: "mine:yours"}
    check = Message(Method.BINDING, MessageClass.REQUEST, bytes(12), username).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        for data in (b"stray", check):
            other.sendto(data, view.local)
        async with asyncio.timeout(10):
            await heard.wait()
    return view


def test_another_event_loop_is_told_that_the_port_is_not_its_own():
    network = SharedPort(0)
    with asyncio.Runner() as first:
        first.run(connect(network))
        text = asyncio.run(first_refusal(network))
        assert text == f"no UDP socket on {HOST}: another event loop has the shared port"
        first.run(connect(network))
    network.close()


async def first_refusal(network: SharedPort) -> str:
    """What a connection says that gets no socket."""
    pc = RTCPeerConnection(network=network, ice=ICE)
    refusals: asyncio.Queue[str] = asyncio.Queue()
    pc.on("icecandidateerror", lambda error: refusals.put_nowait(error.errorText))
    pc.createDataChannel("chat")
    await pc.setLocalDescription()
    async with asyncio.timeout(10):
        text = await refusals.get()
    await pc.close()
    return text
