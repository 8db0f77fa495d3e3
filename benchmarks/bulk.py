"""Bulk: how many bits per second a reliable, ordered channel moves, and what they cost."""

import sys

from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from process import run_pair
from stack import Stack

SIZES = (16_384, 65_535, 1024)
"""The second is 64 KiB but for one byte, the most that Pion takes."""


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    sent, received = run_pair("flow", stack, effort, sizes=SIZES)
    medium, large, small = (Rate(*rate) for rate in received)
    return {
        "medium_mbps": medium.per_s * SIZES[0] * 8 / 1e6,
        "large_mbps": large.per_s * SIZES[1] * 8 / 1e6,
        "small_mbps": small.per_s * SIZES[2] * 8 / 1e6,
        "sender_cpu_s_per_gb": Rate(*sent[0]).cpu_s * 1e9 / SIZES[0],
        "receiver_cpu_s_per_gb": medium.cpu_s * 1e9 / SIZES[0],
    }


METRIC = Metric(
    "bulk",
    "Bulk: one reliable ordered channel, two processes",
    (
        Column("medium_mbps", "16 KiB messages, Mbit/s"),
        Column("large_mbps", "64 KiB messages, Mbit/s"),
        Column("small_mbps", "1 KiB messages, Mbit/s"),
        Column("sender_cpu_s_per_gb", "sender CPU, s/GB at 16 KiB"),
        Column("receiver_cpu_s_per_gb", "receiver CPU, s/GB at 16 KiB"),
    ),
    measure,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
