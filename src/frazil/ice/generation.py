"""One generation of an ICE session: what an ICE restart replaces (RFC 8445 2.4, 9)."""

from collections.abc import Iterable
from dataclasses import replace

from frazil.ice.admission import Admission
from frazil.ice.candidate import (
    Candidate,
    CandidateProtocol,
    CandidateType,
    TcpType,
    foundation,
)
from frazil.ice.checklist import OPPOSITE, Checklist, can_pair, can_receive
from frazil.ice.config import (
    MAX_EARLY_CHECKS,
    MAX_LOCAL_PEER_REFLEXIVE,
    MAX_REMOTE_CANDIDATES,
    MAX_REMOTE_PEER_REFLEXIVE,
)
from frazil.ice.credential import Credentials
from frazil.ice.pair import CandidatePair, PairKey
from frazil.ice.traits import UNKNOWN_TRAITS
from frazil.types import Address
from frazil.value import Value


class ReceivedCheck(Value):
    """What an authentic check of the peer says.

    Attributes:
        local: Where it arrived.
        remote: Where it came from.
        priority: What the peer gives a prflx candidate that it may reveal.
        nomination: The number of the nomination in it, 0 for one without number; ``None`` if it
            nominates nothing.
    """

    __slots__ = ("local", "nomination", "priority", "remote")

    def __init__(
        self, local: Address, remote: Address, priority: int, nomination: int | None
    ) -> None:
        self.local = local
        self.remote = remote
        self.priority = priority
        self.nomination = nomination

    def as_tuple(self) -> tuple[object, ...]:
        """Where it arrived and came from, priority and nomination."""
        return self.local, self.remote, self.priority, self.nomination


