import pytest

from frazil.stun import Message, MessageClass, Method
from frazil.turn import StreamFramer, StreamFramingError, frame
from frazil.turn.channel_data import encode_channel_data

STUN = Message(Method.REFRESH, MessageClass.SUCCESS, bytes(12)).encode()
DATA = encode_channel_data(0x4000, b"hello")
EMPTY = encode_channel_data(0x4000, b"")


def test_only_channel_data_needs_padding():
    assert frame(STUN) == STUN
    assert frame(DATA) == DATA + bytes(3)
    assert frame(EMPTY) == EMPTY


def test_messages_are_cut_apart_without_padding():
    stream = b"".join(map(frame, [STUN, DATA, EMPTY, DATA, STUN]))
    assert StreamFramer().feed(stream) == [STUN, DATA, EMPTY, DATA, STUN]


def test_byte_by_byte():
    framer = StreamFramer()
    stream = frame(DATA) + frame(STUN) + frame(EMPTY)
    found = [framer.feed(stream[at : at + 1]) for at in range(len(stream))]
    assert [(at + 1, messages) for at, messages in enumerate(found) if messages] == [
        (12, [DATA]),
        (12 + len(STUN), [STUN]),
        (12 + len(STUN) + 4, [EMPTY]),
    ]


def test_the_largest_message_is_held_and_no_more():
    framer = StreamFramer()
    largest = encode_channel_data(0x4000, bytes(65535))
    assert framer.feed(frame(largest)[:-1]) == []
    assert framer.feed(b"\0") == [largest]


@pytest.mark.parametrize(
    "stream",
    [
        b"RTSP/1.0",
        b"\x16\x03\x01\x00",
        b"\x50\x00\x00\x00",
        b"\x04\x00\x00\x00",
        b"\x00\x01\x00\x01\x21\x12\xa4\x42",  # a length that is no multiple of 4
        b"\x00\x01\x00\x00\x21\x12\xa4\x43",
        b"\x00\x01\x00\x00\x22",
    ],
)
def test_lost_boundaries(stream):
    framer = StreamFramer()
    with pytest.raises(StreamFramingError, match=stream[:4].hex()):
        framer.feed(stream)
    with pytest.raises(StreamFramingError):
        framer.feed(STUN)


def test_the_beginning_of_a_header_is_not_judged():
    framer = StreamFramer()
    assert framer.feed(b"\xff\xff\xff") == []
    with pytest.raises(StreamFramingError):
        framer.feed(b"\xff")
