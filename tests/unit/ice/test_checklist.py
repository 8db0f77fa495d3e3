from dataclasses import replace

import pytest

from frazil.ice.candidate import Candidate
from frazil.ice.checklist import Checklist, can_pair, can_receive
from frazil.ice.config import MAX_PAIRS
from frazil.ice.pair import CandidatePair, PairState

F, W, P, S, X = (
    PairState.FROZEN,
    PairState.WAITING,
    PairState.IN_PROGRESS,
    PairState.SUCCEEDED,
    PairState.FAILED,
)


def candidate(host: str, port: int = 1, priority: int = 100, foundation: str = "1") -> Candidate:
    return Candidate.from_line(f"candidate:{foundation} 1 udp {priority} {host} {port} typ host")


def pair_to(host: str, port: int = 1, priority: int = 100, foundation: str = "1") -> CandidatePair:
    return CandidatePair(candidate("10.0.0.1"), candidate(host, port, priority, foundation), True)


def filled(*pairs: CandidatePair) -> Checklist:
    checklist = Checklist()
    for pair in pairs:
        assert checklist.add(pair)
    return checklist


def states(*pairs: CandidatePair) -> list[PairState]:
    return [pair.state for pair in pairs]


@pytest.mark.parametrize(
    ("local", "remote", "expected"),
    [
        ("10.0.0.1", "192.0.2.1", True),
        ("10.0.0.1", "2001:db8::1", False),
        ("2001:db8::2", "2001:db8::1", True),
        ("fe80::1", "2001:db8::1", False),
        ("fe80::1", "fe80::2", True),
        ("127.0.0.1", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "2001:db8::1", False),
        ("10.0.0.1", "x.local", False),
    ],
)
def test_what_can_be_paired(local, remote, expected):
    assert can_pair(candidate(local), candidate(remote)) is expected


def test_components_and_tcp_do_not_pair():
    udp = candidate("10.0.0.1")
    tcp = Candidate.from_line("candidate:1 1 tcp 1 10.0.0.2 9 typ host tcptype passive")
    assert not can_pair(udp, tcp)
    assert not can_pair(udp, replace(candidate("10.0.0.2"), component=2))


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("192.0.2.1", 1, True),
        ("192.0.2.1", 0, False),
        ("0.0.0.0", 1, False),
        ("::", 1, False),
        ("224.0.0.251", 1, False),
        ("ff02::fb", 1, False),
        ("255.255.255.255", 1, False),
        ("name.local", 1, False),
        ("127.0.0.1", 1, True),
    ],
)
def test_what_can_receive_at_all(host, port, expected):
    assert can_receive((host, port)) is expected


def test_highest_priority_first():
    low, high, middle = (
        pair_to("192.0.2.1"),
        pair_to("192.0.2.2", 1, 300),
        pair_to("192.0.2.3", 1, 200),
    )
    assert list(filled(low, high, middle)) == [high, middle, low]


def test_the_pairs_above_a_priority():
    low, high = pair_to("192.0.2.1"), pair_to("192.0.2.2", 1, 300)
    checklist = filled(low, high)
    assert list(checklist.above(low.priority)) == [high]
    assert list(checklist.above(low.priority - 1)) == [high, low]
    assert list(checklist.above(high.priority)) == []


def test_the_same_pair_twice_is_redundant():
    checklist = filled(pair_to("192.0.2.1"))
    assert not checklist.add(pair_to("192.0.2.1", priority=500))
    assert len(checklist) == 1


def test_one_foundation_waits_for_its_first_pair():
    """RFC 8445 6.1.2.6 and RFC 8838 12, rules 1 and 3."""
    first, second = pair_to("192.0.2.1", 1, 200), pair_to("192.0.2.1", 2, 100)
    best = pair_to("192.0.2.1", 3, 300)
    filled(first, second, best)
    assert states(first, second, best) == [W, F, W]


def test_a_foundation_that_works_waits_no_more():
    """RFC 8838 12, rule 2."""
    first, second = pair_to("192.0.2.1", 1, 200), pair_to("192.0.2.1", 2, 100)
    checklist = filled(first)
    checklist.mark(first, S)
    checklist.add(second)
    assert second.state is W


