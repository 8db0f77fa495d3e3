"""Loss: what a reliable, ordered channel moves when one datagram in a hundred is lost, each way."""

import sys
from subprocess import CalledProcessError

import network
from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from process import WorkerError, run_pair
from stack import Stack

SIZE = 16_384
SHARE = 0.01


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    own = network.own_network()
    if own is None:
        raise WorkerError("losing datagrams needs a network of our own")
    try:
        with own.lossy(SHARE):
            [sent], [received] = run_pair("flow", stack, effort, sizes=[SIZE])
    except (OSError, CalledProcessError) as error:
        raise WorkerError(f"nftables and iproute2 are needed: {error}") from None
    return {
        "mbps": Rate(*received).per_s * SIZE * 8 / 1e6,
        "sender_cpu_s_per_gb": Rate(*sent).cpu_s * 1e9 / SIZE,
        "receiver_cpu_s_per_gb": Rate(*received).cpu_s * 1e9 / SIZE,
    }


METRIC = Metric(
    "loss",
    "Bulk with 1 % random loss and no delay: 16 KiB messages, two processes",
    (
        Column("mbps", "Mbit/s"),
        Column("sender_cpu_s_per_gb", "sender CPU, s/GB"),
        Column("receiver_cpu_s_per_gb", "receiver CPU, s/GB"),
    ),
    measure,
    rounds=2,
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
