from itertools import pairwise

import pytest

from frazil.ice.candidate import CandidateType
from frazil.ice.priority import (
    candidate_priority,
    local_preference,
    pair_priority,
    relay_preference,
)
from frazil.turn import RelayProtocol


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CandidateType.HOST, 2130706431),  # the first candidate of RFC 8445 15.1
        (CandidateType.PEER_REFLEXIVE, 1862270975),
        (CandidateType.SERVER_REFLEXIVE, 1694498815),
        (CandidateType.RELAYED, 16777215),
    ],
)
def test_the_recommended_type_preferences(kind, expected):
    assert candidate_priority(kind, 65535, 1) == expected


def test_the_bounds():
    assert candidate_priority(CandidateType.RELAYED, 0, 1) == 255
    assert candidate_priority(CandidateType.HOST, 65535, 1) < 2**31


def test_pair_priority_is_the_formula():
    """2^32*MIN(G,D) + 2*MAX(G,D) + (G>D?1:0), RFC 8445 6.1.2.3."""
    assert pair_priority(7, 5) == 2**32 * 5 + 2 * 7 + 1
    assert pair_priority(5, 7) == 2**32 * 5 + 2 * 7
    assert pair_priority(5, 5) == 2**32 * 5 + 10


def test_families_take_turns_and_ipv6_goes_first():
    """RFC 8421 4: no family starves behind many addresses of the other."""
    ranked = [(True, 0), (False, 0), (True, 1), (False, 1), (True, 2)]
    preferences = [local_preference(*each) for each in ranked]
    assert preferences[0] == 65535
    assert all(before > after for before, after in pairwise(preferences))


def test_preferences_never_leave_their_range():
    assert local_preference(False, 10**6) == 0


def test_relays_are_ranked_by_the_way_to_the_server_first():
    order = [
        relay_preference(is_ipv6, rank, protocol)
        for protocol in RelayProtocol
        for rank in (0, 1, 8000, 9000, 70000)
        for is_ipv6 in (True, False)
    ]
    assert order[0] == 65535
    assert order == sorted(order, reverse=True)
    assert order[-1] >= 0
    best = [relay_preference(True, 0, protocol) for protocol in RelayProtocol]
    assert best == [65535, 49151, 32767]
