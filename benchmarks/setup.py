"""Set-up: many pairs connected at the same time, and closed, in one process."""

import asyncio
import sys
import time
from contextlib import AsyncExitStack

from effort import Effort
from harness import main
from idle import able
from link import connected_pair
from metric import Column, Metric
from peer import Adapter
from process import run_alone


async def job(adapter: Adapter, effort: Effort) -> dict[str, float]:
    """Connect all pairs at once, and close them when all are there."""
    async with connected_pair(adapter.make_peer):
        pass  # what a process needs once is not counted
    count = effort.pairs_at_once
    at, cpu = time.monotonic(), time.process_time()
    async with AsyncExitStack() as pairs:
        await asyncio.gather(
            *(pairs.enter_async_context(connected_pair(adapter.make_peer)) for _ in range(count))
        )
        opened_at = time.monotonic()
    cpu = time.process_time() - cpu
    return {"pairs_per_s": count / (opened_at - at), "cpu_ms": cpu / count * 1e3}


METRIC = Metric(
    "setup",
    "Set-up: 100 pairs at once, one process",
    (
        Column("pairs_per_s", "pairs/s until all channels are open"),
        Column("cpu_ms", "CPU per pair set up and closed, ms"),
    ),
    lambda stack, effort: run_alone("setup", stack, effort),
    subjects=able,
    note="pylibdatachannel is left out, here and below: it locks up when several connect at once.",
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
