"""Mixed: frazil at one end and another implementation at the other; whose CPU is the limit?"""

import sys
from collections.abc import Sequence
from typing import NamedTuple

from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from process import run_pair
from stack import CHROMIUM, COMPILED, FRAZIL, NODE_DATACHANNEL, Stack

SIZE = 16_384


class Pairing(NamedTuple):
    """Who sends to whom."""

    sender: Stack
    receiver: Stack

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"{self.sender.name} → {self.receiver.name}"


def pairings(stacks: Sequence[Stack]) -> list[Pairing]:
    """frazil with each of the others that are here, both ways."""
    return [
        pairing
        for ours in (FRAZIL, COMPILED)
        for other in (NODE_DATACHANNEL, CHROMIUM)
        if ours in stacks and other in stacks
        for pairing in (Pairing(ours, other), Pairing(other, ours))
    ]


def measure(pairing: Pairing, effort: Effort) -> dict[str, float]:
    """One value per column; a busy core is one that is the bottleneck."""
    sender, receiver = pairing
    [sent], [received] = run_pair("flow", sender, effort, receiver=receiver, sizes=[SIZE])
    sent, received = Rate(*sent), Rate(*received)
    return {
        "mbps": received.per_s * SIZE * 8 / 1e6,
        "sender_cores": sent.cpu_s * sent.per_s,
        "receiver_cores": received.cpu_s * received.per_s,
        "sender_cpu_s_per_gb": sent.cpu_s * 1e9 / SIZE,
        "receiver_cpu_s_per_gb": received.cpu_s * 1e9 / SIZE,
    }


METRIC = Metric(
    "mixed",
    "Bulk between two implementations: 16 KiB messages, two processes",
    (
        Column("mbps", "Mbit/s"),
        Column("sender_cores", "sender, cores busy"),
        Column("receiver_cores", "receiver, cores busy"),
        Column("sender_cpu_s_per_gb", "sender CPU, s/GB"),
        Column("receiver_cpu_s_per_gb", "receiver CPU, s/GB"),
    ),
    measure,
    subjects=pairings,
    note="Each end has one core: near 1.00 it is the one that the other waits for.",
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
