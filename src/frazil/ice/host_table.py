"""The addresses of this host, and what the peer learns of each of them."""

from dataclasses import replace
from typing import Final

from frazil.ice.announcement import Announcement
from frazil.ice.candidate import Candidate, CandidateType, TcpType
from frazil.ice.candidate_maker import CandidateMaker
from frazil.ice.disclosure import OPEN, Disclosure
from frazil.ice.generation import Generation
from frazil.types import Address

_ACTIVE: Final = TcpType.ACTIVE


class HostTable:
    """The addresses of this host for one generation: as they are, and as others see them.

    Each gives one host candidate that checks are sent from. The peer learns of that one, of others
    in its place, or of none, as its disclosure says. Where a NAT or a router leads to the address,
    there is a server-reflexive candidate besides.

    Args:
        generation: Takes the candidates.
        maker: Makes them.
        announcement: Takes those that the peer learns of.

    Attributes:
        generation: As given; one without credentials gives way to the first that has some.
        maker: As given.
        is_complete: Every address and server was tried for it since the network last changed, and
            it has what relays they gave.
    """

    __slots__ = ("_announcement", "_disclosures", "_told", "generation", "is_complete", "maker")

    def __init__(
        self, generation: Generation, maker: CandidateMaker, announcement: Announcement
    ) -> None:
        self.generation = generation
        self.maker = maker
        self.is_complete = False
        self._announcement = announcement
        self._disclosures: dict[Address, Disclosure] = {}  # those that are not open
        # Of this only the keys matter: an empty set weighs three times as much.
        self._told: dict[tuple[Address, Address], None] = {}

    def add(
        self,
        address: Address,
        tcp_type: TcpType | None,
        disclosure: Disclosure,
        now: float,
    ) -> Candidate:
        """``address`` is ours: that is a host candidate.

        Of an active TCP candidate the peer is not told: nobody can connect to it, and whom it
        connects to sees where it is.

        Args:
            address: Where a socket is bound.
            tcp_type: ``None`` for UDP.
            disclosure: What the peer is told of it, from now on.
            now: The instant.

        Returns:
            The candidate that checks are sent from.
        """
        if disclosure is OPEN:
            self._disclosures.pop(address, None)
        else:
            self._disclosures[address] = disclosure
        candidate = self._make(address, tcp_type, address[0])
        self.generation.local_candidates.add(candidate)
        self._show(candidate, disclosure, now)
        return candidate

    def reveal(self, candidate: Candidate, disclosure: Disclosure, now: float) -> None:
        """If the peer was told of no host candidate in its place, there may be some by now.

        Args:
            candidate: One that checks are sent from.
            disclosure: What the peer may be told of its address: a name that could not be had
                before.
            now: The instant.
        """
        before = self._disclosures.get(candidate.base, OPEN)
        if before.hosts == () and disclosure.hosts:
            self._disclosures[candidate.base] = disclosure
            self._show(candidate, disclosure, now)

    def _show(self, candidate: Candidate, disclosure: Disclosure, now: float) -> None:
        """Tell of ``candidate``, or of what stands for it, and of what leads there besides."""
        address, tcp_type = candidate.base, candidate.tcp_type
        if tcp_type is _ACTIVE:
            return
        if not disclosure.conceals:
            self._tell(candidate, now)
        for number, shown in enumerate(disclosure.hosts or ()):
            known_as = candidate if number == 0 else self._make(address, tcp_type, shown)
            known_as = replace(known_as, address=(shown, address[1]))
            if known_as.is_resolved:
                self.generation.local_candidates.add(known_as)
            self._tell(known_as, now)
        if tcp_type is None:
            for shown in disclosure.reflected:
                self.reflect(candidate, (shown, address[1]), None, None, now)

    def _make(self, address: Address, tcp_type: TcpType | None, known_as: str) -> Candidate:
        others = self.generation.local_candidates.hosts()
        return self.maker.host(address, tcp_type, known_as, others)

    def reflect(
        self,
        host: Candidate,
        mapped: Address,
        url: str | None,
        server: Address | None,
        now: float,
    ) -> None:
        """Others see ``host`` as ``mapped``: a candidate, unless it is redundant (RFC 8445 5.1.3).

        That is so if the peer was told of the address: there is no NAT, or another server said
        the same. A check that showed it first makes nothing redundant: what checks reveal is
        never signalled.

        Args:
            host: The candidate that a server was asked from.
            mapped: What it said.
            url: The server; none is needed for what the user knows.
            server: Its address.
            now: The instant.
        """
        if (mapped, host.base) in self._told:
            return
        disclosure = self._disclosures.get(host.base, OPEN)
        if mapped == host.base and disclosure.hosts:
            return  # a server on this side of the NAT: what it sees is what others must not know
        related = disclosure.related(host.base)
        candidate = self.maker.reflected(host, mapped, related, url, server)
        local_candidates = self.generation.local_candidates
        known = local_candidates.find(mapped, host.base)
        if known is not None and known.type is CandidateType.PEER_REFLEXIVE:
            self.generation.replace_learned(known, candidate)
        if known is None or not known.is_base:
            local_candidates.add(candidate)
        self._tell(candidate, now)

    def _tell(self, candidate: Candidate, now: float) -> None:
        self._told[candidate.address, candidate.base] = None
        self._announcement.tell(candidate, now)

    def forget(self, base: Address) -> None:
        """Nothing leads to ``base`` any more: should it come back, the peer is told anew."""
        self._told = {place: None for place in self._told if place[1] != base}