def test_hosts_of_one_foundation_do_not_wait_for_each_other():
    """Some servers give every candidate the same foundation."""
    first, second = pair_to("192.0.2.1", 1, 200), pair_to("192.0.2.2", 1, 100)
    filled(first, second)
    assert states(first, second) == [W, W]


def test_success_thaws_the_foundation():
    first, second = pair_to("192.0.2.1", 1, 200), pair_to("192.0.2.1", 2, 100)
    other = pair_to("192.0.2.9", 1, 90)
    checklist = filled(first, second, other)
    checklist.mark(first, S)
    checklist.thaw(first.foundation)
    assert states(first, second, other) == [S, W, W]


def test_ordinary_checks_go_by_priority_and_thaw_the_rest():
    """RFC 8445 6.1.4.2."""
    pairs = [pair_to("192.0.2.1", port, 100 - port) for port in range(1, 4)]
    checklist = filled(*pairs)
    assert checklist.next_ordinary(-1) is pairs[0]
    checklist.mark(pairs[0], P)
    assert checklist.next_ordinary(-1) is None  # the others wait for its outcome
    checklist.mark(pairs[0], X)
    assert checklist.next_ordinary(-1) is pairs[1]
    assert pairs[1].state is F  # asking is not taking


def test_a_pair_that_is_silent_for_long_does_not_hold_the_others_back():
    first, second, third = (pair_to("192.0.2.1", port, 100 - port) for port in range(3))
    checklist, sibling = filled(first, second), filled(third)
    checklist.siblings, sibling.siblings = (sibling,), (checklist,)
    sibling.mark(third, F)
    checklist.mark(first, P)
    assert checklist.next_ordinary(-1) is None
    assert sibling.next_ordinary(-1) is None
    first.holds_back = False
    assert sibling.next_ordinary(-1) is third
    assert checklist.next_ordinary(-1) is second
    checklist.mark(second, P)  # which has its chance now
    assert sibling.next_ordinary(-1) is None


def test_pairs_under_the_bar_are_not_checked():
    high, low = pair_to("192.0.2.1", 1, 200), pair_to("192.0.2.2", 1, 100)
    checklist = filled(high, low)
    assert checklist.next_ordinary(low.priority) is high
    checklist.mark(high, S)
    assert checklist.next_ordinary(low.priority) is None
    assert checklist.next_ordinary(-1) is low
    assert checklist.is_pending(-1)
    assert not checklist.is_pending(low.priority)


def test_a_triggered_check_is_queued_once_in_order():
    first, second = pair_to("192.0.2.1"), pair_to("192.0.2.2")
    checklist = filled(first, second)
    checklist.mark(second, X)
    checklist.trigger(second)
    checklist.trigger(first)
    checklist.trigger(second)
    assert states(first, second) == [W, W]
    assert checklist.take_triggered() is second
    assert checklist.take_triggered() is first
    assert checklist.take_triggered() is None


def test_a_removed_pair_is_gone_everywhere():
    pair = pair_to("192.0.2.1")
    checklist = filled(pair)
    checklist.trigger(pair)
    checklist.remove(pair)
    assert checklist.take_triggered() is None
    assert checklist.find(pair.key) is None
    assert checklist.pending == 0
    checklist.mark(pair, S)  # a late response: the pair changes, the list does not
    assert checklist.count(S) == 0


def test_counts_follow_the_states():
    pairs = [pair_to("192.0.2.1", port) for port in range(1, 6)]
    checklist = filled(*pairs)
    for pair, state in zip(pairs, (F, W, P, S, X), strict=True):
        checklist.mark(pair, state)
    assert [checklist.count(state) for state in (F, W, P, S, X)] == [1] * 5
    assert checklist.pending == 3


def test_a_full_list_keeps_the_better_pairs():
    pairs = [pair_to("192.0.2.1", port, 1000 + port) for port in range(1, MAX_PAIRS + 1)]
    checklist = filled(*pairs)
    assert not checklist.add(pair_to("192.0.2.2", 1, 5))
    best = pair_to("192.0.2.2", 2, 5000)
    assert checklist.add(best)
    assert len(checklist) == MAX_PAIRS
    assert pairs[0] not in list(checklist)
    assert next(iter(checklist)) is best


