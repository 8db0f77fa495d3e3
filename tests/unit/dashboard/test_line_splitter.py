import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frazil.dashboard.line_splitter import LineSplitter


def split(chunks, limit=100):
    splitter = LineSplitter(limit)
    lines = []
    for index, chunk in enumerate(chunks):
        lines += splitter.feed(chunk, is_last=index == len(chunks) - 1)
    return lines


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_where_the_pieces_are_cut_makes_no_difference(data, cuts):
    places = sorted({0, len(data), *(min(each, len(data)) for each in cuts)})
    pieces = [data[a:b] for a, b in itertools.pairwise(places)] or [b""]
    whole = [each.decode("utf-8-sig", "replace") for each in data.split(b"\n")]
    assert split(pieces) == whole


@pytest.mark.parametrize(
    "chunks", [[b"a\n12345\nb"], [b"a\n123", b"45\nb"], [b"a\n1234", b"5", b"67890", b"\nb"]]
)
def test_a_line_that_is_too_long_is_left_out(chunks):
    assert split(chunks, limit=4) == ["a", "b"]


def test_a_byte_order_mark_is_left_out():
    assert split([b"\xef\xbb", b"\xbf{}\n{}"]) == ["{}", "{}"]


def test_the_longest_line():
    assert split([b"12", b"34\n", b""], limit=4) == ["1234", ""]


def test_nothing_of_a_line_that_is_too_long_is_kept():
    splitter = LineSplitter(4)
    assert list(splitter.feed(b"x" * 100)) == []
    assert len(splitter._rest) == 0
