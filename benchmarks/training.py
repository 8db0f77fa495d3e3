"""What the compiler is shown: connections that come, talk, rest and go.

The C extensions of a wheel are compiled once to count what runs here, and once more with the counts
(`release/compile.py`). Setting up and messages weigh about the same in them: what is rare is
compiled to be small.
"""

import asyncio
import os
import sys
from contextlib import AsyncExitStack
from functools import partial

import stack_frazil
from link import connected_pair, enter_pairs
from peer import Message, Peer

from frazil import IceConfig, SessionConfig

PAIRS = 150
"""Connected one after another."""
PAIRS_AT_ONCE = 50
FLOWS = ((64, 40_000), (1024, 8_000), (16_384, 2_000))
"""Bytes of a message, and how many go each way."""
ROUND_TRIPS = 3_000
RESTING_PAIRS = 20
REST_S = 2.0
BUSY_REST = SessionConfig(ice=IceConfig(consent_interval_s=0.05))
"""A hundred times as many checks as there are otherwise."""
HIGH, LOW = 1 << 20, 1 << 18
"""Bytes queued above which a sender waits, and until when."""


async def main() -> None:
    """All of it, in a few seconds."""
    for _ in range(PAIRS):
        async with connected_pair(stack_frazil.make_peer):
            pass
    async with AsyncExitStack() as pairs:
        await enter_pairs(pairs, stack_frazil, PAIRS_AT_ONCE)
    await talk()
    await rest()


async def talk() -> None:
    """Messages of several sizes from both ends, then some that are sent back."""
    async with connected_pair(stack_frazil.make_peer) as (one, other):
        for size, count in FLOWS:
            await asyncio.gather(
                _send(one, size, count),
                _send(other, size, count),
                _receive(one, count),
                _receive(other, count),
            )
        other.listen(other.send)
        for _ in range(ROUND_TRIPS):
            one.send(bytes(32))
            await _receive(one, 1)


async def rest() -> None:
    """Connections with nothing to say."""
    make_peer = partial(stack_frazil.make_peer, session=BUSY_REST)
    async with AsyncExitStack() as pairs:
        for _ in range(RESTING_PAIRS):
            await pairs.enter_async_context(connected_pair(make_peer))
        await asyncio.sleep(REST_S)


async def _send(peer: Peer, size: int, count: int) -> None:
    message = bytes(size)
    for _ in range(count):
        peer.send(message)
        if peer.buffered > HIGH:
            await peer.drain(LOW)


async def _receive(peer: Peer, count: int) -> None:
    arrived = asyncio.Event()
    left = count

    def on_message(_: Message) -> None:
        nonlocal left
        left -= 1
        if not left:
            arrived.set()

    peer.listen(on_message)
    await arrived.wait()


if __name__ == "__main__":
    os.environ.setdefault("BENCHMARK_ADDRESS", "127.0.0.1")
    sys.exit(asyncio.run(main()))
