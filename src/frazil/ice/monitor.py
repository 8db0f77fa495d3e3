"""Watches the selected pair: is it alive, and may we still send on it?

Two clocks run side by side. *Liveness* takes any authenticated packet of the peer as a sign of life
and drives ``disconnected``. *Consent* (RFC 7675) takes only authenticated responses to our own
checks and decides whether we may send at all. One stream of checks serves both: it is slow while
the pair talks, quick once an answer is late.

Two ends that have nothing to say take turns: each asks in the middle of the other's interval, so
that both hear something every 2.5 s, and neither needs more checks than consent does. Turns wait
for a slot (:mod:`frazil.slot`), and which one is left to chance. A path on which answers take long,
or went missing a short time ago, is given less of it: it needs time for more questions.
"""

from typing import Final

from frazil.ice.config import IceConfig
from frazil.ice.pair import CandidatePair, PairKey
from frazil.slot import pick_slot
from frazil.types import RandomBytes, uniform

_UNANSWERED_TO_BE_LOST: Final = 2
_CONSENT_RETRY_S: Final = 1.0
_SHORTEST_WAIT_S: Final = 0.3
_SHORTEST_REPLY_S: Final = 0.1
_ACKNOWLEDGED_AFTER_S: Final = 0.2
"""How long the peer may keep an acknowledgement back (RFC 9260 6.2)."""
_STEADY_S: Final = 2.0
"""A stream that lasted so long is worth another at once."""
_SHORTEST_INTERVAL: Final = 0.8
_LONGEST_INTERVAL: Final = 1.2
"""Between two checks, in multiples of the basic interval (RFC 7675 5.1)."""
_SHORTEST_TURN: Final = 0.4
_LONGEST_TURN: Final = 0.6
"""Between a check of the peer and ours, likewise: two are an interval."""
_SHORTEST_MISSED_TURN: Final = 0.64
_LONGEST_MISSED_TURN: Final = 0.7
"""After so long the peer has missed its turn; the ends that see it are not to ask at once."""
_SHORTEST_WARY_TURN: Final = 0.45
_LONGEST_WARY_TURN: Final = 0.55
"""A turn on a path that is not calm."""
_SHORTEST_MISSED_WARY_TURN: Final = 0.57
_LONGEST_MISSED_WARY_TURN: Final = 0.63
_CALM_PATIENCE_S: Final = 0.5
"""On a calm path an answer takes no longer."""
_CALM_AFTER_S: Final = 60.0
"""And so long none was late."""


