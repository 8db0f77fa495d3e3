"""Idle: what connected pairs cost that have nothing to say. Not part of the whole run: it waits."""

import asyncio
import gc
import sys
import time
from contextlib import AsyncExitStack

from effort import Effort
from harness import Column, Metric, main
from link import connected_pair
from machine import resident_bytes
from process import run_alone
from stack import Adapter


async def job(adapter: Adapter, effort: Effort) -> dict[str, float]:
    """Connect pairs, see what they weigh, and leave them alone for a while."""
    async with connected_pair(adapter.make_peer):
        pass  # what a process needs once is not counted
    before = _settled_bytes()
    async with AsyncExitStack() as pairs:
        for _ in range(effort.idle_pairs):
            await pairs.enter_async_context(connected_pair(adapter.make_peer))
        held = _settled_bytes() - before
        await asyncio.sleep(effort.warm_up_s)
        at, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(effort.idle_s)
        at, cpu = time.monotonic() - at, time.process_time() - cpu
    return {
        "kb_per_pair": held / effort.idle_pairs / 1e3,
        "cpu_us_per_pair_s": cpu / at / effort.idle_pairs * 1e6,
    }


def _settled_bytes() -> int:
    gc.collect()
    return resident_bytes()


METRIC = Metric(
    "idle",
    "Idle: connected pairs, both ends in one process",
    (
        Column("kb_per_pair", "memory per pair, kB"),
        Column("cpu_us_per_pair_s", "CPU per pair, µs each second"),
    ),
    lambda stack, effort: run_alone("idle", stack, effort),
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
