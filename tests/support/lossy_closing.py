"""Channels that either end closes right behind its data, while packets get lost."""

import asyncio

from support.frazil_peer import FrazilPeer
from support.laboratory import Laboratory
from support.remote_peer import RemotePeer
from support.signalling import Signalling

CHANNELS = 16
LOSS = 0.05
LIMIT_S = 45.0
"""Within this time all of them have to be closed here."""


async def close_on_a_lossy_path(
    laboratory: Laboratory, python: FrazilPeer, other: RemotePeer
) -> None:
    """See that each of them ends at both ends."""
    mine = [python.createDataChannel(str(number)) for number in range(CHANNELS)]
    async with Signalling(python, other) as line:
        await line.negotiate()
        await asyncio.gather(*(each.wait_open() for each in mine))
        theirs = [await other.channels.get() for _ in mine]
        laboratory.wire.lose(LOSS)
        for channel in theirs:
            await channel.send(bytes(30_000))
            if int(channel.label) % 2:
                await channel.close()
            else:
                mine[int(channel.label)].close()
        async with asyncio.timeout(LIMIT_S):
            await python.until(lambda: all(each.readyState == "closed" for each in mine))
        for channel in theirs:
            await channel.wait_for("closed")
        laboratory.wire.heal()
