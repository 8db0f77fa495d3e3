from itertools import product

import pytest

from frazil.slot import SLACK_S, SLOT_S, pick_slot


def test_each_slot_in_between_is_as_likely():
    draws = [each / 60 for each in range(60)]
    picked = [pick_slot(20.9 * SLOT_S, 24.1 * SLOT_S, draw) / SLOT_S for draw in draws]
    assert [round(each) for each in picked] == [21] * 15 + [22] * 15 + [23] * 15 + [24] * 15
    assert picked == pytest.approx([round(each) for each in picked])


def test_both_ends_count():
    assert pick_slot(3 * SLOT_S, 4 * SLOT_S, 0.0) == 3 * SLOT_S
    assert pick_slot(3 * SLOT_S, 4 * SLOT_S, 0.99) == 4 * SLOT_S


def test_a_slot_that_has_just_been_counts():
    at = 3 * SLOT_S + SLACK_S / 2
    assert pick_slot(at, at + SLOT_S, 0.0) == 3 * SLOT_S


def test_instead_of_a_lone_slot_it_may_be_any_instant():
    picked = [pick_slot(2.5 * SLOT_S, 3.5 * SLOT_S, draw / 8) / SLOT_S for draw in range(8)]
    assert picked == pytest.approx([3, 3, 3, 3, 2.5, 2.75, 3, 3.25])


def test_without_a_slot_any_instant_will_do():
    assert pick_slot(10.25 * SLOT_S, 10.75 * SLOT_S, 0.5) == pytest.approx(10.5 * SLOT_S)


@pytest.mark.parametrize("draw", [0.0, 0.3, 0.5, 1 - 2**-48])
def test_it_is_never_earlier_or_later(draw):
    for number, width_s in product(range(500), (0.0, 0.01, 0.5, 2.0)):
        earliest_at = number * 0.0371
        assert earliest_at - SLACK_S <= pick_slot(earliest_at, earliest_at + width_s, draw)
        assert pick_slot(earliest_at, earliest_at + width_s, draw) <= earliest_at + width_s


def test_half_an_interval_after_a_slot_there_is_a_choice():
    """Of two ends that take turns and have the same slots, even if the network takes a while."""
    for number, late_s in product(range(1000), (0.0, 0.001, 0.019)):
        at = number * SLOT_S + late_s
        picked = [round(pick_slot(at + 2.0, at + 3.0, draw) / SLOT_S) for draw in (0.0, 0.99)]
        assert picked == [number + 2, number + 3]
