"""Crowd: what a further pair costs in a process that already holds many."""

import asyncio
import gc
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

from effort import FULL, Effort
from harness import main
from link import connected_pair
from machine import resident_bytes
from metric import Column, Metric
from peer import Adapter
from process import run_alone
from stack import AIORTC, FRAZIL, Stack

AT_ONCE = 20
"""Pairs that connect at the same time: some stacks spend most of a connection waiting."""

TIMEOUT_S = 240.0


async def job(adapter: Adapter, effort: Effort) -> list[tuple[float, float]]:
    """Milliseconds of CPU and kB for each pair of a stage, the upkeep of the others included."""
    _allow_many_files()
    async with connected_pair(adapter.make_peer):
        pass  # what a process needs once is not counted
    costs = []
    held = 0
    async with AsyncExitStack() as pairs:
        bytes_before = _settled_bytes()
        for size in effort.crowd:
            cpu_before = time.process_time()
            for start in range(held, size, AT_ONCE):
                await asyncio.gather(
                    *(
                        pairs.enter_async_context(connected_pair(adapter.make_peer))
                        for _ in range(start, min(start + AT_ONCE, size))
                    )
                )
            cpu_ms = (time.process_time() - cpu_before) * 1e3
            costs.append((cpu_ms / (size - held), (_settled_bytes() - bytes_before) / size / 1e3))
            held = size
    return costs


def _allow_many_files() -> None:
    """Every connection has a socket, and the usual limit is 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _settled_bytes() -> int:
    gc.collect()
    return resident_bytes()


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    costs = run_alone("crowd", stack, effort, timeout_s=TIMEOUT_S)
    by_size = dict(zip(effort.crowd, costs, strict=True))
    return {
        **{f"cpu_ms_{size}": cpu_ms for size, (cpu_ms, _) in by_size.items()},
        "cpu_growth": costs[-1][0] / costs[0][0],
        "kb": costs[-1][1],
    }


def python_stacks(stacks: Sequence[Stack]) -> list[Stack]:
    """Those of which the whole cost is Python's."""
    return [stack for stack in stacks if stack in (AIORTC, FRAZIL)]


METRIC = Metric(
    "crowd",
    "Growth by connections: CPU for each further pair in one process, its upkeep included",
    (
        *(Column(f"cpu_ms_{size}", f"up to {size:,} pairs, ms") for size in FULL.crowd),
        Column("cpu_growth", "last stage to first"),
        Column("kb", "memory per pair in the end, kB"),
    ),
    measure,
    rounds=1,
    subjects=python_stacks,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