class Monitor:
    """The two clocks of one selected pair.

    Attributes:
        began_at: Since when the pair is in use.
        heard_at: Last sign of life.
        consented_at: Last authenticated response to a check of ours.
        consent_expires_at: When sending must stop (RFC 7675 5.1).
        is_alive: The verdict of the liveness clock.
        path: Where to send from and to; ``None`` once nothing can be sent on the pair any more, nor
            come back.
        is_broken: The stream of the pair has ended, and another may replace it.
        unanswered: Checks sent since the last sign of life.
        asked_at: When a check was last due and sent.
        quiet_at: When a check is due if nothing more is heard.
        owed_at: When the first payload that must be acknowledged left since the last sign of life;
            ``None`` if none did.
    """

    __slots__ = (
        "_broken_at",
        "_calm_at",
        "_chance",
        "_check_at",
        "_config",
        "_interval_s",
        "_late_at",
        "_lost_after_s",
        "_patience_s",
        "_probe_after_s",
        "_random_bytes",
        "asked_at",
        "began_at",
        "consent_expires_at",
        "consented_at",
        "heard_at",
        "is_alive",
        "is_broken",
        "key",
        "owed_at",
        "pair",
        "path",
        "quiet_at",
        "unanswered",
    )

    def __init__(
        self,
        pair: CandidatePair,
        config: IceConfig,
        random_bytes: RandomBytes,
        now: float,
        heard_at: float | None = None,
    ) -> None:
        """Begin with a pair that gave a sign of life at ``heard_at``; just now, unless told."""
        self.pair = pair
        self.key = pair.key
        self._config = config
        # Asked for with every check: the configuration is not of a class that is compiled.
        self._interval_s = config.consent_interval_s
        self._lost_after_s = config.disconnected_after_s
        self._probe_after_s = config.probe_after_s
        self._random_bytes = random_bytes
        self.began_at = now
        self.heard_at = now if heard_at is None else heard_at
        self.consented_at = now if pair.consented_at is None else pair.consented_at
        self.asked_at = self.consented_at
        self.is_alive = True
        self.path: PairKey | None = pair.key
        self.is_broken = False
        self._broken_at: float | None = None
        self.unanswered = 0
        self.owed_at: float | None = None
        self._late_at = now
        self._calm_at = now
        self._patience_s = self._answer_takes_s()
        self.consent_expires_at = self.consented_at + config.consent_timeout_s
        self._chance = uniform(random_bytes, 0.0, 1.0)
        self.quiet_at = self.heard_at + self._missed_s(self.heard_at)
        self._check_at = self._slot_after(self.consented_at)

    def _is_calm(self, now: float) -> bool:
        """Whether few questions are enough to find out that the path is gone."""
        return now >= self._calm_at and self._patience_s <= _CALM_PATIENCE_S

    def _missed_s(self, now: float) -> float:
        """How long a turn of the peer may take, by chance."""
        if self._is_calm(now):
            shortest, longest = _SHORTEST_MISSED_TURN, _LONGEST_MISSED_TURN
        else:
            shortest, longest = _SHORTEST_MISSED_WARY_TURN, _LONGEST_MISSED_WARY_TURN
        return self._interval_s * (shortest + (longest - shortest) * self._chance)

    def _slot_after(self, at: float) -> float:
        """A slot an interval after ``at``, by chance."""
        interval_s = self._interval_s
        earliest_at, latest_at = (
            at + _SHORTEST_INTERVAL * interval_s,
            at + _LONGEST_INTERVAL * interval_s,
        )
        return pick_slot(earliest_at, latest_at, self._chance)

    @property
    def is_cut(self) -> bool:
        """Whether there is no path any more: the local end is gone."""
        return self.path is None

    @property
    def is_late(self) -> bool:
        """Whether a check was not answered in the time that an answer may take."""
        return self.unanswered > 1

    @property
    def lost_at(self) -> float | None:
        """When the pair will count as lost if nothing is heard; ``None`` if not decided yet."""
        if not self.is_alive or self.unanswered < _UNANSWERED_TO_BE_LOST:
            return None
        return max(self.heard_at + self._lost_after_s, self._late_at)

    @property
    def judged_at(self) -> float:
        """When the verdict will be another if nothing is heard, as far as is known now."""
        if not self.is_alive:
            return self.consent_expires_at
        lost_at = self.lost_at or self.heard_at + self._lost_after_s
        return min(lost_at, self.consent_expires_at)

    @property
    def next_check_at(self) -> float:
        """When the next check on the pair is due."""
        if not self.is_alive:
            return self.asked_at + self._config.recovery_interval_s
        if self.unanswered == 0:
            due_at = self._check_at if self._check_at < self.quiet_at else self.quiet_at
            return due_at if self.owed_at is None else min(due_at, self._reply_due_at(self.owed_at))
        if self.unanswered == 1:
            return self._late_at
        return self.asked_at + self._config.probe_interval_s

    def next_timeout(self) -> float | None:
        """The earliest of all deadlines."""
        check_at, expires_at, lost_at = self.next_check_at, self.consent_expires_at, self.lost_at
        at = check_at if check_at < expires_at else expires_at
        return at if lost_at is None or at < lost_at else lost_at

    def _answer_takes_s(self) -> float:
        """How long an answer on this path may take."""
        config, round_trip = self._config, self.pair.round_trip
        if round_trip.last_s is not None:
            return round_trip.timeout_s(_SHORTEST_WAIT_S)
        # An upper bound says little where checks went unanswered for other reasons than delay.
        return round_trip.timeout_s(config.check_rto_s, self._probe_after_s)

    def _wait_s(self, now: float) -> float:
        """How long the answer to a check that is sent now is waited for.

        On a very slow path that is less than it may take: the verdict is to come while consent
        lasts, and early enough to find another path.
        """
        verdict_at = max(self.heard_at, self.consent_expires_at - 2 * self._lost_after_s)
        left_s = verdict_at + self._lost_after_s - now
        share_s = left_s / (_UNANSWERED_TO_BE_LOST + 1 - self.unanswered)
        return min(self._patience_s, max(share_s, _SHORTEST_WAIT_S))

    def _reply_due_at(self, owed_at: float) -> float:
        """When the peer should have said something to payload sent at ``owed_at``."""
        reply_s = self.pair.round_trip.timeout_s(_SHORTEST_REPLY_S, self._probe_after_s)
        return owed_at + reply_s + _ACKNOWLEDGED_AFTER_S

    def note_sent(self, now: float) -> float | None:
        """Payload that the peer must acknowledge was sent on the pair.

        Returns:
            The earliest that the pair is to be asked for that; ``None`` if an answer was owed
            before. It is looked at then what the path really needs: mostly nothing, any more.
        """
        if self.owed_at is not None:
            return None
        self.owed_at = now
        return now + (_SHORTEST_REPLY_S + _ACKNOWLEDGED_AFTER_S)

    def note_check(self, now: float) -> None:
        """A check was sent on the pair, or was due while its interface is gone."""
        self.asked_at = now
        if self.path is None:
            return
        self.unanswered += 1
        if self.is_late:
            self._calm_at = now + _CALM_AFTER_S
        if self.unanswered <= _UNANSWERED_TO_BE_LOST:
            self._late_at = now + self._wait_s(now)
        # Until a response renews consent, ask again sooner than the usual interval.
        self._check_at = now + max(_CONSENT_RETRY_S, self._patience_s)

    def note_heard(self, now: float) -> None:
        """An authenticated packet of the peer arrived on the pair.

        It does not take from the peer what time it has for its turn.
        """
        self._note_life(now)
        quiet_at = now + self._probe_after_s
        if quiet_at > self.quiet_at:
            self.quiet_at = quiet_at

    def note_request(self, now: float) -> None:
        """An authenticated check of the peer arrived on the pair: the next turn is ours.

        Unless that is too early for a check, or one waits for its answer.
        """
        self._note_turn(now)
        asked_at, interval_s = self.asked_at, self._interval_s
        if asked_at > self.consented_at:
            return
        if self._is_calm(now):
            shortest, longest = _SHORTEST_TURN, _LONGEST_TURN
        else:
            shortest, longest = _SHORTEST_WARY_TURN, _LONGEST_WARY_TURN
        earliest_at = max(now + shortest * interval_s, asked_at + _SHORTEST_INTERVAL * interval_s)
        latest_at = min(now + longest * interval_s, asked_at + _LONGEST_INTERVAL * interval_s)
        if earliest_at <= latest_at:
            self._check_at = pick_slot(earliest_at, latest_at, self._chance)

    def note_response(self, now: float) -> None:
        """An authenticated response to a check arrived on the pair, which has measured it."""
        self._chance = uniform(self._random_bytes, 0.0, 1.0)
        self._patience_s = self._answer_takes_s()
        self._note_turn(now)
        self.consented_at = now
        self.consent_expires_at = now + self._config.consent_timeout_s
        self._check_at = self._slot_after(now)

    def _note_turn(self, now: float) -> None:
        """The next sign of life is the peer's next check, if it takes turns with us.

        On a slow path there is less time to wait for it: two answers may have to be awaited before
        the path counts as lost.
        """
        self._note_life(now)
        ample_s = self._lost_after_s - _UNANSWERED_TO_BE_LOST * self._patience_s
        self.quiet_at = now + max(self._probe_after_s, min(self._missed_s(now), ample_s))

    def _note_life(self, now: float) -> None:
        self.heard_at = now
        self.owed_at = None
        self.unanswered = 0
        self.is_alive = self.path is not None
        self.is_broken = self.path is None and self.is_broken

    def declare_lost(self) -> None:
        """The liveness clock ran out."""
        self.is_alive = False

    def break_off(self, now: float) -> None:
        """The stream has ended: a check opens another, and is due at once.

        Unless that one was opened like this: a peer may answer on each stream and end it.
        """
        self.is_broken = True
        self.is_alive = False
        if self._broken_at is None or now - self._broken_at >= _STEADY_S:
            self.asked_at = now - self._config.recovery_interval_s
        self._broken_at = now

    def cut(self, now: float) -> None:
        """The local end is gone: nothing can come back on this pair."""
        self.path = None
        self.is_alive = False
        self.asked_at = now
