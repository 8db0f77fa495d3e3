"""When a restart is due, in every order of events."""

from itertools import pairwise

import pytest

from frazil.peer.recovery import (
    FIRST_WAIT_S,
    GRACE_S,
    LONGEST_WAIT_S,
    STEADY_S,
    YIELD_S,
    Recovery,
    RecoveryPolicy,
)
from frazil.trace import Reason, StateChange, Trace

HERE, THERE = "10.0.0.1", "10.9.0.1"


class Bench:
    """A recovery of one transport that works since 0 s, at one address unless told."""

    def __init__(
        self, policy=RecoveryPolicy.RESTART, *, controlling: bool = True, hosts=(HERE,)
    ) -> None:
        self.restarts: list[float] = []
        self.now = 0.0
        self.controlling = controlling
        self.trace = Trace()
        self.recovery = Recovery(policy, lambda: self.restarts.append(self.now), self.trace)
        self.state = "new"
        self.recovery.gather_from("0", list(hosts), 0.0)
        self.move("checking connected")

    def move(self, states: str, cause: str = "test", judged_at: float | None = None) -> None:
        for new in states.split():
            reason = Reason(cause, "", "", next_deadline_at=judged_at)
            change = StateChange(self.now, "ice-transport 0", self.state, new, reason)
            self.recovery.move("0", change, is_controlling=self.controlling)
            self.state = new

    def run(self, seconds: float) -> list[float]:
        """Let time pass; the restarts so far."""
        end = self.now + seconds
        while (at := self.recovery.next_timeout()) is not None and at <= end:
            self.now = max(self.now, at)
            self.recovery.handle_timeout(self.now)
        self.now = end
        return self.restarts


@pytest.mark.parametrize(("controlling", "expected"), [(True, 100.0), (False, 100.0 + YIELD_S)])
def test_failed_is_restarted_at_once_by_the_side_that_controls(controlling, expected):
    bench = Bench(controlling=controlling)
    bench.run(100)
    bench.move("disconnected failed")
    assert bench.run(50) == [expected]


def test_the_policy_may_be_to_do_nothing():
    bench = Bench(RecoveryPolicy.NONE)
    bench.move("disconnected failed")
    bench.recovery.gather_from("0", [THERE], 1.0)
    assert bench.recovery.next_timeout() is None


def test_disconnected_alone_is_no_reason():
    bench = Bench()
    bench.run(100)
    bench.move("disconnected")
    assert bench.run(1000) == []


@pytest.mark.parametrize(("controlling", "later_s"), [(True, 0.0), (False, YIELD_S)])
def test_disconnected_until_consent_expires_is(controlling, later_s):
    bench = Bench(controlling=controlling)
    bench.run(100)
    bench.move("disconnected", "liveness-lost", 125.0)
    assert bench.run(50) == [125.0 + GRACE_S + later_s]


def test_disconnected_that_ends_before_is_not():
    bench = Bench()
    bench.run(100)
    bench.move("disconnected", "liveness-lost", 125.0)
    bench.run(25)
    bench.move("connected", "liveness-back")
    assert bench.run(1000) == []


@pytest.mark.parametrize(("controlling", "later_s"), [(True, 0.0), (False, YIELD_S)])
def test_disconnected_that_becomes_failed_is_restarted_as_ever(controlling, later_s):
    bench = Bench(controlling=controlling)
    bench.run(100)
    bench.move("disconnected", "liveness-lost", 125.0)
    bench.run(25)
    bench.move("failed", "consent-lost")
    assert bench.run(50) == [125.0 + later_s]


def test_disconnected_because_consent_is_lost_is_restarted_at_once():
    bench = Bench()
    bench.run(30)
    bench.move("disconnected", "consent-lost-awaiting-candidates", 39.5)
    assert bench.run(50) == [30.0]


def test_pairs_that_fail_at_once_are_no_reason_before_patience_is_over():
    """A relay may refuse the first candidates of the peer while the next are on their way."""
    bench = Bench()
    bench.move("checking disconnected", "pairs-exhausted", 39.5)
    bench.run(1)
    bench.move("checking", "new-pairs")
    assert bench.run(10) == []
    bench.move("disconnected", "pairs-exhausted", 39.5)
    assert bench.run(100) == [39.5]


def test_pairs_that_fail_when_patience_is_over_are_a_reason():
    bench = Bench()
    bench.run(100)
    bench.move("checking disconnected", "pairs-exhausted")
    assert bench.run(50) == [100.0]


@pytest.mark.parametrize("ago_s", [0.0, 29.9])
def test_disconnected_after_a_change_of_the_network_is(ago_s):
    bench = Bench()
    bench.run(100)
    bench.recovery.lose_host("0", HERE, bench.now)
    bench.recovery.gather_from("0", [THERE], bench.now)
    bench.run(ago_s)
    bench.move("disconnected")
    assert bench.run(50) == [100 + ago_s + GRACE_S]


def test_a_change_long_ago_is_no_reason():
    bench = Bench()
    bench.recovery.gather_from("0", [THERE], bench.now)
    bench.run(31)
    bench.move("disconnected")
    assert bench.run(1000) == []


def test_the_addresses_of_the_first_gathering_are_no_change():
    bench = Bench()
    bench.recovery.gather_from("0", [HERE], 1.0)
    bench.move("disconnected")
    assert bench.run(1000) == []


