"""Connect: from two new objects to a data channel that is open on both ends, in one process."""

import sys
import time
from collections.abc import Sequence
from functools import partial
from statistics import median

from effort import Effort
from harness import main
from link import connected_pair
from metric import Column, Metric
from peer import Adapter, Milestone
from percentile import percentile
from process import run_alone


async def job(adapter: Adapter, effort: Effort, servers: Sequence[str] = ()) -> dict[str, float]:
    """Connect and close pairs one after another; milestones count once both ends are there."""
    took_s: dict[Milestone, list[float]] = {milestone: [] for milestone in Milestone}
    make_peer = partial(adapter.make_peer, servers=servers)
    cpu_before, began_at = time.process_time(), time.monotonic()
    count = 0
    while count < effort.connections and (
        not count or time.monotonic() - began_at < effort.connect_s
    ):
        started_at = time.monotonic()
        async with connected_pair(make_peer) as pair:
            for milestone, samples in took_s.items():
                samples.append(max(peer.reached_at[milestone] for peer in pair) - started_at)
        count += 1
    cpu_s, all_s = time.process_time() - cpu_before, time.monotonic() - began_at
    open_s = took_s[Milestone.CHANNEL_OPEN]
    return {
        "ice_ms": median(took_s[Milestone.ICE_CONNECTED]) * 1e3,
        "connected_ms": median(took_s[Milestone.CONNECTED]) * 1e3,
        "open_ms": median(open_s) * 1e3,
        "p95_ms": percentile(sorted(open_s), 95) * 1e3,
        "first_ms": open_s[0] * 1e3,
        "cpu_ms": cpu_s / count * 1e3,
        "pairs_per_s": count / all_s,
    }


METRIC = Metric(
    "connect",
    "Connect: new objects to channel open on both ends, one process, one pair after another",
    (
        Column("ice_ms", "ICE connected, ms"),
        Column("connected_ms", "connectionState connected, ms"),
        Column("open_ms", "channel open, ms"),
        Column("p95_ms", "channel open, p95, ms"),
        Column("first_ms", "first in process, ms"),
        Column("cpu_ms", "CPU per pair set up and closed, ms"),
        Column("pairs_per_s", "pairs/s"),
    ),
    lambda stack, effort: run_alone("connect", stack, effort),
    note="The connections of pylibdatachannel are not closed: it locks up.",
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
