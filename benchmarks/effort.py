"""How much to measure: enough to tell stacks apart, bounded in time."""

from typing import NamedTuple


class Effort(NamedTuple):
    """The size of every measurement.

    Attributes:
        rounds: How often each stack is measured, in turn with the others.
        connections: Pairs connected one after another in one process.
        connect_s: After how long no further one of them is begun.
        pairs_at_once: Pairs connected at the same time in one process.
        warm_up_s: How long a flow of messages runs before it is counted.
        count_s: How long it is counted.
        paths: Over which kinds of path a flow is measured.
        queues: With which kinds of queue two flows share one.
        settle_s: How long a flow has to find the rate of a path.
        share_s: How long two flows have to find their shares of one.
        round_trips: Messages sent back and forth, besides a tenth before them to warm up.
        idle_pairs: How many pairs are kept without anything to say, in each of the measurements.
        rest_s: How long they are left alone first, so that nothing of their set-up is counted.
        idle_s: How long they are watched. Every stack asks for consent several times meanwhile, and
            SCTP for a sign of life, where it does (RFC 9260 8.3).
        upkeep_s: The same for each stage of the growth by connections.
        unreachable: Which kinds of server that is not there are tried.
        crowd: How many pairs a process holds at each stage of the growth by connections.
        volumes: How many bytes a channel has carried at each stage of the growth by bytes.
        growth_s: No stage of either is begun that would end later than this, besides the upkeep.
    """

    rounds: int
    connections: int
    connect_s: float
    pairs_at_once: int
    warm_up_s: float
    count_s: float
    paths: tuple[str, ...]
    queues: tuple[str, ...]
    settle_s: float
    share_s: float
    round_trips: int
    idle_pairs: tuple[int, ...]
    rest_s: float
    idle_s: float
    upkeep_s: float
    unreachable: tuple[str, ...]
    crowd: tuple[int, ...]
    volumes: tuple[int, ...]
    growth_s: float


MEGABYTE = 1_000_000
GIGABYTE = 1000 * MEGABYTE

FULL = Effort(
    rounds=3,
    connections=100,
    connect_s=3.0,
    pairs_at_once=100,
    warm_up_s=0.4,
    count_s=0.8,
    paths=("delayed", "lossy", "narrow", "narrow_lossy"),
    queues=("shallow", "deep"),
    settle_s=3.0,
    share_s=24.0,
    round_trips=2000,
    idle_pairs=(50, 200),
    rest_s=15.0,
    idle_s=60.0,
    upkeep_s=8.0,
    unreachable=("refused", "silent", "unknown"),
    crowd=(100, 500, 1000, 2000, 5000),
    volumes=(MEGABYTE, 10 * MEGABYTE, 100 * MEGABYTE, GIGABYTE, 10 * GIGABYTE),
    growth_s=90.0,
)
QUICK = Effort(
    rounds=1,
    connections=10,
    connect_s=1.0,
    pairs_at_once=10,
    warm_up_s=0.2,
    count_s=0.3,
    paths=("delayed",),
    queues=("deep",),
    settle_s=1.0,
    share_s=1.0,
    round_trips=300,
    idle_pairs=(5, 10),
    rest_s=0.2,
    idle_s=1.0,
    upkeep_s=1.0,
    unreachable=("refused",),
    crowd=(100, 500),
    volumes=(MEGABYTE, 10 * MEGABYTE),
    growth_s=5.0,
)
