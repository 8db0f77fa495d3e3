"""Idle: what connected pairs cost that have nothing to say."""

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from effort import Effort
from harness import main
from link import connected_pair, enter_pairs
from machine import resident_bytes
from metric import Column, Metric
from peer import Adapter
from process import run_alone
from stack import PYLIBDATACHANNEL, Stack

TIMEOUT_S = 180.0
"""Some stacks need half a minute for the last of two hundred pairs."""


async def job(adapter: Adapter, effort: Effort, pairs: int) -> dict[str, float]:
    """Connect pairs, see what they weigh, and leave them alone for a while."""
    async with connected_pair(adapter.make_peer):
        pass  # what a process needs once is not counted
    before = _settled_bytes()
    async with AsyncExitStack() as stack:
        await enter_pairs(stack, adapter, pairs)
        held = _settled_bytes() - before
        await asyncio.sleep(effort.rest_s)
        at, cpu = time.monotonic(), time.process_time()
        await asyncio.sleep(effort.idle_s)
        at, cpu = time.monotonic() - at, time.process_time() - cpu
    return {
        "kb_per_pair": held / pairs / 1e3,
        "cpu_us_per_pair_s": cpu / at / pairs * 1e6,
    }


def _settled_bytes() -> int:
    gc.collect()
    return resident_bytes()


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column, for a few pairs and for more."""
    few, many = (
        run_alone("idle", stack, effort, timeout_s=TIMEOUT_S, pairs=pairs)
        for pairs in effort.idle_pairs
    )
    return {f"few_{key}": value for key, value in few.items()} | {
        f"many_{key}": value for key, value in many.items()
    }


def able(stacks: Sequence[Stack]) -> list[Stack]:
    """Those who can make several connections at once."""
    return [stack for stack in stacks if stack != PYLIBDATACHANNEL]


METRIC = Metric(
    "idle",
    "Idle: 50 and 200 connected pairs, both ends in one process",
    (
        Column("few_kb_per_pair", "memory per pair of 50, kB"),
        Column("many_kb_per_pair", "of 200, kB"),
        Column("few_cpu_us_per_pair_s", "CPU per pair of 50, µs each second"),
        Column("many_cpu_us_per_pair_s", "of 200, µs each second"),
    ),
    measure,
    rounds=1,
    subjects=able,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