class Generation:
    """Credentials, candidates and pairs that belong together.

    A generation exists from its first half on: our credentials (we offered) or theirs (they did).
    It is active, and checks run, once it has both.

    Attributes:
        gathered: No further local candidate will come.
        is_reopened: It was gathered before, and the network has changed since.
        remote_ended: No further remote candidate will come (RFC 8838 13).
        looked_up: Names in remote candidates whose addresses are awaited.
        awaits_checks: Pairs form only where checks of the peer come in: we are lite, it is not.
        early_checks: Authentic checks that came before the remote credentials (RFC 8445 7.3).
        is_measured: All pairs are checked and measured, for the quickest of them.
        nominated: The pair both ends agreed on.
        nominated_at: When ``nominated`` was set.
        nomination: The highest nomination number sent, or believed.
        confirmed: The number of the nomination that brought about ``nominated``. While a later one
            was sent in vain, the peer may have followed it.
        pacing_s: Ta of its checks, on which both agents agreed (RFC 8445 14.2).
        patience_ends_at: When the PAC timer ends (RFC 8863); it starts with the checks.
        patience_is_over: The PAC timer has fired.
        pinned: The pair that the application has chosen; none is better.
        remote_traits: What the peer says of its agent.
        is_given_up: The transport has failed with it: only a restart leads on.
    """

    __slots__ = (
        "awaits_checks",
        "checklist",
        "confirmed",
        "early_checks",
        "gathered",
        "is_given_up",
        "is_measured",
        "is_reopened",
        "local",
        "local_candidates",
        "looked_up",
        "nominated",
        "nominated_at",
        "nomination",
        "pacing_s",
        "patience_ends_at",
        "patience_is_over",
        "pinned",
        "remote",
        "remote_candidates",
        "remote_ended",
        "remote_traits",
    )

    def __init__(self) -> None:
        self.local: Credentials | None = None
        self.remote: Credentials | None = None
        self.remote_traits = UNKNOWN_TRAITS
        self.local_candidates: list[Candidate] = []
        self.remote_candidates: list[Candidate] = []
        self.awaits_checks = False
        self.gathered = False
        self.is_reopened = False
        self.remote_ended = False
        self.looked_up: dict[str, None] = {}
        self.checklist = Checklist()
        self.early_checks: dict[PairKey, ReceivedCheck] = {}
        self.nominated: CandidatePair | None = None
        self.nominated_at = 0.0
        self.nomination = 0
        self.confirmed = 0
        self.pacing_s = 0.0
        self.patience_ends_at: float | None = None
        self.patience_is_over = False
        self.is_measured = False
        self.pinned: CandidatePair | None = None
        self.is_given_up = False

    @property
    def is_active(self) -> bool:
        """Whether both halves are known, so that checks can run."""
        return self.local is not None and self.remote is not None

    @property
    def is_over(self) -> bool:
        """Whether no candidate of either side can come any more."""
        return self.gathered and self.remote_ended and not self.looked_up

    @property
    def patience_deadline(self) -> float | None:
        """When the PAC timer will end; ``None`` if it has, or does not run."""
        return None if self.patience_is_over else self.patience_ends_at

    def lose_patience(self, now: float) -> float | None:
        """Let the PAC timer fire if it is due (RFC 8863).

        Until then a transport without a pair has not failed.

        Returns:
            When it was due, if it fired now.
        """
        ends_at = self.patience_deadline
        if ends_at is None or now < ends_at:
            return None
        self.patience_is_over = True
        return ends_at

    def keep_early(self, check: ReceivedCheck) -> None:
        """Remember ``check`` until the remote credentials are known; the latest of each pair.

        A nomination stays, whatever comes later: datagrams overtake each other, or come twice.
        """
        key = (check.local, check.remote)
        known = self.early_checks.get(key)
        if known is None:
            if len(self.early_checks) < MAX_EARLY_CHECKS:
                self.early_checks[key] = check
            return
        numbers = [each.nomination for each in (known, check) if each.nomination is not None]
        number = max(numbers, default=None)
        self.early_checks[key] = ReceivedCheck(check.local, check.remote, check.priority, number)

    # --- local candidates ---------------------------------------------------------------------

    def host_candidate(self, base: Address) -> Candidate | None:
        """The local candidate that sends from ``base``."""
        return next((c for c in self.local_candidates if c.is_base and c.base == base), None)

    def local_candidate(self, address: Address, base: Address) -> Candidate | None:
        """The local candidate with this address and base."""
        return next(
            (c for c in self.local_candidates if c.address == address and c.base == base), None
        )

    def mapped_candidate(self, pair: CandidatePair, address: Address, priority: int) -> Candidate:
        """The local candidate of ``pair`` that the peer sees as ``address``.

        A peer-reflexive one is learned if it is new (RFC 8445 7.2.5.3.1).

        Args:
            priority: The PRIORITY of the check that revealed it.
        """
        known = self.local_candidate(address, pair.local.base)
        if known is not None:
            return known
        kind = CandidateType.PEER_REFLEXIVE
        learned = sum(c.type is kind for c in self.local_candidates)
        if learned >= MAX_LOCAL_PEER_REFLEXIVE:
            return pair.local
        candidate = replace(
            pair.local,
            foundation=foundation(kind, pair.local.base, pair.local.protocol, None),
            priority=priority,
            address=address,
            type=kind,
            related=pair.local.address,
        )
        self.local_candidates.append(candidate)
        return candidate

    def replace_learned(self, learned: Candidate, gathered: Candidate) -> None:
        """A server showed what a check had shown before: pairs have that candidate from now on."""
        self.local_candidates.remove(learned)
        for pair in self.checklist:
            if pair.mapped is learned:
                pair.mapped = gathered

    def remove_base(self, base: Address) -> list[CandidatePair]:
        """Forget the local candidates behind ``base``.

        Returns:
            The pairs that are gone with them.
        """
        self.local_candidates = [c for c in self.local_candidates if c.base != base]
        gone = [pair for pair in self.checklist if pair.local.base == base]
        for pair in gone:
            self.checklist.remove(pair)
        if self.nominated in gone:
            self.nominated = None
        return gone

    # --- remote candidates --------------------------------------------------------------------

    def remote_candidate(self, address: Address, protocol: CandidateProtocol) -> Candidate | None:
        """The remote candidate with this address."""
        return next(
            (c for c in self.remote_candidates if (c.address, c.protocol) == (address, protocol)),
            None,
        )

    def forget_arrived(self, pair: CandidatePair) -> None:
        """The stream of ``pair``, which the peer had opened, is gone: it cannot come back."""
        self.checklist.remove(pair)
        if not pair.remote.line and pair.remote in self.remote_candidates:
            self.remote_candidates.remove(pair.remote)
        if self.nominated is pair:
            self.nominated = None

    def admit(self, candidate: Candidate, controlling: bool) -> Admission:
        """Take a signalled candidate and form its pairs, if checks run already.

        Also after the end of candidates: the peer may have found another way meanwhile.
        """
        place = (candidate.address, candidate.protocol, candidate.component)
        for known in self.remote_candidates:
            if place == (known.address, known.protocol, known.component):
                if known.line:
                    return Admission.KNOWN
                self.remote_candidates.remove(known)
                break
        if sum(bool(c.line) for c in self.remote_candidates) >= MAX_REMOTE_CANDIDATES:
            return Admission.TOO_MANY
        self.remote_candidates.append(candidate)
        self._identify(candidate, controlling)
        if self.is_active:
            for local in list(self.local_candidates):
                self._pair(local, candidate, controlling)
            if self.remote_ended:
                self._want(pair for pair in self.checklist if pair.remote is candidate)
        return Admission.TAKEN

    def resolve(self, name: str, address: str, controlling: bool) -> None:
        """The remote candidates with this name have this address, and form pairs."""
        for candidate in [each for each in self.remote_candidates if each.address[0] == name]:
            self.remote_candidates.remove(candidate)
            resolved = (address, candidate.address[1])
            self.admit(replace(candidate, address=resolved, base=resolved), controlling)

    def _identify(self, candidate: Candidate, controlling: bool) -> None:
        """Pairs of a peer-reflexive candidate learn what it is (RFC 8838 11.4)."""
        for pair in self.checklist:
            place = (pair.remote.address, pair.remote.protocol)
            if place == (candidate.address, candidate.protocol) and not pair.remote.line:
                pair.identify(candidate, controlling)
        self.checklist.sort()

    def _learn(self, check: ReceivedCheck, local: Candidate) -> Candidate | None:
        """A peer-reflexive remote candidate (RFC 8445 7.3.1.3); ``None`` if there are too many."""
        if sum(not c.line for c in self.remote_candidates) >= MAX_REMOTE_PEER_REFLEXIVE:
            return None
        kind, protocol = CandidateType.PEER_REFLEXIVE, local.protocol
        candidate = Candidate(
            foundation=foundation(kind, check.remote, protocol, None),
            component=local.component,
            protocol=protocol,
            priority=max(1, check.priority & 0x7FFFFFFF),
            address=check.remote,
            type=kind,
            base=check.remote,
            tcp_type=OPPOSITE[local.tcp_type],
        )
        if not can_pair(local, candidate):
            return None
        self.remote_candidates.append(candidate)
        return candidate

    # --- pairs --------------------------------------------------------------------------------

    def form_pairs(self, controlling: bool) -> None:
        """Pair all local candidates: checks can run from now on."""
        for local in list(self.local_candidates):
            self.pair_local(local, controlling)

    def pair_local(self, local: Candidate, controlling: bool) -> None:
        """Form the pairs of a local candidate with all that were signalled."""
        for remote in self.remote_candidates:
            if remote.line:
                self._pair(local, remote, controlling)
        if self.is_reopened:
            self._want(pair for pair in self.checklist if pair.local is local)

    def _want(self, pairs: Iterable[CandidatePair]) -> None:
        """Have pairs checked even if a better one is nominated: it may be gone soon."""
        for pair in pairs:
            self.checklist.want(pair)

    def nominate(self, pair: CandidatePair, now: float) -> None:
        """Both ends agreed on ``pair``."""
        if self.nominated is not None:
            self.nominated.nominated = False
        pair.nominated = True
        self.nominated = pair
        self.nominated_at = now

    def _pair(self, local: Candidate, remote: Candidate, controlling: bool) -> None:
        """Form one pair; reflexive candidates send from their host candidate (6.1.2.4).

        Nothing can be sent from a passive TCP candidate before the peer has connected, so its
        pairs come with the checks that arrive (RFC 6544 6.2).
        """
        if self.awaits_checks or not local.is_base or local.tcp_type is TcpType.PASSIVE:
            return
        if can_receive(remote.address) and can_pair(local, remote):
            self.checklist.add(CandidatePair(local, remote, controlling))

    def pair_of(self, check: ReceivedCheck, controlling: bool) -> CandidatePair | None:
        """The pair that ``check`` came on, learning the pair and its remote candidate if new.

        Returns:
            ``None`` if it arrived where we have no candidate, or a limit is reached.
        """
        pair = self.checklist.find((check.local, check.remote))
        if pair is not None:
            return pair
        local = self.host_candidate(check.local)
        if local is None:
            return None
        remote = self.remote_candidate(check.remote, local.protocol) or self._learn(check, local)
        if remote is None or not can_pair(local, remote):
            return None
        pair = CandidatePair(local, remote, controlling)
        return pair if self.checklist.add(pair) else None

    def has_revoked(self, local: Address, remote: Address) -> bool:
        """Whether we may not send there any more with these credentials (RFC 7675 5.1)."""
        pair = self.checklist.find((local, remote))
        return self.is_given_up or (pair is not None and pair.is_barred)

    def adopt(self, pair: CandidatePair) -> None:
        """Take a pair that was checked before it was known, because the check was answered."""
        if self.remote_candidate(pair.remote.address, pair.remote.protocol) is None:
            learned = sum(not candidate.line for candidate in self.remote_candidates)
            if learned >= MAX_REMOTE_PEER_REFLEXIVE:
                return
            self.remote_candidates.append(pair.remote)
        self.checklist.add(pair)

    def rank(self, controlling: bool) -> None:
        """Compute all priorities anew, after a role switch (RFC 8445 7.3.1.1)."""
        self.nomination = 0  # the other side counts from now on,
        self.confirmed = -1  # and cannot know what we brought through
        for pair in self.checklist:
            pair.rank(controlling)
        self.checklist.sort()
