"""Messages: how many small ones per second a reliable, ordered channel moves."""

import sys

from effort import Effort
from flow import Rate, receive_flow, send_flow
from harness import Column, Metric, main
from process import run_pair
from stack import Peer, Stack

SIZE = 64


async def sender_job(peer: Peer, effort: Effort) -> Rate:
    """One flow."""
    return await send_flow(peer, SIZE, effort)


async def receiver_job(peer: Peer, effort: Effort) -> Rate:
    """The other end of it."""
    return await receive_flow(peer, effort)


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    sent, received = map(Rate._make, run_pair("message", stack, effort))
    return {
        "per_s": received.per_s,
        "sender_cpu_us": sent.cpu_s * 1e6,
        "receiver_cpu_us": received.cpu_s * 1e6,
    }


METRIC = Metric(
    "message",
    "Small messages: 64 B, one reliable ordered channel, two processes",
    (
        Column("per_s", "messages/s"),
        Column("sender_cpu_us", "sender CPU per message, µs"),
        Column("receiver_cpu_us", "receiver CPU per message, µs"),
    ),
    measure,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
