from itertools import product

import pytest

from frazil.slot import SLOT_S, pick_slot


def test_each_slot_in_between_is_as_likely():
    draws = [each / 60 for each in range(60)]
    picked = [pick_slot(20.9 * SLOT_S, 24.1 * SLOT_S, draw) / SLOT_S for draw in draws]
    assert [round(each) for each in picked] == [21] * 15 + [22] * 15 + [23] * 15 + [24] * 15
    assert picked == pytest.approx([round(each) for each in picked])


def test_both_ends_count():
    assert pick_slot(3 * SLOT_S, 3 * SLOT_S, 0.9) == 3 * SLOT_S


def test_without_a_slot_any_instant_will_do():
    assert pick_slot(10.25 * SLOT_S, 10.75 * SLOT_S, 0.5) == pytest.approx(10.5 * SLOT_S)


@pytest.mark.parametrize("draw", [0.0, 0.3, 1 - 2**-48])
def test_it_is_never_earlier_or_later(draw):
    for number, width_s in product(range(500), (0.0, 0.01, 0.5, 2.0)):
        earliest_at = number * 0.0371
        assert earliest_at <= pick_slot(earliest_at, earliest_at + width_s, draw)
        assert pick_slot(earliest_at, earliest_at + width_s, draw) <= earliest_at + width_s


def test_half_an_interval_after_a_slot_there_is_a_choice():
    """Of two ends that take turns and have the same slots, even if the network takes a while."""
    for number, late_s in product(range(1000), (0.0, 0.001, 0.02)):
        at = number * SLOT_S + late_s
        picked = [round(pick_slot(at + 2.25, at + 2.75, draw) / SLOT_S) for draw in (0.0, 0.99)]
        assert picked == [number + 5, number + 6]
