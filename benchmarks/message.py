"""Messages: how many small ones per second a reliable, ordered channel moves."""

import sys

from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from process import run_pair
from stack import Stack

SIZE = 64


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    [sent], [received] = run_pair("flow", stack, effort, sizes=[SIZE])
    return {
        "per_s": Rate(*received).per_s,
        "sender_cpu_us": Rate(*sent).cpu_s * 1e6,
        "receiver_cpu_us": Rate(*received).cpu_s * 1e6,
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
