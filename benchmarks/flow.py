"""A flow: messages of one size, as fast as the channel takes them, counted at both ends."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from effort import Effort
from stack import Peer

HIGH_WATER = 1 << 20
"""Bytes queued above which the sender waits."""

LOW_WATER = 1 << 18
"""Bytes queued below which it goes on."""

TAIL_S = 0.2
"""For how much longer the sender goes on, since the receiver counts a little later than it."""

END = "end of flow"
"""The last message of a flow, which the receiver does not count."""


class Rate(NamedTuple):
    """What one end saw while it counted.

    Attributes:
        per_s: Messages per second.
        cpu_s: Seconds of CPU per message, of the whole process.
    """

    per_s: float
    cpu_s: float


async def send_flow(peer: Peer, size: int, effort: Effort) -> Rate:
    """Send messages of ``size`` bytes for as long as the receiver counts."""
    message = bytes(size)
    sent = 0
    counting = asyncio.create_task(_count(lambda: sent - peer.buffered / size, effort))
    stop_at = time.monotonic() + effort.warm_up_s + effort.count_s + TAIL_S
    while time.monotonic() < stop_at:
        peer.send(message)
        sent += 1
        if peer.buffered > HIGH_WATER:
            await peer.drain(LOW_WATER)
    peer.send(END)
    await peer.drain(0)
    return await counting


async def receive_flow(peer: Peer, effort: Effort) -> Rate:
    """Count the messages of one flow, from the first one on."""
    received = 0
    started = asyncio.Event()
    ended = asyncio.Event()

    def on_message(message: bytes | str) -> None:
        nonlocal received
        received += 1
        if received == 1:
            started.set()
        if message == END:
            ended.set()

    peer.on_message = on_message
    await started.wait()
    rate = await _count(lambda: received, effort)
    if ended.is_set():
        raise RuntimeError("the flow ended while it was counted")
    await ended.wait()
    return rate


async def _count(so_far: Callable[[], float], effort: Effort) -> Rate:
    await asyncio.sleep(effort.warm_up_s)
    count, at, cpu = so_far(), time.monotonic(), time.process_time()
    await asyncio.sleep(effort.count_s)
    count, at, cpu = so_far() - count, time.monotonic() - at, time.process_time() - cpu
    if count <= 0:
        raise RuntimeError("no message passed while the flow was counted")
    return Rate(count / at, cpu / count)
