"""How much to measure: enough to tell stacks apart, bounded in time."""

from typing import NamedTuple


class Effort(NamedTuple):
    """The size of every measurement.

    Attributes:
        rounds: How often each stack is measured, in turn with the others.
        connections: Pairs connected one after another in one process.
        warm_up_s: How long a flow of messages runs before it is counted.
        count_s: How long it is counted.
        round_trips: Messages sent back and forth, besides a tenth before them to warm up.
        idle_pairs: Pairs kept without anything to say.
        idle_s: How long they are watched; two consent checks take at most 12 s.
    """

    rounds: int
    connections: int
    warm_up_s: float
    count_s: float
    round_trips: int
    idle_pairs: int
    idle_s: float


FULL = Effort(
    rounds=5,
    connections=20,
    warm_up_s=0.4,
    count_s=1.0,
    round_trips=2000,
    idle_pairs=50,
    idle_s=12.0,
)
QUICK = Effort(
    rounds=1, connections=10, warm_up_s=0.3, count_s=0.5, round_trips=500, idle_pairs=10, idle_s=6.0
)
