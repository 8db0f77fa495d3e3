import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frazil.errors import ProtocolError
from frazil.ice.framing import MAX_FRAME_SIZE, Deframer, FramingError, frame


def taken(deframer):
    found = []
    while (datagram := deframer.take()) is not None:
        found.append(datagram)
    return found


def test_a_frame_is_its_length_and_the_datagram():
    """RFC 4571 2."""
    assert frame(b"abc") == b"\x00\x03abc"
    assert frame(b"") == b"\x00\x00"
    assert frame(bytes(MAX_FRAME_SIZE))[:2] == b"\xff\xff"
    with pytest.raises(ValueError, match="65535"):
        frame(bytes(MAX_FRAME_SIZE + 1))


@settings(deadline=None)  # a busy machine is no error
@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_what_was_framed_comes_out_however_it_is_cut(datagrams, data):
    stream, deframer, found = b"".join(map(frame, datagrams)), Deframer(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        deframer.feed(stream[:size])
        stream = stream[size:]
        found += taken(deframer)
    assert found == datagrams


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_all_at_once_is_what_comes_one_by_one(datagrams, data):
    stream, deframer, found = b"".join(map(frame, datagrams)), Deframer(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        deframer.feed(stream[:size])
        stream = stream[size:]
        found += deframer.take_all()
    assert found == datagrams
    assert deframer.take() is None


def test_a_datagram_beyond_the_limit_ends_it_before_it_is_there():
    deframer = Deframer(limit=3)
    deframer.feed(b"\x00\x03abc\x00\x04")
    assert deframer.take() == b"abc"
    for _ in range(2):
        with pytest.raises(FramingError, match="a datagram of 4 bytes; 3 are accepted"):
            deframer.take()
    assert issubclass(FramingError, ProtocolError)


def test_the_limit_may_be_raised_once_the_peer_is_known():
    deframer = Deframer(limit=3)
    deframer.feed(frame(b"abc"))
    assert deframer.take() == b"abc"
    deframer.limit = MAX_FRAME_SIZE
    deframer.feed(frame(b"abcd"))
    assert deframer.take() == b"abcd"


def test_what_is_whole_before_a_datagram_beyond_the_limit_comes_out():
    deframer = Deframer(limit=3)
    deframer.feed(frame(b"abc") + frame(b"") + frame(b"abcd") + frame(b"a"))
    assert deframer.take_all() == [b"abc", b""]
    with pytest.raises(FramingError, match="a datagram of 4 bytes; 3 are accepted"):
        deframer.take_all()


@given(st.binary(max_size=2000))
def test_any_bytes_are_datagrams_or_a_framing_error(stream):
    deframer = Deframer(limit=700)
    deframer.feed(stream)
    try:
        found = taken(deframer)
    except FramingError:
        return
    assert all(len(each) <= 700 for each in found)
    assert sum(2 + len(each) for each in found) <= len(stream)
