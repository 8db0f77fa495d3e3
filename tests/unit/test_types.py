"""What travels between sockets and sessions."""

import pytest

from frazil.types import Datagram, Transmit, uniform

HERE, THERE = ("10.0.0.1", 1), ("10.0.0.2", 2)


@pytest.mark.parametrize(
    ("value", "same", "other"),
    [
        (
            Datagram(b"a", HERE, THERE),
            Datagram(data=b"a", local=HERE, remote=THERE),
            Datagram(b"a", THERE, HERE),
        ),
        (
            Transmit(b"ab", 1, HERE, THERE),
            Transmit(data=b"ab", segment_size=1, local=HERE, remote=THERE),
            Transmit(b"ab", 2, HERE, THERE),
        ),
    ],
)
def test_they_are_equal_if_all_their_fields_are(value, same, other):
    assert value == same
    assert hash(value) == hash(same)
    assert value != other
    assert value != value.as_tuple()


def test_they_show_their_fields():
    assert repr(Datagram(b"a", HERE, THERE)) == ("Datagram(b'a', ('10.0.0.1', 1), ('10.0.0.2', 2))")
    assert Transmit(b"abc", 2, HERE, THERE).as_tuple() == (b"abc", 2, HERE, THERE)


def test_a_run_is_cut_where_its_datagrams_end():
    assert Transmit(b"abcde", 2, HERE, THERE).datagrams() == [b"ab", b"cd", b"e"]


@pytest.mark.parametrize(
    ("drawn", "number"), [(bytes(6), 2.0), (b"\x80" + bytes(5), 3.0), (b"\x40" + bytes(5), 2.5)]
)
def test_a_number_is_as_far_up_as_the_bytes_say(drawn, number):
    assert uniform(lambda size: drawn[:size], 2.0, 4.0) == number
