"""Stacks for Node.js and this library: libdatachannel, libwebrtc and werift."""

import asyncio
import hashlib

import pytest

from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.node import NODE_DATACHANNEL, STACKS, WERIFT, WRTC, NodeStack
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

from support.lossy_closing import close_on_a_lossy_path  # noqa: E402
from support.peer_host import PeerHost  # noqa: E402
from support.remote_peer import PeerError, RemoteChannel, RemotePeer  # noqa: E402

pytestmark = pytest.mark.interop

ROLES = ["answers", "offers"]
"""What the stack does first."""
SIZES = [0, 1, 1000, 1200, 16_384, 65_535, 65_536, 262_144]
RESTARTS = 2
CHANNELS = 16
CROWD = 400
"""More than one request of SCTP to reset streams has room for."""
IDLE_S = 1.0
PROMPT_S = 1.0


async def assert_echoes(channel: RemoteChannel, stack: NodeStack) -> None:
    blobs = [hashlib.shake_128(str(size).encode()).digest(size) for size in SIZES]
    for message in ["", "Eis \N{SNOWFLAKE}", *blobs]:
        if stack.min_size <= len(message) <= stack.max_size:
            await channel.send(message)
            assert await channel.receive() == message


@pytest.mark.parametrize("role", ROLES)
async def test_messages_of_all_sizes(node: PeerHost, node_stack: NodeStack, role: str) -> None:
    async with node.peer() as other, frazil_peer() as python:
        python.echo()
        mine = python.createDataChannel("mine")
        channel = await other.createDataChannel("echo")
        async with Signalling(python, other) as line:
            await line.negotiate(python if role == "answers" else other)
            await channel.wait_for("open")
            await assert_echoes(channel, node_stack)
            theirs = await other.channels.get()
            for message in ("", b"", "text"):  # also who cannot send empty ones takes them
                mine.send(message)
                assert await theirs.receive() == message
            await python.wait_for("iceConnectionState", "completed")
        first = "have-local-offer" if role == "answers" else "have-remote-offer"
        assert python.seen["signalingState"] == ["stable", first, "stable"]
        assert python.seen["iceConnectionState"] == ["new", "checking", "connected", "completed"]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]
        assert python.states("dtls-transport 0") == ["new", "connecting", "connected"]
        assert python.states("sctp-transport 0") == ["connecting", "connected"]
        assert other.values("connectionState")[-1] == "connected"


async def restart(line: Signalling, offerer: FrazilPeer | RemotePeer) -> None:
    restarting = offerer.restartIce()
    if restarting is not None:
        await restarting
    await line.negotiate(offerer)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("node_stack", [WRTC, WERIFT], ids=str, indirect=True)
async def test_ice_restarts(node: PeerHost, node_stack: NodeStack, role: str) -> None:
    async with node.peer() as other, frazil_peer() as python:
        python.echo()
        python.createDataChannel("any")
        channel = await other.createDataChannel("echo")
        offerer = python if role == "answers" else other
        async with Signalling(python, other) as line:
            await line.negotiate(offerer)
            await python.wait_for("iceConnectionState", "completed")
            states = python.seen["iceConnectionState"]
            for _ in range(RESTARTS):
                before = states.count("completed")
                await restart(line, offerer)
                await python.until(lambda before=before: states.count("completed") > before)
                await assert_echoes(channel, node_stack)
        assert states == [
            *("new", "checking", "connected", "completed"),
            *["connected", "completed"] * RESTARTS,
        ]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


