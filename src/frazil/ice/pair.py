"""Candidate pairs and their check states (RFC 8445 6.1.2)."""

import math
from enum import StrEnum
from typing import Final, TypeAlias

from frazil.compiled import mypyc_attr
from frazil.ice.candidate import Candidate
from frazil.ice.event import SelectedPair
from frazil.ice.priority import pair_priority
from frazil.ice.traffic import Traffic
from frazil.types import Address

PairKey: TypeAlias = tuple[Address, Address]
"""The local base and the remote address: what a datagram shows of its pair."""

Foundation: TypeAlias = tuple[str, str, str]
"""The two foundations of a pair and its remote host."""


class PairState(StrEnum):
    """RFC 8445 6.1.2.6."""

    FROZEN = "frozen"
    WAITING = "waiting"
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


_SUCCEEDED: Final = PairState.SUCCEEDED
_DECIDED: Final = (PairState.SUCCEEDED, PairState.FAILED)


@mypyc_attr(acyclic=True)
class RoundTrip:
    """Smoothed round-trip time of a path (RFC 6298).

    The estimate takes one measurement in each round trip, that of the youngest question. When a
    peer or network that stood still goes on, the answers to all that was asked meanwhile come at
    once, and none but the youngest question was on its way for as long as the path takes.

    Attributes:
        last_s: The latest measurement; ``None`` before the first.
        total_s: The sum of all measurements.
        samples: How many there were.
    """

    __slots__ = (
        "_asked_at",
        "_at_most_s",
        "_before_s",
        "_began_at",
        "_smoothed_s",
        "_variance_before_s",
        "_variance_s",
        "last_s",
        "samples",
        "total_s",
    )

    def __init__(self) -> None:
        self.last_s: float | None = None
        self.total_s = 0.0
        self.samples = 0
        self._smoothed_s = 0.0
        self._variance_s = 0.0
        # The estimate when the round trip began of which a measurement is taken.
        self._before_s: float | None = None
        self._variance_before_s = 0.0
        self._began_at = -math.inf
        self._asked_at = -math.inf
        self._at_most_s = 0.0

    @property
    def smoothed_s(self) -> float | None:
        """The average, recent measurements first; ``None`` before the first."""
        return None if self.last_s is None else self._smoothed_s

    def sample(self, rtt_s: float, now: float) -> None:
        """Take one measurement into account, of a question that has just been answered."""
        asked_at = now - rtt_s
        if asked_at >= self._began_at:
            self._before_s, self._variance_before_s = self.smoothed_s, self._variance_s
            self._began_at = now
        if asked_at >= self._asked_at:
            self._asked_at = asked_at
            self._estimate(rtt_s)
        self.last_s = rtt_s
        self.total_s += rtt_s
        self.samples += 1

    def _estimate(self, rtt_s: float) -> None:
        """Take ``rtt_s`` for the measurement of this round trip, in place of any before."""
        before_s, variance_before_s = self._before_s, self._variance_before_s
        if before_s is None:
            self._smoothed_s = rtt_s
            self._variance_s = rtt_s / 2
        else:
            deviation_s = abs(rtt_s - before_s)
            self._variance_s = variance_before_s + (deviation_s - variance_before_s) / 4
            self._smoothed_s = before_s + (rtt_s - before_s) / 8

    def limit(self, rtt_s: float) -> None:
        """The round trip takes ``rtt_s`` or less: a request that was sent repeatedly was answered.

        That is no measurement (Karn), but on a slow path it is all there is at first.
        """
        self._at_most_s = rtt_s

    def timeout_s(self, shortest_s: float, longest_s: float = math.inf) -> float:
        """How long an answer may take before it is late.

        Args:
            shortest_s: The result is not less; it is the result for a path of unknown delay.
            longest_s: The result is not more.
        """
        if self.last_s is None:
            late_s = self._at_most_s
        else:
            late_s = self._smoothed_s + max(4 * self._variance_s, 0.1)
        return min(max(shortest_s, late_s), longest_s)


