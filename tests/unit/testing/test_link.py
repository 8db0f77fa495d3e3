from random import Random

import pytest

from frazil.testing import Conditions, Link


def make(seed=1, **conditions):
    return Link(Conditions(**conditions), Conditions, Random(seed))


def test_perfect_link_delays_only():
    link = make(delay_s=0.25)
    assert [link.arrivals(at) for at in (0.0, 1.0, 1.0)] == [[0.25], [1.25], [1.25]]


@pytest.mark.parametrize("probability", [0.01, 0.1, 0.5])
def test_loss_rate_is_right(probability):
    link = make(loss=probability)
    count = 20_000
    lost = sum(not link.arrivals(at) for at in range(count))
    deviation = (count * probability * (1 - probability)) ** 0.5
    assert abs(lost - count * probability) < 4 * deviation


@pytest.mark.parametrize("probability", [0.01, 0.3])
def test_duplication_rate_is_right(probability):
    link = make(duplication=probability)
    count = 20_000
    arrivals = [link.arrivals(float(at)) for at in range(count)]
    assert {len(copies) for copies in arrivals} == {1, 2}
    doubled = sum(len(copies) == 2 for copies in arrivals)
    deviation = (count * probability * (1 - probability)) ** 0.5
    assert abs(doubled - count * probability) < 4 * deviation


def test_never_and_always():
    assert all(not make(loss=1.0).arrivals(at) for at in range(100))
    assert all(len(make(duplication=1.0).arrivals(at)) == 2 for at in range(100))


def test_jitter_spreads_evenly_when_datagrams_are_far_apart():
    link = make(delay_s=0.1, jitter_s=0.05)
    extra = [link.arrivals(float(at))[0] - at - 0.1 for at in range(10_000)]
    assert -1e-9 < min(extra) < 0.0005
    assert 0.0495 < max(extra) <= 0.05
    assert abs(sum(extra) / len(extra) - 0.025) < 0.001


def test_jitter_keeps_the_order():
    link = make(delay_s=0.1, jitter_s=0.05)
    arrivals = [link.arrivals(number * 0.001)[0] for number in range(1000)]
    assert arrivals == sorted(arrivals)
    assert len(set(arrivals)) > 20


def test_reordering_holds_some_back_and_not_the_rest():
    link = make(delay_s=0.1, reordering=0.1, holdback_s=0.02)
    delays = [round(link.arrivals(n * 0.001)[0] - n * 0.001, 9) for n in range(10_000)]
    assert set(delays) == {0.1, 0.12}
    assert 880 < delays.count(0.12) < 1120


def test_what_is_held_back_comes_later_than_it_would_have_and_the_rest_as_it_would_have():
    jitter = {"delay_s": 0.0, "jitter_s": 0.5}
    calm, rough = make(3, **jitter), make(3, reordering=0.2, holdback_s=0.01, **jitter)
    pairs = [(calm.arrivals(n * 0.001)[0], rough.arrivals(n * 0.001)[0]) for n in range(1000)]
    assert {round(held - own, 9) for own, held in pairs} == {0.0, 0.01}


def test_same_seed_same_fates():
    script = {"loss": 0.2, "duplication": 0.1, "jitter_s": 0.3, "reordering": 0.1}
    first, again, other = make(5, **script), make(5, **script), make(6, **script)
    fates = [[link.arrivals(float(at)) for at in range(500)] for link in (first, again, other)]
    assert fates[0] == fates[1] != fates[2]


def test_one_probability_does_not_reroll_the_others():
    jitter = {"delay_s": 0.0, "jitter_s": 0.5}
    calm, rough = make(3, **jitter), make(3, loss=0.3, duplication=0.2, **jitter)
    pairs = [(calm.arrivals(float(at)), rough.arrivals(float(at))) for at in range(500)]
    assert all(set(copies) <= set(one) for one, copies in pairs)
    assert {len(copies) for _, copies in pairs} == {0, 1, 2}


def test_new_conditions_hold_at_once_and_owe_the_old_ones_no_order():
    link = make(delay_s=5.0)
    assert link.arrivals(0.0) == [5.0]
    link.conditions = Conditions(delay_s=0.1)
    assert link.arrivals(1.0) == [1.1]
    assert link.conditions.delay_s == 0.1


# --- rate and queue ---------------------------------------------------------------------------


def test_without_a_rate_everything_leaves_at_once():
    link = make()
    assert [link.admit(1500, 3.0) for _ in range(1000)] == [3.0] * 1000


def test_rate_spaces_departures():
    link = make(rate_bps=8000)
    assert [link.admit(500, 0.0) for _ in range(3)] == [0.5, 1.0, 1.5]
    assert link.admit(500, 1.0) == 2.0
    assert link.admit(500, 10.0) == 10.5


def test_queue_drops_what_exceeds_it_and_recovers():
    link = make(rate_bps=8000, queue_bytes=1000)
    assert [link.admit(500, 0.0) for _ in range(4)] == [0.5, 1.0, None, None]
    assert link.admit(500, 0.5) == 1.5
    assert link.admit(500, 0.5) is None


def test_without_a_queue_an_idle_link_still_takes_one():
    link = make(rate_bps=8000, queue_bytes=0)
    assert [link.admit(500, at) for at in (0.0, 0.4, 0.5)] == [0.5, None, 1.0]


def test_new_rate_counts_from_now():
    link = make(rate_bps=8000)
    assert link.admit(1000, 0.0) == 1.0
    link.conditions = Conditions(rate_bps=80_000)
    assert link.admit(1000, 1.0) == 1.1
    link.conditions = Conditions()
    assert link.admit(1000, 1.0) == 1.0


def test_what_waited_for_the_old_rate_does_not_block_the_new_one():
    link = make(rate_bps=8_000, queue_bytes=100_000)
    assert [link.admit(1000, 0.0) for _ in range(100)][-1] == 100.0
    link.conditions = Conditions(rate_bps=8_000_000, queue_bytes=100_000)
    assert link.admit(1000, 1.0) == 1.001
    assert [link.admit(1000, 2.0) for _ in range(101)][-2:] == [pytest.approx(2.1), None]


def test_other_conditions_at_the_same_rate_leave_the_queue_as_it_is():
    link = make(rate_bps=8_000, queue_bytes=2000)
    assert [link.admit(1000, 0.0) for _ in range(3)] == [1.0, 2.0, None]
    link.conditions = Conditions(rate_bps=8_000, queue_bytes=2000, loss=0.1)
    assert [link.admit(1000, 1.0) for _ in range(2)] == [3.0, None]
