"""A flow: messages of one size, as fast as the channel takes them, counted at both ends.

The receiver counts from the first message on, and says when it has seen enough: however busy the
machine is, no flow ends while somebody counts it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from effort import Effort
from peer import Message, Peer

MOST_BYTES = 1 << 20
"""Queued above which the sender waits, until a quarter is left."""

MOST_MESSAGES = 1 << 11
"""The same; some stacks get lost in longer queues."""

ENOUGH = "enough"
"""What the receiver says when it has counted."""

END = "end of flow"
"""The last message of a flow."""


class Rate(NamedTuple):
    """What one end saw while it counted.

    Attributes:
        per_s: Messages per second.
        cpu_s: Seconds of CPU per message, of the whole process.
    """

    per_s: float
    cpu_s: float


async def sender_job(peer: Peer, effort: Effort, sizes: Sequence[int]) -> list[Rate]:
    """One flow for each size of message."""
    return [await send_flow(peer, size, effort) for size in sizes]


async def receiver_job(peer: Peer, effort: Effort, sizes: Sequence[int]) -> list[Rate]:
    """The other end of the same flows."""
    return [await receive_flow(peer, effort) for _ in sizes]


async def send_flow(peer: Peer, size: int, effort: Effort) -> Rate:
    """Send messages of ``size`` bytes until the receiver has counted enough."""
    message = bytes(size)
    high = min(MOST_BYTES, MOST_MESSAGES * size)
    sent = 0
    enough = asyncio.Event()
    peer.listen(lambda answer: enough.set() if answer == ENOUGH else None)
    counting = asyncio.create_task(_count(lambda: sent - peer.buffered / size, effort))
    while not (enough.is_set() and counting.done()):
        peer.send(message)
        sent += 1
        if peer.buffered > high:
            await peer.drain(high // 4)
    peer.send(END)
    await peer.drain(0)
    return counting.result()


async def receive_flow(peer: Peer, effort: Effort) -> Rate:
    """Count the messages of one flow, from the first one on."""
    received = 0
    started = asyncio.Event()
    ended = asyncio.Event()

    def on_message(message: Message) -> None:
        nonlocal received
        received += 1
        if received == 1:
            started.set()
        if message == END:
            ended.set()

    peer.listen(on_message)
    await started.wait()
    rate = await _count(lambda: received, effort)
    peer.send(ENOUGH)
    await ended.wait()
    return rate


async def _count(so_far: Callable[[], float], effort: Effort) -> Rate:
    await asyncio.sleep(effort.warm_up_s)
    count, at, cpu = so_far(), time.monotonic(), time.process_time()
    counted = 0.0
    while counted <= 0:  # a machine that is busy enough lets nothing pass for a while
        await asyncio.sleep(effort.count_s)
        counted = so_far() - count
    at, cpu = time.monotonic() - at, time.process_time() - cpu
    return Rate(counted / at, cpu / counted)
