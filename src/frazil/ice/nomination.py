"""Which pair is nominated, and which nomination is believed (RFC 8445 8.1).

The controlling agent nominates the first pair that works and moves on as better ones turn out to
work; nobody waits for a better pair that may never come. What is better is a matter of policy. To
an agent that knows of renomination each nomination carries a growing number, so that it can tell
the last one; others follow where the priority is higher.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair

_AGGRESSIVE_S: Final = 1.0
"""A peer that nominates every pair does so at once; later ones of lesser pairs are meant."""
_MIN_SAMPLES: Final = 3
"""Measurements before a round-trip time says something."""
_MARGIN: Final = 0.8
_MARGIN_S: Final = 0.005
"""A clearly quicker pair takes at most this share of the time, and is ahead by at least so much."""

IsBetter: TypeAlias = Callable[[CandidatePair, CandidatePair], bool]
"""Whether the first pair is worth to replace the second one, which is nominated and works."""


def never_better(pair: CandidatePair, nominated: CandidatePair) -> bool:
    """What is nominated stays."""
    return False


def higher_priority(pair: CandidatePair, nominated: CandidatePair) -> bool:
    """A higher priority is better."""
    return pair.priority > nominated.priority


def clearly_quicker(pair: CandidatePair, nominated: CandidatePair) -> bool:
    """A shorter round trip is better; the priority counts until both are measured."""
    ours, theirs = pair.round_trip, nominated.round_trip
    ours_s, theirs_s = ours.smoothed_s, theirs.smoothed_s
    is_measured = min(ours.samples, theirs.samples) >= _MIN_SAMPLES
    if ours_s is None or theirs_s is None or not is_measured:
        return higher_priority(pair, nominated)
    return ours_s < min(theirs_s * _MARGIN, theirs_s - _MARGIN_S)


def pair_to_nominate(
    generation: Generation,
    monitor: Monitor | None,
    answered: CandidatePair | None,
    is_fresh: Callable[[CandidatePair], bool],
    is_better: IsBetter,
) -> CandidatePair | None:
    """The pair that the controlling agent should nominate now, if any.

    The best that works: a lesser one that just answered is not worth to undo a nomination whose
    answer is on its way. But while the pair in use is silent, the first that answers is taken.

    Args:
        answered: The pair that just answered a check, if that is the occasion.
        is_fresh: Whether a pair works and answered lately.
        is_better: What justifies another nomination.
    """
    if monitor is not None and not monitor.is_alive:
        return None if answered is None or answered.is_vetoed else answered
    nominated = generation.agreement.pair
    is_settled = nominated is not None and monitor is not None and monitor.pair is nominated
    for pair in generation.checklist:
        if nominated is not None and is_settled and not is_better(pair, nominated):
            continue
        if not pair.is_vetoed and is_fresh(pair):
            return pair
    return None


def should_follow(
    pair: CandidatePair,
    generation: Generation,
    monitor: Monitor | None,
    nomination: int,
    received_at: float,
) -> bool:
    """Whether the controlled agent should move to ``pair``, which the peer nominated.

    Args:
        nomination: The value of the peer's NOMINATION attribute; 0 if it sent none.
        received_at: When the nomination came, which may have had to wait until the pair works.
    """
    agreement = generation.agreement
    nominated = agreement.pair
    if nomination and nomination < agreement.number:
        return False  # the peer has said otherwise since, whatever has become of that pair
    if nominated is None or monitor is None or not monitor.is_alive:
        return True
    if pair is nominated:  # said again; we may have left the pair while it was silent
        return True
    if nomination:  # the same again is of the same pair, at which a NAT shows the peer elsewhere
        return nomination > agreement.number or pair.local.base == nominated.local.base
    is_meant = received_at - agreement.reached_at >= _AGGRESSIVE_S
    return is_meant or pair.priority > nominated.priority
