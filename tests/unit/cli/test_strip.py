from math import inf

from frazil.cli.strip import Span, cells

COURSE = [Span(-inf, "new"), Span(1.0, "checking"), Span(1.2, "connected"), Span(3.5, "lost")]


def test_each_cell_shows_the_state_that_lasts():
    assert cells(COURSE, 2.0, 0.5, 5) == ["connected", "connected", "connected", "lost", "lost"]


def test_a_short_moment_is_shown_in_the_cell_in_which_it_began():
    assert cells(COURSE, 0.0, 0.5, 4) == ["new", "new", "checking", "connected"]


def test_what_begins_on_an_edge_belongs_to_the_later_cell():
    assert cells([Span(0.0, "a"), Span(1.0, "b")], 0.0, 1.0, 2) == ["a", "b"]


def test_before_the_first_state_a_cell_is_empty():
    assert cells([Span(1.5, "a")], 0.0, 1.0, 3) == ["", "a", "a"]
    assert cells([], 0.0, 1.0, 2) == ["", ""]
