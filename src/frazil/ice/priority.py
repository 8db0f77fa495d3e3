"""Priorities of candidates and pairs (RFC 8445 5.1.2 and 6.1.2.3, RFC 8421)."""

from typing import Final

from frazil.ice.candidate import CandidateProtocol, CandidateType, TcpType
from frazil.turn import RelayProtocol

_UDP: Final = CandidateProtocol.UDP
_TYPE_PREFERENCE: Final = {
    CandidateType.HOST: 126,
    CandidateType.PEER_REFLEXIVE: 110,
    CandidateType.SERVER_REFLEXIVE: 100,
    CandidateType.RELAYED: 0,
}


_TCP_TYPE_PREFERENCE: Final = {
    CandidateType.HOST: 90,
    CandidateType.PEER_REFLEXIVE: 80,
    CandidateType.SERVER_REFLEXIVE: 75,
    CandidateType.RELAYED: 0,
}
"""Where UDP works it is better, so each type of TCP candidate is below its UDP counterpart (RFC
6544 4.2); a peer-reflexive one is a little below the host candidate that it came from."""
_DIRECTION_PREFERENCE: Final = {
    TcpType.ACTIVE: 6,
    TcpType.PASSIVE: 4,
    TcpType.SIMULTANEOUS_OPEN: 2,
}
"""Of host candidates: a connection that is opened gets through where one that arrives may not."""
_DIRECTION_SHIFT: Final = 13
_RELAY_BAND: Final = {RelayProtocol.UDP: 3, RelayProtocol.TCP: 2, RelayProtocol.TLS: 1}
_BAND_SIZE: Final = 1 << 14


def candidate_priority(
    kind: CandidateType,
    local_preference: int,
    component: int,
    protocol: CandidateProtocol = CandidateProtocol.UDP,
) -> int:
    """The priority of a candidate, 1 to 2**31 - 1 (RFC 8445 5.1.2.1, RFC 6544 4.2)."""
    is_udp = protocol is _UDP
    preference = (_TYPE_PREFERENCE if is_udp else _TCP_TYPE_PREFERENCE)[kind]
    return (preference << 24) | (local_preference << 8) | (256 - component)


def pair_priority(controlling: int, controlled: int) -> int:
    """The priority of a pair from those of its two candidates (RFC 8445 6.1.2.3)."""
    low, high = sorted((controlling, controlled))
    return (low << 32) + 2 * high + (controlling > controlled)


def local_preference(is_ipv6: bool, rank_in_family: int) -> int:
    """A preference of its own for each local address, families taking turns (RFC 8421 4).

    Args:
        is_ipv6: The family; IPv6 goes first within each turn.
        rank_in_family: How many addresses of that family came before.

    Returns:
        0 to 65535, lower for later addresses.
    """
    return max(0, 65535 - 2 * rank_in_family - (not is_ipv6))


def tcp_preference(is_ipv6: bool, rank_in_family: int, tcp_type: TcpType) -> int:
    """The local preference of a TCP host candidate: its direction first (RFC 6544 4.2).

    Returns:
        0 to 65535, lower for later addresses.
    """
    place = 65535 - local_preference(is_ipv6, rank_in_family)
    other = max(0, (1 << _DIRECTION_SHIFT) - 1 - place)
    return (_DIRECTION_PREFERENCE[tcp_type] << _DIRECTION_SHIFT) | other


def relay_preference(is_ipv6: bool, rank_in_family: int, protocol: RelayProtocol) -> int:
    """The local preference of a relayed address: UDP to the server before TCP before TLS.

    A stream delays everything behind what it has lost, and TLS encrypts once more. RFC 8445 5.1.2.1
    gives all relayed candidates one type preference, so the order is in this one.

    Args:
        is_ipv6: The family of the relayed address.
        rank_in_family: How many relayed addresses of that family came before.
        protocol: How messages get to the server.

    Returns:
        0 to 65535, lower for later addresses.
    """
    place = min(65535 - local_preference(is_ipv6, rank_in_family), _BAND_SIZE - 1)
    return (_RELAY_BAND[protocol] + 1) * _BAND_SIZE - 1 - place
