"""The candidates of the peer: those that it signalled, and those that its checks revealed."""

from collections.abc import Iterator

from frazil.compiled import mypyc_attr
from frazil.ice.admission import Admission
from frazil.ice.candidate import Candidate, CandidateProtocol, CandidateType, foundation
from frazil.ice.checklist import OPPOSITE, can_pair
from frazil.ice.config import MAX_REMOTE_CANDIDATES, MAX_REMOTE_PEER_REFLEXIVE
from frazil.ice.received_check import ReceivedCheck
from frazil.types import Address


@mypyc_attr(acyclic=True)
class RemoteCandidates:
    """The remote candidates of one generation, so many of each kind as there may be.

    A candidate that was signalled has its line; a peer-reflexive one has none.

    Attributes:
        ended: No further one will be signalled (RFC 8838 13).
        looked_up: Names in them whose addresses are awaited.
    """

    __slots__ = ("_items", "ended", "looked_up")

    def __init__(self) -> None:
        self._items: list[Candidate] = []
        self.ended = False
        self.looked_up: dict[str, None] = {}

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def are_over(self) -> bool:
        """Whether none can come any more, not even by a name."""
        return self.ended and not self.looked_up

    def find(self, address: Address, protocol: CandidateProtocol) -> Candidate | None:
        """The candidate with this address."""
        return next(
            (c for c in self._items if (c.address, c.protocol) == (address, protocol)), None
        )

    def remove(self, candidate: Candidate) -> None:
        """Forget it."""
        self._items.remove(candidate)

    # --- signalled ones -----------------------------------------------------------------------

    @property
    def signalled(self) -> list[Candidate]:
        """Those that have a line, in the order in which they came."""
        return [each for each in self._items if each.line]

    @property
    def are_enough(self) -> bool:
        """Whether no further one can be taken from signalling."""
        return len(self.signalled) >= MAX_REMOTE_CANDIDATES

    def awaits_address(self, candidate: Candidate) -> bool:
        """Whether it has a name that is being looked up."""
        return candidate.address[0] in self.looked_up

    def admit(self, candidate: Candidate) -> Admission:
        """Take a signalled candidate, in place of a peer-reflexive one that turns out to be it."""
        place = (candidate.address, candidate.protocol, candidate.component)
        known = next(
            (c for c in self._items if place == (c.address, c.protocol, c.component)), None
        )
        if known is not None and known.line:
            return Admission.KNOWN
        if self.are_enough:
            return Admission.TOO_MANY
        if known is not None:
            self._items.remove(known)
        self._items.append(candidate)
        return Admission.TAKEN

    def take_named(self, name: str) -> list[Candidate]:
        """Those with this name, which are forgotten here: their address is known now."""
        named = [each for each in self._items if each.address[0] == name]
        for candidate in named:
            self._items.remove(candidate)
        return named

    # --- peer-reflexive ones ------------------------------------------------------------------

    @property
    def learned(self) -> list[Candidate]:
        """Those that were not signalled, in the order in which they were found."""
        return [each for each in self._items if not each.line]

    @property
    def has_room(self) -> bool:
        """Whether another one can be learned."""
        return len(self.learned) < MAX_REMOTE_PEER_REFLEXIVE

    def learn(self, check: ReceivedCheck, local: Candidate) -> Candidate | None:
        """A peer-reflexive candidate (RFC 8445 7.3.1.3).

        Args:
            check: What it sent.
            local: Ours at which that arrived.

        Returns:
            ``None`` if there are too many, or nothing can come from there.
        """
        if not self.has_room:
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
        self._items.append(candidate)
        return candidate

    def adopt(self, candidate: Candidate) -> bool:
        """Take the candidate of a check of ours that was answered; whether there is room."""
        if self.find(candidate.address, candidate.protocol) is None:
            if not self.has_room:
                return False
            self._items.append(candidate)
        return True

    def forget(self, candidate: Candidate) -> None:
        """A peer-reflexive candidate cannot be reached any more; one that was signalled stays."""
        if not candidate.line and candidate in self._items:
            self._items.remove(candidate)