def test_a_full_list_keeps_pairs_that_work_or_are_being_checked():
    pairs = [pair_to("192.0.2.1", port, 1000 + port) for port in range(1, MAX_PAIRS + 1)]
    checklist = filled(*pairs)
    checklist.mark(pairs[0], S)
    checklist.mark(pairs[1], P)
    assert checklist.add(pair_to("192.0.2.2", 2, 5000))
    kept = set(map(id, checklist))
    assert {id(pairs[0]), id(pairs[1])} <= kept
    assert id(pairs[2]) not in kept
    for pair in list(checklist):
        checklist.mark(pair, S)
    assert not checklist.add(pair_to("192.0.2.2", 3, 6000))


def test_a_full_list_keeps_pairs_that_must_not_be_used_again():
    """Forgotten, one would be taken for new when a check comes (RFC 7675 5.1)."""
    pairs = [pair_to("192.0.2.1", port, 1000 + port) for port in range(1, MAX_PAIRS + 1)]
    checklist = filled(*pairs)
    checklist.mark(pairs[0], X)
    pairs[0].is_barred = True
    assert checklist.add(pair_to("192.0.2.2", 2, 5000))
    assert pairs[0] in checklist
    assert pairs[1] not in checklist


def test_what_awaits_a_result():
    pairs = [pair_to("192.0.2.1", port, 1000 + port, str(port)) for port in range(1, 7)]
    checklist = filled(*pairs)
    low, wanted, triggered, checked, failed, high = pairs
    checklist.mark(checked, P)
    checklist.mark(failed, X)
    assert [checklist.awaits_result(pair) for pair in (low, failed, high)] == [True, False, True]
    checklist.trigger(triggered)
    checklist.next_ordinary(checked.priority)
    checklist.want(wanted)
    assert [pair for pair in pairs if checklist.awaits_result(pair)] == [
        wanted,
        triggered,
        checked,
        high,
    ]
    assert not checklist.awaits_result(low)


def test_sorting_after_a_role_switch():
    a = CandidatePair(candidate("10.0.0.1", 1, 100), candidate("192.0.2.1", 1, 90), True)
    b = CandidatePair(candidate("10.0.0.1", 1, 90), candidate("192.0.2.2", 1, 100), True)
    checklist = filled(a, b)
    assert list(checklist) == [a, b]
    for pair in (a, b):
        pair.rank(controlling=False)
    checklist.sort()
    assert list(checklist) == [b, a]


def test_a_wanted_pair_is_checked_though_a_better_one_is_nominated():
    best, lesser, least = (
        pair_to(f"192.0.2.{n}", priority=10 - n, foundation=str(n)) for n in range(3)
    )
    checklist = filled(best, lesser, least)
    checklist.mark(best, S)
    assert checklist.next_ordinary(best.priority) is None
    checklist.want(best)  # has its result
    checklist.want(least)
    assert checklist.next_ordinary(best.priority) is least
    checklist.mark(least, P)
    assert checklist.next_ordinary(best.priority) is None
    assert not checklist.is_pending(best.priority)


def test_a_wanted_pair_that_is_removed_is_not_checked():
    pair, other = pair_to("192.0.2.1"), pair_to("192.0.2.2", foundation="2")
    checklist = filled(pair, other)
    checklist.want(pair)
    checklist.remove(pair)
    assert checklist.next_ordinary(other.priority) is None


def test_nobody_waits_for_a_pair_that_had_its_chance_beside_a_nominated_one():
    better, nominated = pair_to("192.0.2.1", priority=9), pair_to("192.0.2.2", priority=5)
    checklist = filled(better, nominated)
    checklist.mark(better, P)
    checklist.mark(nominated, S)
    assert checklist.is_pending(nominated.priority)
    better.is_conceded = True
    assert not checklist.is_pending(nominated.priority)
    assert checklist.is_pending(-1)  # without a nomination its result matters
