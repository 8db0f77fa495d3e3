"""Connect: from two new objects to a data channel that is open on both ends, in one process."""

import sys
import time
from statistics import median

from effort import Effort
from harness import Column, Metric, main
from link import connected_pair
from process import run_alone
from stack import Adapter, Milestone


async def job(adapter: Adapter, effort: Effort) -> dict[str, float]:
    """Connect and close pairs one after another; milestones count once both ends are there."""
    took_s: dict[Milestone, list[float]] = {milestone: [] for milestone in Milestone}
    cpu_before = time.process_time()
    for _ in range(effort.connections):
        started_at = time.monotonic()
        async with connected_pair(adapter.make_peer) as pair:
            for milestone, samples in took_s.items():
                samples.append(max(peer.reached_at[milestone] for peer in pair) - started_at)
    cpu_s = time.process_time() - cpu_before
    return {
        "ice_ms": median(took_s[Milestone.ICE_CONNECTED]) * 1e3,
        "connected_ms": median(took_s[Milestone.CONNECTED]) * 1e3,
        "open_ms": median(took_s[Milestone.CHANNEL_OPEN]) * 1e3,
        "first_ms": took_s[Milestone.CHANNEL_OPEN][0] * 1e3,
        "cpu_ms": cpu_s / effort.connections * 1e3,
    }


METRIC = Metric(
    "connect",
    "Connect: new objects to channel open on both ends, one process",
    (
        Column("ice_ms", "ICE connected, ms"),
        Column("connected_ms", "connectionState connected, ms"),
        Column("open_ms", "channel open, ms"),
        Column("first_ms", "first in process, ms"),
        Column("cpu_ms", "CPU per pair set up and closed, ms"),
    ),
    lambda stack, effort: run_alone("connect", stack, effort),
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
