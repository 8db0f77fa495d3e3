"""Which pair is nominated, and which nomination is believed (RFC 8445 8.1).

The controlling agent nominates the first pair that works and moves upward as better ones turn out
to work; nobody waits for a better pair that may never come. Each nomination carries a growing
number, so that an agent that knows the attribute can tell the last one; for others it is an unknown
optional attribute.
"""

from collections.abc import Callable

from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair

_AGGRESSIVE_S = 1.0
"""A peer that nominates every pair does so at once; later ones of lesser pairs are meant."""


def pair_to_nominate(
    generation: Generation,
    monitor: Monitor | None,
    answered: CandidatePair | None,
    is_fresh: Callable[[CandidatePair], bool],
) -> CandidatePair | None:
    """The pair that the controlling agent should nominate now, if any.

    The best that works: a lesser one that just answered is not worth to undo a nomination whose
    answer is on its way. But while the pair in use is silent, the first that answers is taken.

    Args:
        answered: The pair that just answered a check, if that is the occasion.
        is_fresh: Whether a pair works and answered lately.
    """
    if monitor is not None and not monitor.is_alive:
        return answered
    nominated = generation.nominated
    is_settled = nominated is not None and monitor is not None and monitor.pair is nominated
    floor = nominated.priority if nominated is not None and is_settled else -1
    return next(filter(is_fresh, generation.checklist.above(floor)), None)


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
    if nomination and nomination < generation.nomination:
        return False  # the peer has said otherwise since, whatever has become of that pair
    if nominated is None or monitor is None or not monitor.is_alive:
        return True
    if pair is nominated:  # said again; we may have left the pair while it was silent
        return True
    if nomination:
        return nomination > generation.nomination
    settled = now - generation.nominated_at >= _AGGRESSIVE_S
    return settled or pair.priority > nominated.priority
