"""Bulk: how many bits per second a reliable, ordered channel moves, and what they cost."""

import sys

from effort import Effort
from flow import Rate, receive_flow, send_flow
from harness import Column, Metric, main
from process import run_pair
from stack import Peer, Stack

SIZES = (16_384, 1024)


async def sender_job(peer: Peer, effort: Effort) -> list[Rate]:
    """One flow for each size of message."""
    return [await send_flow(peer, size, effort) for size in SIZES]


async def receiver_job(peer: Peer, effort: Effort) -> list[Rate]:
    """The other end of the same flows."""
    return [await receive_flow(peer, effort) for _ in SIZES]


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    sent, received = (map(Rate._make, rates) for rates in run_pair("bulk", stack, effort))
    sent_large, _ = sent
    large, small = received
    return {
        "large_mbps": large.per_s * SIZES[0] * 8 / 1e6,
        "small_mbps": small.per_s * SIZES[1] * 8 / 1e6,
        "sender_cpu_s_per_gb": sent_large.cpu_s * 1e9 / SIZES[0],
        "receiver_cpu_s_per_gb": large.cpu_s * 1e9 / SIZES[0],
    }


METRIC = Metric(
    "bulk",
    "Bulk: one reliable ordered channel, two processes",
    (
        Column("large_mbps", "16 KiB messages, Mbit/s"),
        Column("small_mbps", "1 KiB messages, Mbit/s"),
        Column("sender_cpu_s_per_gb", "sender CPU, s/GB at 16 KiB"),
        Column("receiver_cpu_s_per_gb", "receiver CPU, s/GB at 16 KiB"),
    ),
    measure,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
