"""Datagrams in runs, and back."""

from hypothesis import given
from hypothesis import strategies as st

from frazil.run import Run, runs_of


def test_neighbours_of_one_size_share_a_run_and_a_shorter_one_ends_it() -> None:
    datagrams = [b"aa", b"bb", b"c", b"d", b"eee", b"ff"]
    assert runs_of(datagrams) == [Run(b"aabbc", 2), Run(b"d", 1), Run(b"eeeff", 3)]


def test_no_datagrams_are_no_runs() -> None:
    assert runs_of([]) == []


@given(st.lists(st.binary(min_size=1, max_size=4)))
def test_runs_hold_the_datagrams_in_their_order(datagrams: list[bytes]) -> None:
    runs = runs_of(datagrams)
    assert [each for run in runs for each in run.datagrams()] == datagrams