@pytest.mark.parametrize("node_stack", [NODE_DATACHANNEL], ids=str, indirect=True)
async def test_a_restart_that_is_refused_harms_nothing(
    node: PeerHost, node_stack: NodeStack
) -> None:
    async with node.peer() as other, frazil_peer() as python:
        python.echo()
        channel = await other.createDataChannel("echo")
        async with Signalling(other, python) as line:
            await line.negotiate()
            await channel.wait_for("open")
            await python.wait_for("iceConnectionState", "completed")
            with pytest.raises(PeerError, match="Invalid ICE settings"):
                await restart(line, python)
            await python.setLocalDescription({"type": "rollback"})
            await assert_echoes(channel, node_stack)
        assert python.seen["iceConnectionState"] == ["new", "checking", "connected", "completed"]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_messages_before_a_close_arrive(node: PeerHost) -> None:
    async with node.peer() as other, frazil_peer() as python, Signalling(python, other) as line:
        for number in range(CHANNELS):
            mine = python.createDataChannel(str(number))
            if number == 0:
                await line.negotiate()
            theirs = await other.channels.get()
            await theirs.wait_for("open")
            await mine.wait_open()
            for text in "abc":
                mine.send(text)
            mine.close()
            await theirs.wait_for("closed")
            assert theirs.take() == ["a", "b", "c"]
            await python.until(lambda mine=mine: mine.readyState == "closed")


@pytest.mark.parametrize("closer", ["ours", "theirs"])
async def test_many_channels_close_at_once(node: PeerHost, closer: str) -> None:
    """And their streams are there for new ones."""
    async with node.peer() as other, frazil_peer() as python, Signalling(python, other) as line:
        for attempt in range(2):
            mine = [python.createDataChannel(f"{attempt} {number}") for number in range(CROWD)]
            if attempt == 0:
                await line.negotiate()
            await asyncio.gather(*(each.wait_open() for each in mine))
            theirs = [await other.channels.get() for _ in mine]
            for channel in theirs:
                await channel.wait_for("open")
            for end in mine if closer == "ours" else theirs:
                closing = end.close()
                if closing is not None:
                    await closing
            await python.until(lambda mine=mine: all(each.readyState == "closed" for each in mine))
            for channel in theirs:
                await channel.wait_for("closed")


async def test_channels_close_on_a_lossy_path(laboratory: Laboratory, node: PeerHost) -> None:
    async with node.peer() as other, frazil_peer() as python:
        await close_on_a_lossy_path(laboratory, python, other)


async def test_their_goodbye(node: PeerHost, node_stack: NodeStack) -> None:
    async with node.peer() as other, frazil_peer() as python:
        goodbyes: list[str] = []
        python.on("remoteclose", goodbyes.append)
        mine = python.createDataChannel("mine")
        async with Signalling(python, other) as line:
            await line.negotiate()
            await mine.wait_open()
            await asyncio.sleep(IDLE_S)
            await other.close()
            async with asyncio.timeout(PROMPT_S):
                await python.until(lambda: bool(goodbyes) and mine.readyState == "closed")
        assert len(goodbyes) == 1
        assert goodbyes[0] in node_stack.goodbyes
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]
        assert python.states("sctp-transport 0") == ["connecting", "connected", "closed"]


async def test_our_goodbye(node: PeerHost) -> None:
    async with node.peer() as other, frazil_peer() as python:
        python.createDataChannel("mine")
        async with Signalling(python, other) as line:
            await line.negotiate()
            theirs = await other.channels.get()
            await theirs.wait_for("open")
            await python.close()
            async with asyncio.timeout(PROMPT_S):
                await theirs.wait_for("closed")


async def test_processes_that_are_killed(laboratory: Laboratory) -> None:
    """At the same time, for half a minute is long."""
    hosts = [PeerHost(laboratory.wire.far, *stack.command) for stack in STACKS]
    await asyncio.gather(*(host.start() for host in hosts))
    try:
        await asyncio.gather(*map(assert_noticed, hosts))
    finally:
        for host in hosts:
            await host.stop()


async def assert_noticed(host: PeerHost) -> None:
    loop = asyncio.get_running_loop()
    async with host.peer() as other, frazil_peer() as python:
        channel = python.createDataChannel("any")
        async with Signalling(python, other) as line:
            await line.negotiate()
            await channel.wait_open()
            await python.wait_for("iceConnectionState", "completed")
        await python.addIceCandidate(None)
        host.kill()
        killed_at = loop.time()
        await python.wait_for("connectionState", "disconnected")
        assert 4.5 < loop.time() - killed_at < 6.0
        await python.wait_for("connectionState", "failed")
        assert 29.0 < loop.time() - killed_at < 32.0
        assert python.seen["connectionState"][-3:] == ["connected", "disconnected", "failed"]
