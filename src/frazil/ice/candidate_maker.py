"""Makes our own candidates: their foundations, and their priorities among each other."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice.candidate import (
    Candidate,
    CandidateProtocol,
    CandidateType,
    TcpType,
    foundation,
)
from frazil.ice.priority import (
    candidate_priority,
    local_preference,
    relay_preference,
    tcp_preference,
)
from frazil.turn import RelayProtocol
from frazil.types import Address

_HOST: Final = CandidateType.HOST
_UDP: Final = CandidateProtocol.UDP
_TCP: Final = CandidateProtocol.TCP


@mypyc_attr(acyclic=True)
class CandidateMaker:
    """Makes the candidates of one generation (RFC 8445 5.1.1, 5.1.2).

    Args:
        component: The component of all of them.
    """

    __slots__ = ("_component", "_ranks", "_relay_ranks")

    def __init__(self, component: int) -> None:
        self._component = component
        self._ranks: dict[tuple[TcpType | None, bool, str], int] = {}
        self._relay_ranks: dict[bool, int] = {}  # of IPv4, and of IPv6

    def host(
        self, address: Address, tcp_type: TcpType | None, known_as: str, others: Sequence[Candidate]
    ) -> Candidate:
        """A host candidate, with the next lower priority; the same again if it comes back.

        Args:
            address: Where its socket is bound.
            tcp_type: ``None`` for UDP.
            known_as: What the peer is told instead of the IP address, or that.
            others: The host candidates that there are.
        """
        is_ipv6 = ":" in address[0]
        rank = self._rank(tcp_type, is_ipv6, known_as, others)
        if tcp_type is None:
            protocol, preference = _UDP, local_preference(is_ipv6, rank)
        else:
            protocol = _TCP
            preference = tcp_preference(is_ipv6, rank, tcp_type)
        return Candidate(
            foundation=foundation(_HOST, address, protocol, None),
            component=self._component,
            protocol=protocol,
            priority=candidate_priority(_HOST, preference, self._component, protocol),
            address=address,
            type=_HOST,
            base=address,
            tcp_type=tcp_type,
        )

    def _rank(
        self, tcp_type: TcpType | None, is_ipv6: bool, known_as: str, others: Sequence[Candidate]
    ) -> int:
        """The place of an address among those of its kind and family: the first that is free.

        One that comes back has its old place if that is free. One that comes in the place of
        another ranks like it: some peers move to no pair of a lower priority.
        """
        key = (tcp_type, is_ipv6, known_as)
        hosts = [each for each in others if (each.tcp_type, each.is_ipv6) == key[:2]]
        if not hosts:
            return self._ranks.setdefault(key, 0)
        names = {name for each in hosts for name in (each.address[0], each.base[0])} - {known_as}
        keys = ((tcp_type, is_ipv6, name) for name in names)
        taken = {self._ranks[each] for each in keys if each in self._ranks}
        if self._ranks.get(key, -1) in taken or key not in self._ranks:
            self._ranks[key] = next(rank for rank in count() if rank not in taken)
        return self._ranks[key]

    def reflected(
        self,
        host: Candidate,
        mapped: Address,
        related: Address | None,
        url: str | None,
        server: Address | None,
    ) -> Candidate:
        """The server-reflexive candidate behind ``host``, which others see as ``mapped``.

        Args:
            related: What to tell of where we are.
            url: The server that saw it, if one did.
            server: Its address.
        """
        kind = CandidateType.SERVER_REFLEXIVE
        return replace(
            host,
            foundation=foundation(kind, host.base, host.protocol, server[0] if server else None),
            priority=candidate_priority(kind, (host.priority >> 8) & 0xFFFF, self._component),
            address=mapped,
            type=kind,
            related=related,
            url=url,
        )

    def relayed(
        self,
        address: Address,
        related: Address,
        url: str,
        server: Address,
        protocol: RelayProtocol,
    ) -> Candidate:
        """The candidate at which the server of ``url`` relays for us.

        Args:
            address: The relayed address, which is its own base (RFC 8445 5.1.1.2).
            related: What to tell of where we are.
            url: The server.
            server: Its address.
            protocol: How messages get to it.
        """
        is_ipv6 = ":" in address[0]
        rank = self._relay_ranks.get(is_ipv6, 0)
        self._relay_ranks[is_ipv6] = rank + 1
        kind = CandidateType.RELAYED
        preference = relay_preference(is_ipv6, rank, protocol)
        return Candidate(
            foundation=foundation(kind, address, _UDP, f"{server[0]} {protocol}"),
            component=self._component,
            protocol=_UDP,
            priority=candidate_priority(kind, preference, self._component),
            address=address,
            type=kind,
            base=address,
            related=related,
            url=url,
            relay_protocol=protocol,
        )
