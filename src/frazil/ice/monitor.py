"""Watches the selected pair: is it alive, and may we still send on it?

Two clocks run side by side. *Liveness* takes any authenticated packet of the peer as a sign of life
and drives ``disconnected``. *Consent* (RFC 7675) takes only authenticated responses to our own
checks and decides whether we may send at all. One stream of checks serves both: it is slow while
the pair talks, quick once an answer is late.
"""

from frazil.ice.config import IceConfig
from frazil.ice.pair import CandidatePair
from frazil.types import RandomBytes, uniform

_UNANSWERED_TO_BE_LOST = 2
_CONSENT_RETRY_S = 1.0


class Monitor:
    """The two clocks of one selected pair.

    Attributes:
        heard_at: Last sign of life.
        consented_at: Last authenticated response to a check of ours.
        is_alive: The verdict of the liveness clock.
    """

    __slots__ = (
        "_check_at",
        "_config",
        "_late_at",
        "_random_bytes",
        "_unanswered",
        "consented_at",
        "heard_at",
        "is_alive",
        "is_cut",
        "pair",
        "sent_at",
    )

    def __init__(
        self, pair: CandidatePair, config: IceConfig, random_bytes: RandomBytes, now: float
    ) -> None:
        self.pair = pair
        self._config = config
        self._random_bytes = random_bytes
        self.heard_at = now
        self.consented_at = now
        self.sent_at = now
        self.is_alive = True
        self.is_cut = False
        self._unanswered = 0
        self._late_at = now
        self._check_at = now + self._interval_s()

    def _interval_s(self) -> float:
        return self._config.consent_interval_s * uniform(self._random_bytes, 0.8, 1.2)

    @property
    def unanswered(self) -> int:
        """Checks sent since the last sign of life."""
        return self._unanswered

    @property
    def consent_expires_at(self) -> float:
        """When sending must stop (RFC 7675 5.1)."""
        return self.consented_at + self._config.consent_timeout_s

    @property
    def lost_at(self) -> float | None:
        """When the pair will count as lost if nothing is heard; ``None`` if not decided yet."""
        if not self.is_alive or self._unanswered < _UNANSWERED_TO_BE_LOST:
            return None
        return max(self.heard_at + self._config.disconnected_after_s, self._late_at)

    @property
    def next_check_at(self) -> float:
        """When the next check on the pair is due."""
        config = self._config
        if not self.is_alive:
            return self.sent_at + config.recovery_interval_s
        if self._unanswered == 0:
            return min(self._check_at, self.heard_at + config.probe_after_s)
        rto_s = self._rto_s()
        if self._unanswered == 1:
            return self.sent_at + rto_s
        return self.sent_at + config.probe_interval_s

    def next_timeout(self) -> float:
        """The earliest of all deadlines."""
        if self.is_cut:
            return self.consent_expires_at
        at = min(self.next_check_at, self.consent_expires_at)
        lost_at = self.lost_at
        return at if lost_at is None else min(at, lost_at)

    def _rto_s(self) -> float:
        return self.pair.round_trip.timeout_s(self._config.check_rto_s)

    def note_check(self, now: float) -> None:
        """A check was sent on the pair."""
        self.sent_at = now
        self._unanswered += 1
        if self._unanswered <= _UNANSWERED_TO_BE_LOST:
            self._late_at = now + self._rto_s()
        # Until a response renews consent, ask again sooner than the usual interval.
        self._check_at = now + max(_CONSENT_RETRY_S, self._rto_s())

    def note_heard(self, now: float) -> None:
        """An authenticated packet of the peer arrived on the pair."""
        self.heard_at = now
        self._unanswered = 0
        self.is_alive = not self.is_cut

    def note_response(self, now: float) -> None:
        """An authenticated response to a check arrived on the pair."""
        self.note_heard(now)
        self.consented_at = now
        self._check_at = now + self._interval_s()

    def declare_lost(self) -> None:
        """The liveness clock ran out."""
        self.is_alive = False

    def cut(self) -> None:
        """The local interface is gone: nothing can come back on this pair."""
        self.is_cut = True
        self.is_alive = False