def test_a_round_of_gathering_that_finds_no_address_removes_none():
    """The operating system may have refused to tell."""
    bench = Bench()
    bench.recovery.gather_from("0", [], bench.now)
    bench.move("disconnected failed")
    assert bench.run(50) == [0.0]


@pytest.mark.parametrize("back", ["connected", "checking"])
def test_a_session_that_finds_its_way_needs_no_help(back):
    bench = Bench()
    bench.move("disconnected")
    bench.recovery.gather_from("0", [THERE], bench.now)
    bench.run(GRACE_S / 2)
    bench.move(back)
    assert bench.run(1000) == []


def test_without_an_address_there_is_nothing_to_restart():
    bench = Bench()
    bench.recovery.lose_host("0", HERE, bench.now)
    bench.move("disconnected failed")
    assert bench.run(1000) == []
    bench.recovery.gather_from("0", [THERE], bench.now)
    assert bench.run(1) == [1000.0]


LOOPBACK = ["127.0.0.1", "::1"]


def test_loopback_is_what_is_left_without_a_network():
    bench = Bench()
    bench.run(100)
    bench.recovery.lose_host("0", HERE, bench.now)
    bench.recovery.gather_from("0", LOOPBACK, bench.now)
    bench.move("disconnected failed")
    assert bench.run(1000) == []
    bench.recovery.gather_from("0", [THERE], bench.now)
    assert bench.run(1) == [1100.0]


def test_a_machine_that_never_had_a_network_has_loopback():
    bench = Bench(hosts=LOOPBACK)
    bench.move("disconnected failed")
    assert bench.run(1) == [0.0]


def test_after_the_first_network_loopback_is_none_any_more():
    bench = Bench(hosts=LOOPBACK)
    bench.recovery.gather_from("0", [THERE], bench.now)
    bench.recovery.lose_host("0", THERE, bench.now)
    bench.move("disconnected failed")
    assert bench.run(1000) == []


def test_loopback_that_is_wanted_besides_the_network_stays():
    bench = Bench(hosts=[*LOOPBACK, HERE])
    bench.recovery.lose_host("0", HERE, bench.now)
    bench.move("disconnected failed")
    assert bench.run(1) == [0.0]


@pytest.mark.parametrize("without", [[], LOOPBACK])
def test_an_address_is_news_after_a_round_that_could_not_gather_from_it(without):
    """As where the default route was away, and the address stayed."""
    bench = Bench()
    bench.run(100)
    bench.move("disconnected failed")
    for _ in range(6):
        bench.run(LONGEST_WAIT_S)
        bench.recovery.gather_from("0", without, bench.now)
        bench.move("checking", "restart")
        bench.move("failed")
    before = list(bench.run(FIRST_WAIT_S))
    for _ in range(2):  # the second time it is no news any more
        bench.recovery.gather_from("0", [HERE], bench.now)
        assert bench.run(FIRST_WAIT_S) == [*before, before[-1] + FIRST_WAIT_S]


def test_waits_double_up_to_the_longest():
    bench = Bench()
    bench.move("disconnected failed")
    for number in range(1, 9):
        while len(bench.restarts) < number:
            bench.run(1)
        bench.move("checking", "restart")
        bench.move("failed")
    waits = [two - one for one, two in pairwise(bench.restarts)]
    assert waits == [5, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]


def test_a_steady_path_begins_a_new_series():
    bench = Bench()
    bench.move("disconnected failed")
    for _ in range(6):
        bench.run(100)
        bench.move("checking", "restart")
        bench.move("failed")
    bench.run(100)
    bench.move("checking", "restart")
    bench.move("connected")
    bench.run(STEADY_S)
    count = len(bench.restarts)
    bench.move("disconnected failed")
    assert len(bench.run(FIRST_WAIT_S)) == count + 1


def test_a_path_that_works_for_a_moment_does_not():
    bench = Bench()
    bench.run(100)
    bench.move("disconnected failed")
    for _ in range(6):
        bench.run(LONGEST_WAIT_S)
        bench.move("checking", "restart")
        bench.move("connected disconnected failed")
    count = len(bench.restarts)
    assert len(bench.run(FIRST_WAIT_S * 4)) == count


def test_changes_one_after_the_other_are_one_reason():
    bench = Bench()
    bench.move("disconnected")
    for number in range(10):
        bench.run(0.5)
        bench.recovery.gather_from("0", [f"10.9.0.{number}"], bench.now)
    assert bench.run(60) == [5.0 + GRACE_S]


def test_a_transport_that_is_gone_needs_nothing():
    bench = Bench()
    bench.move("disconnected failed")
    bench.recovery.discard("0")
    assert bench.run(1000) == []


def test_a_transport_without_dtls_needs_no_path():
    bench = Bench()
    bench.move("disconnected failed")
    bench.recovery.end("0")
    assert bench.run(1000) == []
    bench.move("checking disconnected failed")
    bench.recovery.gather_from("0", [THERE], bench.now)
    assert bench.run(1000) == []


def test_another_transport_is_helped_where_dtls_is_over_on_one():
    bench = Bench()
    bench.recovery.end("1")
    bench.move("disconnected failed")
    assert bench.run(1000) == [0.0]
