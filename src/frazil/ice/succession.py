"""Which pair takes over from the one in use, and on what evidence."""

from typing import Final

from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair, PairKey

QUIET_S: Final = 0.1
"""While the pair in use was heard so lately, nothing that comes elsewhere matters."""
_STRAGGLERS_S: Final = 1.0
"""What was on its way on the pair before may come so long, and a round trip, after a change."""


def heir_by_consent(generation: Generation, now: float, renewable_s: float) -> CandidatePair | None:
    """The best pair on which sending is allowed; the one in use is gone (RFC 7675 5.1).

    Args:
        generation: Its pairs.
        now: The instant.
        renewable_s: How old consent may be, to be renewed before it expires.
    """
    return next((pair for pair in generation.checklist if pair.has_consent(now, renewable_s)), None)


def heir_by_answer(generation: Generation, monitor: Monitor) -> CandidatePair | None:
    """The best pair that answered after the pair in use was heard last, whose answer is late.

    That is where the peer is now. What was answered before the pair in use took over says nothing
    of it, though its own last answer may be older.
    """
    if not monitor.is_alive or not monitor.is_late:
        return None
    since = max(monitor.heard_at, monitor.began_at)
    return next(
        (
            pair
            for pair in generation.checklist
            if pair.is_valid
            and pair is not monitor.pair
            and pair.consented_at is not None
            and pair.consented_at > since
        ),
        None,
    )


def heir_by_payload(
    generation: Generation,
    monitor: Monitor,
    key: PairKey,
    now: float,
    renewable_s: float,
    *,
    controlling: bool,
) -> CandidatePair | None:
    """The pair ``key``, on which verified payload came while the one in use is quiet.

    The peer sends there, so that is the pair that it uses. We follow if that is for us to decide;
    or if the pair has the same base, and so may be the nominated one from the peer's view, which
    knows nothing of a NAT that moved it. What comes late on the pair before changes nothing.
    ``renewable_s`` is as in :func:`heir_by_consent`.
    """
    pair = generation.checklist.find(key)
    if pair is None or not monitor.is_alive or not pair.has_consent(now, renewable_s):
        return None
    before_s = monitor.pair.round_trip.timeout_s(0.0)
    if now - monitor.heard_at < QUIET_S or now - monitor.began_at < _STRAGGLERS_S + before_s:
        return None
    return pair if controlling or pair.local.base == monitor.pair.local.base else None
