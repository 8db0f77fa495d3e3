"""One generation of an ICE session: what an ICE restart replaces (RFC 8445 2.4, 9)."""

from collections.abc import Iterable

from frazil.compiled import mypyc_attr
from frazil.ice.admission import Admission
from frazil.ice.agreement import Agreement
from frazil.ice.candidate import Candidate, TcpType
from frazil.ice.checklist import Checklist, can_pair, can_receive
from frazil.ice.config import MAX_PAIRS
from frazil.ice.credential import Credentials
from frazil.ice.early_checks import EarlyChecks
from frazil.ice.local_candidates import LocalCandidates
from frazil.ice.pac_timer import PacTimer
from frazil.ice.pair import CandidatePair
from frazil.ice.received_check import ReceivedCheck
from frazil.ice.remote_candidates import RemoteCandidates
from frazil.ice.traits import UNKNOWN_TRAITS
from frazil.types import Address


@mypyc_attr(acyclic=True)
class Generation:
    """Credentials, candidates and pairs that belong together.

    A generation exists from its first half on: our credentials (we offered) or theirs (they did).
    It is active, and checks run, once it has both.

    Attributes:
        gathered: No further local candidate will come.
        is_reopened: It is gathered for again: the network has changed, or an offer cut it short.
        awaits_checks: Pairs form only where checks of the peer come in: we are lite, it is not.
        early_checks: What the peer said before its credentials were known.
        is_measured: All pairs are checked and measured, for the quickest of them.
        agreement: The pair that both ends agreed on.
        pacing_s: Ta of its checks, on which both agents agreed (RFC 8445 14.2).
        pac_timer: Until it fires, a transport without a pair has not failed.
        pinned: The pair that the application has chosen; while it is there, none is better.
        remote_traits: What the peer says of its agent.
        is_answered: The peer's half came after ours, in an answer to it.
        is_given_up: The transport has failed with it: only a restart leads on.
    """

    __slots__ = (
        "agreement",
        "awaits_checks",
        "checklist",
        "early_checks",
        "gathered",
        "is_answered",
        "is_given_up",
        "is_measured",
        "is_reopened",
        "local",
        "local_candidates",
        "pac_timer",
        "pacing_s",
        "pinned",
        "remote",
        "remote_candidates",
        "remote_traits",
    )

    def __init__(self) -> None:
        self.local: Credentials | None = None
        self.remote: Credentials | None = None
        self.remote_traits = UNKNOWN_TRAITS
        self.local_candidates = LocalCandidates()
        self.remote_candidates = RemoteCandidates()
        self.awaits_checks = False
        self.gathered = False
        self.is_reopened = False
        self.checklist = Checklist()
        self.early_checks = EarlyChecks()
        self.agreement = Agreement()
        self.pacing_s = 0.0
        self.pac_timer = PacTimer()
        self.is_measured = False
        self.pinned: CandidatePair | None = None
        self.is_answered = False
        self.is_given_up = False

    @property
    def is_active(self) -> bool:
        """Whether both halves are known, so that checks can run."""
        return self.local is not None and self.remote is not None

    @property
    def is_over(self) -> bool:
        """Whether no candidate of either side can come any more."""
        return self.gathered and self.remote_candidates.are_over

    # --- local candidates ---------------------------------------------------------------------

    def replace_learned(self, learned: Candidate, gathered: Candidate) -> None:
        """A server showed what a check had shown before: pairs have that candidate from now on."""
        self.local_candidates.remove(learned)
        for pair in self.pairs_from(learned):
            pair.mapped = gathered

    def forget_mapped(self, learned: Candidate) -> None:
        """Where the peer saw us with some pairs is of no interest any more."""
        self.local_candidates.remove(learned)
        for pair in self.pairs_from(learned):
            pair.mapped = None

    def remove_base(self, base: Address) -> list[CandidatePair]:
        """Forget the local candidates behind ``base``.

        Returns:
            The pairs that are gone with them.
        """
        self.local_candidates.remove_base(base)
        gone = [pair for pair in self.checklist if pair.local.base == base]
        for pair in gone:
            self.checklist.remove(pair)
        if self.agreement.pair in gone:
            self.agreement.end()
        return gone

    # --- remote candidates --------------------------------------------------------------------

    def forget_remote(self, candidate: Candidate) -> list[CandidatePair]:
        """A remote candidate is of no interest any more.

        Returns:
            The pairs that are gone with it.
        """
        self.remote_candidates.remove(candidate)
        gone = self.pairs_to(candidate)
        for pair in gone:
            self.checklist.remove(pair)
        return gone

    def forget_arrived(self, pair: CandidatePair) -> None:
        """The stream of ``pair``, which the peer had opened, is gone: it cannot come back."""
        self.checklist.remove(pair)
        self.remote_candidates.forget(pair.remote)
        if self.agreement.pair is pair:
            self.agreement.end()

    def admit(self, candidate: Candidate, controlling: bool) -> Admission:
        """Take a signalled candidate and form its pairs, if checks run already.

        Also after the end of candidates: the peer may have found another way meanwhile.
        """
        admission = self.remote_candidates.admit(candidate)
        if admission is not Admission.TAKEN:
            return admission
        self._identify(candidate, controlling)
        if self.is_active:
            for local in list(self.local_candidates):
                self._pair(local, candidate, controlling)
            if self.remote_candidates.ended:
                self._want(pair for pair in self.checklist if pair.remote is candidate)
        return admission

    def _identify(self, candidate: Candidate, controlling: bool) -> None:
        """Pairs of a peer-reflexive candidate learn what it is (RFC 8838 11.4)."""
        for pair in self.pairs_to(candidate):
            if not pair.remote.line:
                pair.identify(candidate, controlling)
        self.checklist.sort()

    # --- pairs --------------------------------------------------------------------------------

    def has_room_for_pairs(self, remote: Candidate) -> bool:
        """Whether a remote candidate can be paired with each of ours that it may be."""
        few = sum(each.is_base and can_pair(each, remote) for each in self.local_candidates)
        return len(self.checklist) + few <= MAX_PAIRS

    def pairs_to(self, remote: Candidate) -> list[CandidatePair]:
        """Those with the address of ``remote``."""
        place = (remote.address, remote.protocol)
        return [
            pair for pair in self.checklist if place == (pair.remote.address, pair.remote.protocol)
        ]

    def pairs_from(self, mapped: Candidate) -> list[CandidatePair]:
        """Those that the peer sees as pairs of this local candidate."""
        return [pair for pair in self.checklist if pair.mapped is mapped]

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
        local = self.local_candidates.at_base(check.local)
        if local is None:
            return None
        known = self.remote_candidates
        remote = known.find(check.remote, local.protocol) or known.learn(check, local)
        if remote is None or not can_pair(local, remote):
            return None
        pair = CandidatePair(local, remote, controlling)
        return pair if self.checklist.add(pair) else None

    def has_revoked(self, local: Address, remote: Address) -> bool:
        """Whether we may not send there any more with these credentials (RFC 7675 5.1)."""
        pair = self.checklist.find((local, remote))
        return self.is_given_up or (pair is not None and pair.is_barred)

    def adopt(self, pair: CandidatePair) -> bool:
        """Take a pair that was checked before it was known, because the check was answered.

        Returns:
            Whether there is room, and no other pair between its addresses.
        """
        return self.remote_candidates.adopt(pair.remote) and self.checklist.add(pair)

    def rank(self, controlling: bool) -> None:
        """Compute all priorities anew, after a role switch (RFC 8445 7.3.1.1)."""
        self.agreement.start_over()
        for pair in self.checklist:
            pair.rank(controlling)
        self.checklist.sort()
