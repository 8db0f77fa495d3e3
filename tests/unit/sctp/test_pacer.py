import math

import pytest

from frazil.sctp.pacer import Pacer


def paced(rate, *, now=10.0):
    pacer = Pacer()
    pacer.rate = rate
    pacer.begin_burst(now)
    return pacer


def sends(pacer, size, now):
    """How many packets of ``size`` may leave at this instant."""
    count = 0
    while pacer.next_at <= now:
        pacer.sent(size)
        count += 1
    return count


def test_without_a_rate_nothing_waits():
    pacer = paced(math.inf)
    for _ in range(1000):
        pacer.sent(1000)
    assert pacer.next_at <= 10.0


def test_after_a_pause_a_millisecond_worth_leaves_at_once():
    pacer = paced(10e6)
    assert sends(pacer, 1000, 10.0) == 11
    assert pacer.next_at == pytest.approx(10.0001)


def test_a_slow_path_gets_one_packet_at_a_time():
    pacer = paced(10_000)
    assert sends(pacer, 1000, 10.0) == 1
    assert pacer.next_at == pytest.approx(10.099)


def test_the_rate_holds_although_timers_are_late():
    pacer = paced(10e6)
    now, sent = 10.0, 0
    while now < 11.0:
        pacer.begin_burst(now)
        sent += sends(pacer, 1000, now)
        now = max(pacer.wait() + 0.003, now)
    assert sent == pytest.approx(10_000, rel=0.01)


def test_a_pause_that_was_not_ours_is_not_made_up_for():
    pacer = paced(10e6)
    sends(pacer, 1000, 10.0)
    pacer.wait()
    pacer.begin_burst(20.0)
    assert sends(pacer, 1000, 20.0) == 501  # 50 ms worth: a timer is never later


def test_another_path_owes_nothing():
    pacer = paced(10.0)
    pacer.sent(1000)
    pacer.restart()
    assert (pacer.rate, pacer.next_at) == (math.inf, -math.inf)
