from hypothesis import given, settings
from hypothesis import strategies as st

from frazil.dtls.replay_window import REPLAY_WINDOW_SIZE, ReplayWindow

SIZE = REPLAY_WINDOW_SIZE


def window_of(*numbers):
    window = ReplayWindow()
    for number in numbers:
        assert window.accepts(number)
        window.add(number)
    return window


def test_numbers_are_taken_once_in_any_order():
    window = window_of(0, 1, 5, 3, 2)
    assert [number for number in range(8) if window.accepts(number)] == [4, 6, 7]
    window.add(4)
    assert [number for number in range(8) if window.accepts(number)] == [6, 7]


def test_asking_changes_nothing():
    window = window_of(0)
    for _ in range(3):
        assert window.accepts(2**48 - 1)
        assert window.accepts(1)
        assert not window.accepts(0)


def test_late_numbers_are_taken_up_to_the_edge_of_the_window():
    window = window_of(10_000)
    assert not window.accepts(10_000 - SIZE - 1)
    assert window.accepts(10_000 - SIZE)
    assert window.accepts(9_999)
    window.add(10_000 - SIZE)
    assert not window.accepts(10_000 - SIZE)


def test_a_leap_forgets_what_was_missing_long_ago():
    window = window_of(2)
    assert window.accepts(0)
    window.add(2**48 - 1)
    assert not window.accepts(0)
    assert not window.accepts(2)
    assert window.accepts(2**48 - 2)


def test_the_window_is_wide_enough():
    assert SIZE >= 64  # RFC 6347 4.1.2.6


def test_what_is_remembered_is_bounded():
    window = ReplayWindow()
    for number in range(0, 50_000, 2):
        window.add(number)
        assert len(window._missing) <= SIZE
    for number in range(50_000, 10**6, 997):
        window.add(number)
        assert len(window._missing) <= SIZE


@settings(deadline=None)
@given(st.lists(st.integers(0, 600) | st.integers(0, 2**48 - 1), max_size=80))
def test_a_number_is_taken_once_and_always_if_it_is_recent(numbers):
    window, seen, highest = ReplayWindow(), set(), -1
    for number in numbers:
        if window.accepts(number):
            assert number not in seen
            window.add(number)
            seen.add(number)
        else:
            assert number in seen or number < highest - SIZE
        highest = max(highest, number)
