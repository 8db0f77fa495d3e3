"""Candidate pairs and their check states (RFC 8445 6.1.2)."""

from enum import StrEnum

from frazil.ice.candidate import Candidate
from frazil.ice.event import SelectedPair
from frazil.ice.priority import pair_priority
from frazil.types import Address

PairKey = tuple[Address, Address]
"""The local base and the remote address: what a datagram shows of its pair."""


class PairState(StrEnum):
    """RFC 8445 6.1.2.6."""

    FROZEN = "frozen"
    WAITING = "waiting"
    IN_PROGRESS = "in-progress"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class RoundTrip:
    """Smoothed round-trip time of a path (RFC 6298)."""

    __slots__ = ("last_s", "samples", "smoothed_s", "total_s", "variance_s")

    def __init__(self) -> None:
        self.last_s: float | None = None
        self.smoothed_s = 0.0
        self.variance_s = 0.0
        self.total_s = 0.0
        self.samples = 0

    def sample(self, rtt_s: float) -> None:
        """Take one measurement into account."""
        if self.last_s is None:
            self.smoothed_s = rtt_s
            self.variance_s = rtt_s / 2
        else:
            self.variance_s += (abs(rtt_s - self.smoothed_s) - self.variance_s) / 4
            self.smoothed_s += (rtt_s - self.smoothed_s) / 8
        self.last_s = rtt_s
        self.total_s += rtt_s
        self.samples += 1

    def timeout_s(self, unknown_s: float, floor_s: float = 0.3) -> float:
        """How long an answer may take before it is late; ``unknown_s`` before any measurement."""
        if self.last_s is None:
            return unknown_s
        return max(floor_s, self.smoothed_s + max(4 * self.variance_s, 0.1))


class CandidatePair:
    """A local base and a remote candidate that may reach each other.

    Attributes:
        local: The local host or relayed candidate that sends (reflexive ones are pruned to it).
        mapped: The local candidate as the peer sees it, known after a successful check.
        use_candidate_received: The controlling peer asked for this pair before its check succeeded.
        nominated: Both ends agreed on this pair.
        error_code: The STUN error that failed the last check, if one did.
    """

    __slots__ = (
        "consent_requests_sent",
        "error_code",
        "local",
        "mapped",
        "nominated",
        "priority",
        "remote",
        "requests_received",
        "requests_sent",
        "responses_received",
        "responses_sent",
        "round_trip",
        "state",
        "use_candidate_received",
    )

    def __init__(self, local: Candidate, remote: Candidate, controlling: bool) -> None:
        self.local = local
        self.remote = remote
        self.mapped: Candidate | None = None
        self.state = PairState.FROZEN
        self.nominated = False
        self.use_candidate_received = False
        self.error_code: int | None = None
        self.round_trip = RoundTrip()
        self.requests_sent = 0
        self.requests_received = 0
        self.responses_sent = 0
        self.responses_received = 0
        self.consent_requests_sent = 0
        self.priority = 0
        self.rank(controlling)

    def rank(self, controlling: bool) -> None:
        """Compute the priority; again after a role switch or when the remote candidate changed."""
        ours, theirs = self.local.priority, self.remote.priority
        self.priority = pair_priority(ours, theirs) if controlling else pair_priority(theirs, ours)

    @property
    def key(self) -> PairKey:
        """What identifies the pair among all pairs of its transport."""
        return (self.local.base, self.remote.address)

    @property
    def foundation(self) -> tuple[str, str]:
        """RFC 8445 6.1.2.6: pairs with equal foundations are likely to share their fate."""
        return (self.local.foundation, self.remote.foundation)

    @property
    def is_valid(self) -> bool:
        """Whether the last check on it succeeded."""
        return self.state is PairState.SUCCEEDED

    @property
    def is_pending(self) -> bool:
        """Whether its check has not come to a result."""
        return self.state in _PENDING

    def describe(self) -> SelectedPair:
        """The pair as both sides know it."""
        return SelectedPair(self.mapped or self.local, self.remote)

    def __str__(self) -> str:
        (ours, our_port), (theirs, their_port) = self.key
        return f"{ours}:{our_port}->{theirs}:{their_port}"


_PENDING = frozenset((PairState.FROZEN, PairState.WAITING, PairState.IN_PROGRESS))
