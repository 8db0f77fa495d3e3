"""Bulk over a path with delay, loss and a rate: what a reliable, ordered channel moves."""

import sys

from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from path import Conditions
from process import run_pair
from stack import Stack

SIZE = 16_384
PATHS = {
    "delayed": Conditions(round_trip_s=0.02),
    "lossy": Conditions(round_trip_s=0.02, loss=0.01),
    "narrow": Conditions(round_trip_s=0.02, rate_bps=50e6),
    "narrow_lossy": Conditions(round_trip_s=0.02, loss=0.01, rate_bps=50e6),
}
COUNT = 4
"""So many times longer is counted than without a delay."""


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    longer = effort._replace(warm_up_s=effort.settle_s, count_s=effort.count_s * COUNT)
    rates = {}
    for name in effort.paths:
        _, [received] = run_pair("flow", stack, longer, path=PATHS[name], sizes=[SIZE])
        rates[name] = Rate(*received).per_s * SIZE * 8 / 1e6
    return rates


METRIC = Metric(
    "bulk_link",
    "Bulk over a path with delay, 16 KiB messages, two processes (Mbit/s)",
    (
        Column("delayed", "20 ms round trip"),
        Column("lossy", "20 ms, 1 % loss each way"),
        Column("narrow", "20 ms, 50 Mbit/s"),
        Column("narrow_lossy", "20 ms, 50 Mbit/s, 1 % loss each way"),
    ),
    measure,
    rounds=1,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
