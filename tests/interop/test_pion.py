"""Pion and this library: both roles, an agent that is full or lite, restarts from both sides."""

import hashlib

import pytest

from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

from support.lossy_closing import close_on_a_lossy_path  # noqa: E402
from support.peer_host import PeerHost  # noqa: E402
from support.remote_peer import RemoteChannel, RemotePeer  # noqa: E402

pytestmark = pytest.mark.interop

SIZES = [1, 1000, 1200, 16_384, 65_535]
"""Pion of this age takes no longer messages."""
KINDS = {"full": False, "lite": True}


async def assert_echoes(channel: RemoteChannel) -> None:
    for size in SIZES:
        body = hashlib.shake_128(str(size).encode()).digest(size)
        await channel.send(body)
        assert await channel.receive() == body


async def restart(line: Signalling, python: FrazilPeer, offerer: FrazilPeer | RemotePeer) -> None:
    """Restart ICE, and wait until our side has completed it."""
    restarts = python.seen["iceConnectionState"].count("completed")
    result = offerer.restartIce()
    if result is not None:
        await result
    await line.negotiate(offerer)
    await python.until(lambda: python.seen["iceConnectionState"].count("completed") > restarts)


@pytest.mark.parametrize("kind", KINDS)
async def test_pion_answers(pion: PeerHost, kind: str) -> None:
    async with pion.peer({"lite": KINDS[kind]}) as other, frazil_peer() as python:
        own = python.createDataChannel("echo")
        own.on("message", own.send)
        async with Signalling(python, other) as line:
            await line.negotiate()
            channel = await other.channels.get()
            await assert_echoes(channel)
            await restart_from_both_sides(line, python, other, channel)
        assert_states(python, other, "have-local-offer")
        assert role(python) == "controlling"


@pytest.mark.parametrize("kind", KINDS)
async def test_pion_offers(pion: PeerHost, kind: str) -> None:
    async with pion.peer({"lite": KINDS[kind]}) as other, frazil_peer() as python:
        python.echo()
        channel = await other.createDataChannel("echo")
        async with Signalling(other, python) as line:
            await line.negotiate()
            await channel.wait_for("open")
            await assert_echoes(channel)
            await restart_from_both_sides(line, python, other, channel)
        assert_states(python, other, "have-remote-offer")
        assert role(python) == ("controlling" if KINDS[kind] else "controlled")


async def restart_from_both_sides(
    line: Signalling, python: FrazilPeer, other: RemotePeer, channel: RemoteChannel
) -> None:
    await python.wait_for("iceConnectionState", "completed")
    for offerer in (python, other):
        await restart(line, python, offerer)
        await assert_echoes(channel)


def role(python: FrazilPeer) -> str:
    assert python.sctp is not None
    return str(python.sctp.transport.iceTransport.role)


def assert_states(python: FrazilPeer, other: RemotePeer, first: str) -> None:
    """All that both ends showed; ``first`` is the state of ours amid the first negotiation."""
    assert python.seen["signalingState"] == [
        *("stable", first, "stable"),
        *("have-local-offer", "stable"),
        *("have-remote-offer", "stable"),
    ]
    assert python.seen["iceGatheringState"] == ["new", *["gathering", "complete"] * 3]
    assert python.seen["iceConnectionState"] == [
        *("new", "checking", "connected", "completed"),
        *["connected", "completed"] * 2,
    ]
    assert python.seen["connectionState"] == ["new", "connecting", "connected"]
    assert python.states("dtls-transport 0") == ["new", "connecting", "connected"]
    assert python.states("sctp-transport 0") == ["connecting", "connected"]
    # It looks for a path anew, and forgets meanwhile that it has one.
    assert other.values("iceConnectionState") == ["new", *["checking", "connected"] * 3]
    assert other.values("dtlsTransport") == ["connecting", "connected"]


async def test_channels_close_on_a_lossy_path(laboratory: Laboratory, pion: PeerHost) -> None:
    """Pion asks right behind its data, for each channel alone, and takes any answer for the end."""
    async with pion.peer({}) as other, frazil_peer() as python:
        await close_on_a_lossy_path(laboratory, python, other)
