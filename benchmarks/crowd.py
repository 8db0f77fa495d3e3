"""Crowd: what a further pair costs in a process that already holds many."""

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from effort import FULL, Effort
from files import allow_most_files, most_files
from harness import main
from link import connected_pair, enter_pairs
from machine import resident_bytes
from metric import Column, Metric
from peer import Adapter
from process import run_alone
from stack import AIORTC, COMPILED, FRAZIL, Stack

TIMEOUT_MARGIN_S = 120.0
OTHER_FILES = 64
"""File descriptors for everything but connections."""


class Stage(NamedTuple):
    """What the pairs of one stage cost.

    Attributes:
        cpu_ms: CPU to set up each of them, without the upkeep of all meanwhile.
        upkeep_us: CPU for each pair that is there, in a second without anything to say.
    """

    cpu_ms: float
    upkeep_us: float


class Cost(NamedTuple):
    """What a crowd costs.

    Attributes:
        stages: As many as the time and the limit of file descriptors allowed.
        kb: Memory per pair in the end.
        collection_ms: How long a full garbage collection then takes.
        frozen_ms: The same after ``gc.freeze()``.
    """

    stages: list[Stage]
    kb: float
    collection_ms: float
    frozen_ms: float


async def job(adapter: Adapter, effort: Effort) -> Cost:
    """Connect as many pairs as each stage has, and keep them."""
    allow_most_files()
    async with connected_pair(adapter.make_peer):
        pass  # what a process needs once is not counted
    stages: list[Stage] = []
    held, upkeep = 0, 0.0
    async with AsyncExitStack() as pairs:
        bytes_before = _settled_bytes()
        spent_s = 0.0
        for size in effort.crowd:
            if held and _is_too_much(size, held, spent_s, effort):
                break
            at, cpu = time.monotonic(), time.process_time()
            await enter_pairs(pairs, adapter, size - held)
            at, cpu = time.monotonic() - at, time.process_time() - cpu
            spent_s += at
            before, upkeep = upkeep, await _cores_busy(effort.upkeep_s)
            cpu -= at * (before + upkeep) / 2  # it grew evenly, more or less
            stages.append(Stage(cpu / (size - held) * 1e3, upkeep / size * 1e6))
            held = size
        kb = (_settled_bytes() - bytes_before) / held / 1e3
        collection_ms = _collection_ms()
        gc.freeze()
        return Cost(stages, kb, collection_ms, _collection_ms())


async def _cores_busy(watch_s: float) -> float:
    at, cpu = time.monotonic(), time.process_time()
    await asyncio.sleep(watch_s)
    return (time.process_time() - cpu) / (time.monotonic() - at)


def _collection_ms() -> float:
    cpu_before = time.process_time()
    gc.collect()
    return (time.process_time() - cpu_before) * 1e3


def _is_too_much(size: int, held: int, spent_s: float, effort: Effort) -> bool:
    """Whether a stage would take too long, or more sockets than a process may have."""
    return spent_s * size / held > effort.growth_s or 2 * size + OTHER_FILES > most_files()


def _settled_bytes() -> int:
    gc.collect()
    return resident_bytes()


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    timeout_s = effort.growth_s + TIMEOUT_MARGIN_S
    cost = Cost(*run_alone("crowd", stack, effort, timeout_s=timeout_s))
    stages = [Stage(*stage) for stage in cost.stages]
    sample = {"kb": cost.kb, "collection_ms": cost.collection_ms, "frozen_ms": cost.frozen_ms}
    for size, stage in zip(effort.crowd, stages, strict=False):
        sample[f"cpu_ms_{size}"] = stage.cpu_ms
        sample["upkeep_us"] = stage.upkeep_us
    if len(stages) > 1:
        sample["cpu_growth"] = stages[-1].cpu_ms / stages[0].cpu_ms
        sample["upkeep_growth"] = stages[-1].upkeep_us / stages[0].upkeep_us
    return sample


def python_stacks(stacks: Sequence[Stack]) -> list[Stack]:
    """Those of which the whole cost is Python's."""
    return [stack for stack in stacks if stack in (AIORTC, FRAZIL, COMPILED)]


def and_in_workers(stacks: Sequence[Stack]) -> list[Stack]:
    """The same, and ours with the memory of a worker too."""
    subjects = []
    for stack in python_stacks(stacks):
        subjects.append(stack)
        if stack != AIORTC:
            name = f"{stack.name}, as in a worker"
            subjects.append(stack._replace(name=name, module="setting_worker_memory"))
    return subjects


METRIC = Metric(
    "crowd",
    "Growth by connections: CPU to set up each further pair in one process",
    (
        *(Column(f"cpu_ms_{size}", f"up to {size:,} pairs, ms") for size in FULL.crowd),
        Column("cpu_growth", "last stage to first"),
        Column("upkeep_us", "upkeep per pair in the end, µs each second"),
        Column("upkeep_growth", "to that after the first stage"),
        Column("kb", "memory per pair in the end, kB"),
        Column("collection_ms", "full garbage collection in the end, ms"),
        Column("frozen_ms", "after `gc.freeze()`, ms"),
    ),
    measure,
    rounds=1,
    note="A stage is left out if it would take too long, or if there are not enough files for it. "
    "In a worker the garbage collector does not look at connections that live.",
    subjects=and_in_workers,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
