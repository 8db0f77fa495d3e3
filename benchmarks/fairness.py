"""Fairness: two flows on one bottleneck, of the same stack, and beside TCP of the kernel."""

import sys
from collections.abc import Sequence
from subprocess import CalledProcessError

from bottleneck import ADDRESSES, Bottleneck
from effort import Effort
from flow import Rate
from harness import main
from metric import Column, Metric
from path import Conditions
from process import Place, WorkerError, run_pairs
from stack import AIORTC, FRAZIL, TCP, Stack

SIZE = 16_384
RATE_BPS = 50e6
ROUND_TRIP_S = 0.02
QUEUES_S = {"shallow": 0.02, "deep": 0.1}
COUNT = 10
"""So many times longer is counted than where a flow is alone."""


def measure(stack: Stack, effort: Effort) -> dict[str, float]:
    """One value per column."""
    longer = effort._replace(warm_up_s=effort.share_s, count_s=effort.count_s * COUNT)
    sample = {}
    for name in effort.queues:
        conditions = Conditions(ROUND_TRIP_S, rate_bps=RATE_BPS, queue_s=QUEUES_S[name])
        one, other = _rates((stack, stack), conditions, longer)
        sample[f"{name}_jain"] = (one + other) ** 2 / (2 * (one**2 + other**2))
        sample[f"{name}_sum"] = one + other
        ours, theirs = _rates((stack, TCP), conditions, longer)
        sample[f"{name}_share"] = 100 * ours / (ours + theirs)
    return sample


def _rates(stacks: Sequence[Stack], conditions: Conditions, effort: Effort) -> list[float]:
    """What each flow moves, in Mbit/s, with the others beside it."""
    try:
        with Bottleneck(conditions) as link:
            near, far = (
                Place(namespace=end, address=address)
                for end, address in zip(link.ends, ADDRESSES, strict=True)
            )
            results = run_pairs("flow", stacks, effort, (near, far), sizes=[SIZE])
    except (OSError, CalledProcessError) as error:
        raise WorkerError(f"a network of our own is needed: {error}") from None
    return [Rate(*received).per_s * SIZE * 8 / 1e6 for _, [received] in results]


def subjects(stacks: Sequence[Stack]) -> list[Stack]:
    """Those that keep to the address they are given."""
    return [stack for stack in (AIORTC, FRAZIL) if stack in stacks]


METRIC = Metric(
    "fairness",
    "Fairness: two flows on one link of 50 Mbit/s and 20 ms, four processes",
    (
        Column("shallow_jain", "itself, queue of 20 ms: Jain's index"),
        Column("shallow_sum", "both, Mbit/s"),
        Column("shallow_share", "beside TCP: its share, %"),
        Column("deep_jain", "itself, queue of 100 ms: Jain's index"),
        Column("deep_sum", "both, Mbit/s"),
        Column("deep_share", "beside TCP: its share, %"),
    ),
    measure,
    rounds=1,
    subjects=subjects,
    note="Jain's index: 1 where both get the same, 0.5 where one gets all. TCP has CUBIC.",
)

if __name__ == "__main__":
    sys.exit(main([METRIC]))
