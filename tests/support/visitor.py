"""Who visits a server on this machine: one channel, one offer, one answer."""

import asyncio
import json
import signal
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from frazil import IceOptions, RTCDataChannel, RTCPeerConnection

Ask = Callable[[dict[str, str]], Any]
"""Brings an offer to the server and returns the answer; it may block."""


@asynccontextmanager
async def visit(ask: Ask) -> AsyncIterator[tuple[RTCPeerConnection, RTCDataChannel]]:
    """A connection to the server and its open channel, closed in the end."""
    async with RTCPeerConnection(ice=IceOptions(include_loopback=True)) as pc:
        channel = pc.createDataChannel("chat")
        await pc.setLocalDescription()
        await pc.gathering_complete()
        assert pc.localDescription is not None
        offer = pc.localDescription.toJSON()
        await pc.setRemoteDescription(await asyncio.to_thread(ask, offer))
        await channel.wait_open(10)
        yield pc, channel


async def be_left(server: subprocess.Popen[str], number: signal.Signals, ask: Ask) -> None:
    """Visit the server, send it the signal, and wait for its goodbye."""
    async with visit(ask) as (pc, _):
        gone = asyncio.Event()
        pc.on("remoteclose", lambda cause: gone.set())
        server.send_signal(number)
        async with asyncio.timeout(5):
            await gone.wait()


def post(url: str, offer: dict[str, str]) -> Any:
    """The answer of a server that takes offers by HTTP."""
    with urllib.request.urlopen(url, json.dumps(offer).encode()) as response:
        return json.load(response)
