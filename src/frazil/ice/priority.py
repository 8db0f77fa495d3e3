"""Priorities of candidates and pairs (RFC 8445 5.1.2 and 6.1.2.3, RFC 8421)."""

from frazil.ice.candidate import CandidateType

_TYPE_PREFERENCE = {
    CandidateType.HOST: 126,
    CandidateType.PEER_REFLEXIVE: 110,
    CandidateType.SERVER_REFLEXIVE: 100,
    CandidateType.RELAYED: 0,
}


def candidate_priority(kind: CandidateType, local_preference: int, component: int) -> int:
    """The priority of a candidate, 1 to 2**31 - 1 (RFC 8445 5.1.2.1)."""
    return (_TYPE_PREFERENCE[kind] << 24) | (local_preference << 8) | (256 - component)


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
