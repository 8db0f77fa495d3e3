"""Crowd: what a further pair costs in a process that already holds many."""

import gc
import resource
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from effort import FULL, Effort
from harness import main
from link import connected_pair, enter_pairs
from machine import resident_bytes
from metric import Column, Metric
from peer import Adapter
from process import run_alone
from stack import AIORTC, FRAZIL, Stack

TIMEOUT_S = 240.0


class Cost(NamedTuple):
    """What a crowd costs.

    Attributes:
        cpu_ms: CPU for each pair of a stage, by stage, the upkeep of the others included.
        kb: Memory per pair in the end.
        collection_ms: How long a full garbage collection then takes.
        frozen_ms: The same after ``gc.freeze()``.
    """

    cpu_ms: list[float]
    kb: float
    collection_ms: float
    frozen_ms: float


async def job(adapter: Adapter, effort: Effort) -> Cost:
    """Connect as many pairs as each stage has, and keep them."""
    _allow_many_files()
    async with connected_pair(adapter.make_peer):
        pass  # what a process needs once is not counted
    cpu_ms: list[float] = []
    held = 0
    async with AsyncExitStack() as pairs:
        bytes_before = _settled_bytes()
        for size in effort.crowd:
            cpu_before = time.process_time()
            await enter_pairs(pairs, adapter, size - held)
            cpu_s = time.process_time() - cpu_before
            cpu_ms.append(cpu_s / (size - held) * 1e3)
            held = size
        kb = (_settled_bytes() - bytes_before) / held / 1e3
        collection_ms = _collection_ms()
        gc.freeze()
        return Cost(cpu_ms, kb, collection_ms, _collection_ms())


def _collection_ms() -> float:
    cpu_before = time.process_time()
    gc.collect()
    return (time.process_time() - cpu_before) * 1e3


def _allow_many_files() -> None:
    """Every connection has a socket, and the usual limit is 1024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _settled_bytes() -> int:
    gc.collect()
    return resident_bytes()


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    cost = Cost(*run_alone("crowd", stack, effort, timeout_s=TIMEOUT_S))
    stages = zip(effort.crowd, cost.cpu_ms, strict=True)
    return {
        **{f"cpu_ms_{size}": cpu_ms for size, cpu_ms in stages},
        "cpu_growth": cost.cpu_ms[-1] / cost.cpu_ms[0],
        "kb": cost.kb,
        "collection_ms": cost.collection_ms,
        "frozen_ms": cost.frozen_ms,
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
        Column("collection_ms", "full garbage collection in the end, ms"),
        Column("frozen_ms", "after `gc.freeze()`, ms"),
    ),
    measure,
    rounds=1,
    subjects=python_stacks,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
