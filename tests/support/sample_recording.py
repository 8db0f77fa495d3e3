"""Recordings to look at: one of each kind, made in virtual time."""

import asyncio
from pathlib import Path
from typing import Any

from frazil.aio.recording_file import join_recordings
from frazil.testing import Conditions, VirtualNetwork, run
from support.virtual_pair import VirtualPair

_TURN = {"urls": "turn:203.0.113.9", "username": "user", "credential": "password"}


def record_long_session(path: Path, label: str = "chat") -> None:
    """Half a minute of messages, a blackout that a relay bridges, a restart, the end."""

    async def main(net: VirtualNetwork) -> None:
        a, b = net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2")
        relay = net.turn_server("203.0.113.9").host
        net.connect(a, b, Conditions(delay_s=0.03))
        for each in (a, b):
            net.connect(each, relay, Conditions(delay_s=0.015))
        servers = {"iceServers": [_TURN]}
        async with VirtualPair(net, (a, b), trace_a=path, configuration=servers) as pair:
            channel, _ = await pair.connect(label)
            await _talk(channel)
            net.block(a, b, for_s=9)
            await asyncio.sleep(20)
            pair.a.restartIce()
            await pair.negotiate()
            await _talk(channel)

    run(main, seed=3)
    join_recordings(10)


def record_failed_session(path: Path) -> None:
    """A session whose path is lost for good, until it has failed."""

    async def main(net: VirtualNetwork) -> None:
        async with VirtualPair(net, trace_a=path) as pair:
            await pair.connect()
            await asyncio.sleep(12)
            net.block()
            await asyncio.sleep(60)

    run(main, seed=5)
    join_recordings(10)


def record_session(path: Path, label: str = "chat") -> None:
    """A second of a session."""

    async def main(net: VirtualNetwork) -> None:
        async with VirtualPair(net, trace_a=path) as pair:
            await pair.connect(label)
            await asyncio.sleep(1)

    run(main, seed=1)
    join_recordings(10)


async def _talk(channel: Any) -> None:
    for turn in range(60):
        await asyncio.sleep(0.5)
        channel.send(bytes(2000 * (1 + turn % 7)))
