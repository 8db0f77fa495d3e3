"""aiortc and this library on a real network: both roles, messages of all sizes."""

import asyncio
import hashlib

import pytest

from support.frazil_peer import frazil_peer
from support.partner import need_module
from support.signalling import Signalling

need_module("aiortc")

from support.aiortc_peer import aiortc_peer  # noqa: E402

pytestmark = pytest.mark.interop

SIZES = [0, 1, 2, 1000, 1199, 1200, 16_384, 65_535, 65_536, 262_144]


def body(size: int) -> bytes:
    return hashlib.shake_128(str(size).encode()).digest(size)


def digest(message: str | bytes) -> str:
    data = message.encode() if isinstance(message, str) else message
    return hashlib.sha256(data).hexdigest()


def expected() -> list[str]:
    return [digest(body(size)) for size in SIZES]


async def test_aiortc_answers() -> None:
    async with aiortc_peer() as other, frazil_peer() as python:
        got: list[str] = []
        other.pc.on("datachannel", lambda channel: channel.on("message", channel.send))
        channel = python.createDataChannel("sums")
        channel.on("message", lambda message: got.append(digest(message)))
        async with Signalling(python, other) as signalling:
            await signalling.negotiate()
            await python.wait_connected(10)
            await channel.wait_open()
            for size in SIZES:
                channel.send(body(size))
            await python.until(lambda: len(got) == len(SIZES))
        assert got == expected()
        assert python.seen["signalingState"] == ["stable", "have-local-offer", "stable"]
        assert python.seen["iceConnectionState"] == ["new", "checking", "connected", "completed"]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]
        assert other.pc.connectionState == "connected"


async def test_aiortc_offers() -> None:
    async with aiortc_peer() as other, frazil_peer() as python:
        got: list[str] = []
        done = asyncio.Event()
        python.echo()
        channel = other.createDataChannel("sums")

        @channel.on("message")
        def check(message: str | bytes) -> None:
            got.append(digest(message))
            if len(got) == len(SIZES):
                done.set()

        @channel.on("open")
        def send() -> None:
            for size in SIZES:
                channel.send(body(size))

        async with Signalling(other, python) as signalling:
            await signalling.negotiate()
            await asyncio.wait_for(done.wait(), 20)
        assert got == expected()
        assert python.seen["signalingState"] == ["stable", "have-remote-offer", "stable"]
        assert python.seen["iceConnectionState"] == ["new", "checking", "connected", "completed"]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_aiortc_goes_away() -> None:
    async with aiortc_peer() as other, frazil_peer() as python:
        goodbyes: list[str] = []
        python.on("remoteclose", goodbyes.append)
        python.createDataChannel("a")
        async with Signalling(python, other) as signalling:
            await signalling.negotiate()
            await python.wait_connected(10)
            await python.until(lambda: python.states("sctp-transport 0")[-1:] == ["connected"])
        await other.pc.close()
        await python.until(lambda: python.states("dtls-transport 0")[-1:] == ["closed"])
        assert goodbyes
        assert python.connectionState == "connected"  # by rule: ICE has not noticed yet
        await python.wait_for("connectionState", "disconnected")
