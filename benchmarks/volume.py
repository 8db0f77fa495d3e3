"""Volume: what a gigabyte costs on a channel that has already carried many."""

import asyncio
import sys
import time

from crowd import python_stacks
from effort import FULL, GIGABYTE, MEGABYTE, Effort
from flow import END, ENOUGH, MOST_BYTES
from harness import main
from metric import Column, Metric
from peer import Message, Peer
from process import run_pair
from stack import Stack

SIZE = 16_384
DONE = "no further stage"
TIMEOUT_MARGIN_S = 60.0


async def sender_job(peer: Peer, effort: Effort) -> list[float]:
    """Seconds of CPU per byte in each stage, as far as the time allows."""
    message = bytes(SIZE)
    answered = asyncio.Event()
    peer.listen(lambda answer: answered.set() if answer == ENOUGH else None)
    costs = []
    began_at, carried = time.monotonic(), 0
    for volume in effort.volumes:
        spent_s = time.monotonic() - began_at
        if carried and spent_s * volume / carried > effort.growth_s:
            break
        cpu_before, before = time.process_time(), carried
        answered.clear()
        while carried < volume:
            peer.send(message)
            carried += SIZE
            if peer.buffered > MOST_BYTES:
                await peer.drain(MOST_BYTES // 4)
        peer.send(END)
        await answered.wait()
        costs.append((time.process_time() - cpu_before) / (carried - before))
    peer.send(DONE)
    await peer.drain(0)
    return costs


async def receiver_job(peer: Peer, effort: Effort) -> list[float]:
    """The other end of the same stages."""
    done = asyncio.Event()
    costs = []
    received, cpu_before = 0, time.process_time()

    def on_message(message: Message) -> None:
        nonlocal received, cpu_before
        if message == END:
            costs.append((time.process_time() - cpu_before) / received)
            received, cpu_before = 0, time.process_time()
            peer.send(ENOUGH)
        elif message == DONE:
            done.set()
        else:
            received += len(message)

    peer.listen(on_message)
    await done.wait()
    return costs


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column, and none for stages that would take too long."""
    timeout_s = effort.growth_s + TIMEOUT_MARGIN_S
    both = run_pair("volume", stack, effort, timeout_s=timeout_s)
    costs = [sum(ends) * GIGABYTE for ends in zip(*both, strict=True)]
    named = {
        f"s_per_gb_{volume}": cost for volume, cost in zip(effort.volumes, costs, strict=False)
    }
    return {**named, "growth": costs[-1] / costs[0]} if len(costs) > 1 else named


def _size(volume: int) -> str:
    if volume >= GIGABYTE:
        return f"{volume // GIGABYTE} GB"
    return f"{volume // MEGABYTE} MB"


METRIC = Metric(
    "volume",
    "Growth by bytes: CPU of both ends for each further gigabyte on one channel, s",
    (
        *(Column(f"s_per_gb_{volume}", f"up to {_size(volume)}") for volume in FULL.volumes),
        Column("growth", "last stage to first"),
    ),
    measure,
    rounds=1,
    subjects=python_stacks,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
