"""Two peers in one process that signal through queues."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from peer import Adapter, Peer, Signal

CONNECT_TIMEOUT_S = 45.0


@asynccontextmanager
async def connected_pair(
    make_peer: Callable[[Callable[[Signal], None]], Peer],
) -> AsyncIterator[tuple[Peer, Peer]]:
    """The offerer and the answerer, with the channel open on both; closes them at the end.

    Raises:
        TimeoutError: The channel did not open in time.
    """
    queues: tuple[asyncio.Queue[Signal], asyncio.Queue[Signal]] = (asyncio.Queue(), asyncio.Queue())
    offerer = make_peer(queues[1].put_nowait)
    answerer = make_peer(queues[0].put_nowait)
    async with asyncio.TaskGroup() as group:
        pumps = [
            group.create_task(_pump(queue, peer))
            for queue, peer in zip(queues, (offerer, answerer), strict=True)
        ]
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await offerer.offer()
                await offerer.open
                await answerer.open
            yield offerer, answerer
        finally:
            for pump in pumps:
                pump.cancel()
            await offerer.close()
            await answerer.close()


AT_ONCE = 10
"""Pairs that connect at the same time: some stacks spend most of a connection waiting."""


async def enter_pairs(stack: AsyncExitStack, adapter: Adapter, count: int) -> None:
    """Connect so many pairs, to be closed with the stack."""
    for start in range(0, count, AT_ONCE):
        await asyncio.gather(
            *(
                stack.enter_async_context(connected_pair(adapter.make_peer))
                for _ in range(start, min(start + AT_ONCE, count))
            )
        )


async def _pump(queue: "asyncio.Queue[Signal]", peer: Peer) -> None:
    while True:
        await peer.receive_signal(await queue.get())