@mypyc_attr(acyclic=True)
class CandidatePair:
    """A local base and a remote candidate that may reach each other.

    The counters are those of ``RTCIceCandidatePairStats``: requests and responses that were
    authentic; repetitions of a request and consent checks are not among ``requests_sent``.

    Attributes:
        key: What identifies the pair among all pairs of one generation.
        local: The local host or relayed candidate that sends (reflexive ones are pruned to it).
        mapped: The local candidate as the peer sees it, known after a successful check.
        foundation: Pairs with equal foundations are likely to share their fate (RFC 8445
            6.1.2.6). The remote host is part of it, because some servers give all their
            candidates one foundation.
        nominated: Both ends agreed on this pair.
        nomination_received: The controlling peer asked for this pair, with this number, and our
            check of it has yet to succeed.
        nomination_received_at: When it did so last.
        consented_at: The latest authenticated response to a check of ours.
        is_barred: Consent was lost here, so that these credentials must not be used on this
            5-tuple again (RFC 7675 5.1).
        is_conceded: It had its chance to prove better than the nominated pair, which is not waited
            for any more.
        holds_back: Frozen pairs of its foundation wait for the outcome of its check.
        is_vetoed: The application does not want it nominated.
        text: The pair for people: what ``str`` gives.
        traffic: What it carried for the layers above.
        error_code: The latest STUN error in answer to a check, until one succeeds. A hint for
            people: an error in answer to wrong credentials cannot be authenticated.
    """

    __slots__ = (
        "consent_requests_sent",
        "consented_at",
        "error_code",
        "foundation",
        "holds_back",
        "is_barred",
        "is_conceded",
        "is_vetoed",
        "key",
        "local",
        "mapped",
        "nominated",
        "nomination_received",
        "nomination_received_at",
        "priority",
        "remote",
        "requests_received",
        "requests_sent",
        "responses_received",
        "responses_sent",
        "retransmissions_sent",
        "round_trip",
        "state",
        "text",
        "traffic",
    )

    def __init__(self, local: Candidate, remote: Candidate, controlling: bool) -> None:
        self.key: PairKey = (local.base, remote.address)
        (ours, our_port), (theirs, their_port) = self.key
        self.text = f"{ours}:{our_port}->{theirs}:{their_port}"
        self.local = local
        self.mapped: Candidate | None = None
        self.state = PairState.FROZEN
        self.nominated = False
        self.nomination_received: int | None = None
        self.nomination_received_at = 0.0
        self.consented_at: float | None = None
        self.is_barred = False
        self.is_conceded = False
        self.holds_back = True
        self.is_vetoed = False
        self.error_code: int | None = None
        self.round_trip = RoundTrip()
        self.traffic = Traffic()
        self.requests_sent = 0
        self.retransmissions_sent = 0
        self.requests_received = 0
        self.responses_sent = 0
        self.responses_received = 0
        self.consent_requests_sent = 0
        self.identify(remote, controlling)

    def identify(self, remote: Candidate, controlling: bool) -> None:
        """Take ``remote``, of the same address, for what was peer-reflexive until now."""
        self.remote = remote
        self.foundation: Foundation = (self.local.foundation, remote.foundation, remote.address[0])
        self.rank(controlling)

    def rank(self, controlling: bool) -> None:
        """Compute the priority; again after a role switch (RFC 8445 6.1.2.3)."""
        ours, theirs = self.local.priority, self.remote.priority
        self.priority = pair_priority(ours, theirs) if controlling else pair_priority(theirs, ours)

    @property
    def is_valid(self) -> bool:
        """Whether the last check on it succeeded."""
        return self.state is _SUCCEEDED

    @property
    def is_pending(self) -> bool:
        """Whether it has no result yet."""
        return self.state not in _DECIDED

    def has_consent(self, now: float, timeout_s: float) -> bool:
        """Whether data may be sent (RFC 7675 5.1)."""
        return (
            self.is_valid and self.consented_at is not None and now < self.consented_at + timeout_s
        )

    def note_success(self, rtt_s: float | None, waited_s: float, now: float) -> None:
        """A check on the pair has been answered, ``waited_s`` after it was sent first.

        Args:
            rtt_s: The round trip, if the check was sent only once.
            waited_s: No round trip takes longer.
            now: From now on consent lasts.
        """
        if rtt_s is None:
            self.round_trip.limit(waited_s)
        else:
            self.round_trip.sample(rtt_s, now)
        self.error_code = None
        self.consented_at = now

    def describe(self) -> SelectedPair:
        """The pair as both sides know it."""
        return SelectedPair(self.mapped or self.local, self.remote)

    def __str__(self) -> str:
        return self.text
