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
        maker: Makes the candidates.
        announcement: Takes those that the peer learns of.
    """

    __slots__ = ("_announcement", "_disclosures", "_maker")

    def __init__(self, maker: CandidateMaker, announcement: Announcement) -> None:
        self._maker = maker
        self._announcement = announcement
        self._disclosures: dict[Address, Disclosure] = {}  # those that are not open

    def add(
        self,
        address: Address,
        tcp_type: TcpType | None,
        disclosure: Disclosure,
        generation: Generation,
        now: float,
    ) -> Candidate:
        """``address`` is ours: that is a host candidate of ``generation``.

        Of an active TCP candidate the peer is not told: nobody can connect to it, and whom it
        connects to sees where it is.

        Args:
            address: Where a socket is bound.
            tcp_type: ``None`` for UDP.
            disclosure: What the peer is told of it, from now on.
            generation: Takes it, and what the peer sees in its place.
            now: The instant.

        Returns:
            The candidate that checks are sent from.
        """
        if disclosure is OPEN:
            self._disclosures.pop(address, None)
        else:
            self._disclosures[address] = disclosure
        candidate = self._make(address, tcp_type, address[0], generation)
        generation.local_candidates.add(candidate)
        if tcp_type is _ACTIVE:
            return candidate
        if not disclosure.conceals:
            self._announcement.tell(candidate, now)
        for number, shown in enumerate(disclosure.hosts or ()):
            known_as = (
                candidate if number == 0 else self._make(address, tcp_type, shown, generation)
            )
            known_as = replace(known_as, address=(shown, address[1]))
            if known_as.is_resolved:
                generation.local_candidates.add(known_as)
            self._announcement.tell(known_as, now)
        if tcp_type is None:
            for shown in disclosure.reflected:
                self.reflect(candidate, (shown, address[1]), None, None, generation, now)
        return candidate

    def _make(
        self, address: Address, tcp_type: TcpType | None, known_as: str, generation: Generation
    ) -> Candidate:
        return self._maker.host(address, tcp_type, known_as, generation.local_candidates.hosts())

    def reflect(
        self,
        host: Candidate,
        mapped: Address,
        url: str | None,
        server: Address | None,
        generation: Generation,
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
            generation: Takes the candidate.
            now: The instant.
        """
        if self._announcement.has_told(mapped, host.base):
            return
        disclosure = self._disclosures.get(host.base, OPEN)
        if mapped == host.base and disclosure.hosts:
            return  # a server on this side of the NAT: what it sees is what others must not know
        related = disclosure.related(host.base)
        candidate = self._maker.reflected(host, mapped, related, url, server)
        known = generation.local_candidates.find(mapped, host.base)
        if known is not None and known.type is CandidateType.PEER_REFLEXIVE:
            generation.replace_learned(known, candidate)
        if known is None or not known.is_base:
            generation.local_candidates.add(candidate)
        self._announcement.tell(candidate, now)
