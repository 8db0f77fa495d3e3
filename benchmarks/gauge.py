"""What a process weighs and spends, and how long it keeps its event loop from turning."""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from machine import resident_bytes

_PULSE_S = 0.02
_FREEZE_EVERY = 50


@dataclass(frozen=True, slots=True)
class Reading:
    """One process at one moment; everything but the memory since the gauge was last read.

    Attributes:
        at: The moment, on the monotonic clock of the process.
        resident: Bytes of memory.
        cpu_s: Processor time since the start of the process.
        stall_s: The most processor time for which a timer that was due has waited. What other
            programs take meanwhile is not in it.
        collection_s: The most processor time of one run of the garbage collector.
    """

    at: float
    resident: int
    cpu_s: float
    stall_s: float
    collection_s: float

    @classmethod
    def of_all(cls, readings: "Sequence[Reading]") -> "Reading":
        """Several processes, read at about the same moment, as if they were one."""
        return cls(
            at=readings[0].at,
            resident=sum(one.resident for one in readings),
            cpu_s=sum(one.cpu_s for one in readings),
            stall_s=max(one.stall_s for one in readings),
            collection_s=max(one.collection_s for one in readings),
        )

    def cpu_share(self, before: "Reading") -> float:
        """The part of one core that was used since ``before``."""
        return (self.cpu_s - before.cpu_s) / (self.at - before.at)


class Gauge:
    """Watches its own process while the ``async with`` block runs."""

    def __init__(self) -> None:
        self._stall_s = self._collection_s = self._collecting_at = 0.0

    async def __aenter__(self) -> Self:
        gc.callbacks.append(self._on_collection)
        self._pulse = asyncio.create_task(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        gc.callbacks.remove(self._on_collection)
        self._pulse.cancel()

    def read(self) -> Reading:
        """How it stands; the two maxima begin anew."""
        reading = Reading(
            time.monotonic(),
            resident_bytes(),
            time.process_time(),
            self._stall_s,
            self._collection_s,
        )
        self._stall_s = self._collection_s = 0.0
        return reading

    async def _beat(self) -> None:
        while True:
            at = time.process_time()
            await asyncio.sleep(_PULSE_S)
            self._stall_s = max(self._stall_s, time.process_time() - at - _PULSE_S)

    def _on_collection(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._collecting_at = time.process_time()
        else:
            self._collection_s = max(self._collection_s, time.process_time() - self._collecting_at)


def freeze(connections: int) -> None:
    """Every now and then, take what there is out of the sight of the garbage collector.

    Otherwise it looks through all connections whenever their number has grown by a quarter.
    """
    if connections % _FREEZE_EVERY == 0:
        gc.freeze()


def lost_at(port: int) -> int:
    """How many datagrams the kernel dropped because the buffer of a UDP port was full (Linux)."""
    lost = 0
    for table in (Path("/proc/net/udp"), Path("/proc/net/udp6")):
        if table.exists():
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port:
                    lost += int(fields[-1])
    return lost
