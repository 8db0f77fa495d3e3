"""Which pair is nominated, and which nomination is believed (RFC 8445 8.1).

The controlling agent nominates the first pair that works and moves upward as better ones turn out
to work; nobody waits for a better pair that may never come. Each nomination carries a growing
number, so that an agent that knows the attribute can tell the last one; for others it is an unknown
optional attribute.
"""

from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair

_AGGRESSIVE_S = 1.0
"""A peer that nominates every pair does so at once; later ones of lesser pairs are meant."""


def should_nominate(pair: CandidatePair, generation: Generation, monitor: Monitor | None) -> bool:
    """Whether the controlling agent should nominate ``pair``, which just proved to work."""
    nominated = generation.nominated
    if nominated is None or monitor is None or monitor.pair is not nominated:
        return pair is generation.checklist.best_valid()
    if pair is nominated:
        return False
    return pair.priority > nominated.priority or not monitor.is_alive


def should_follow(
    pair: CandidatePair,
    generation: Generation,
    monitor: Monitor | None,
    nomination: int,
    now: float,
) -> bool:
    """Whether the controlled agent should move to ``pair``, which the peer nominated.

    Args:
        nomination: The value of the peer's NOMINATION attribute; 0 if it sent none.
    """
    nominated = generation.nominated
    if nominated is None or monitor is None or not monitor.is_alive:
        return True
    if nomination:
        return nomination > generation.nomination
    settled = now - generation.nominated_at >= _AGGRESSIVE_S
    return settled or pair.priority > nominated.priority
