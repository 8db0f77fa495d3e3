"""Who sends next, and how much each gets."""

from collections import Counter

import pytest

from frazil.sctp.stream_scheduler import DEFAULT_WEIGHT, OutboundStream, StreamScheduler


def scheduler_of(*weights):
    scheduler = StreamScheduler()
    for number, weight in enumerate(weights):
        scheduler.add(OutboundStream(number, weight))
    return scheduler


def serve(scheduler, turns, size=100):
    """Who was served, in order, when all have messages of ``size`` bytes without end."""
    served = []
    for _ in range(turns):
        served.append(scheduler.current.stream_id)
        scheduler.charge(size)
        scheduler.pass_on()
    return served


def test_equals_take_turns_in_the_order_in_which_they_came():
    assert serve(scheduler_of(*[DEFAULT_WEIGHT] * 3), 7) == [0, 1, 2, 0, 1, 2, 0]


def test_each_gets_what_it_weighs():
    counted = Counter(serve(scheduler_of(128, 256, 512, 1024), 15 * 40))
    assert counted == {0: 40, 1: 80, 2: 160, 3: 320}


def test_bytes_are_shared_and_not_turns():
    scheduler = scheduler_of(DEFAULT_WEIGHT, DEFAULT_WEIGHT)
    sent = Counter()
    for _ in range(110):
        stream = scheduler.current
        size = 1000 if stream.stream_id else 100
        sent[stream.stream_id] += size
        scheduler.charge(size)
        scheduler.pass_on()
    assert sent == {0: 10_000, 1: 10_000}


def test_nothing_is_saved_up_while_there_is_nothing_to_send():
    scheduler = scheduler_of(DEFAULT_WEIGHT, DEFAULT_WEIGHT)
    idle = scheduler.remove()
    serve(scheduler, 1000)
    scheduler.add(idle)
    assert sorted(serve(scheduler, 20)) == [0] * 10 + [1] * 10


def test_who_returns_soon_does_not_escape_its_bill():
    scheduler = scheduler_of(DEFAULT_WEIGHT, DEFAULT_WEIGHT)
    scheduler.charge(1000)
    greedy = scheduler.remove()
    scheduler.add(greedy)
    assert serve(scheduler, 11) == [1] * 10 + [0]


@pytest.mark.parametrize("weight", [1, 1024])
def test_a_turn_that_has_begun_is_not_taken_away(weight):
    scheduler = scheduler_of(1)
    scheduler.charge(1)
    scheduler.add(OutboundStream(1, weight))
    assert scheduler.current.stream_id == 0
    scheduler.charge(1)
    scheduler.pass_on()
    assert scheduler.current.stream_id == 1


def test_a_new_weight_counts_from_the_next_turn():
    scheduler = scheduler_of(DEFAULT_WEIGHT, DEFAULT_WEIGHT)
    serve(scheduler, 10)
    scheduler.current.weight *= 3
    assert Counter(serve(scheduler, 40)) == {0: 30, 1: 10}


def test_streams_that_the_peer_refuses_wait_no_more():
    scheduler = scheduler_of(1, 1, 1, 1)
    scheduler.remove_from(2)
    assert serve(scheduler, 4) == [0, 1, 0, 1]
    scheduler.clear()
    assert scheduler.current is None
