import pytest

from frazil.turn.channel_data import (
    ChannelDataDecodeError,
    decode_channel_data,
    encode_channel_data,
    is_channel_data,
)


def test_round_trip():
    message = encode_channel_data(0x4001, b"hello")
    assert message == b"\x40\x01\x00\x05hello"
    assert is_channel_data(message)
    assert decode_channel_data(message) == (0x4001, b"hello")


def test_the_largest_and_the_smallest():
    assert decode_channel_data(encode_channel_data(0x4FFF, b"")) == (0x4FFF, b"")
    assert decode_channel_data(encode_channel_data(0x4000, bytes(65535))).data == bytes(65535)
    with pytest.raises(ValueError, match="65535"):
        encode_channel_data(0x4000, bytes(65536))


def test_padding_is_ignored():
    assert decode_channel_data(b"\x40\x00\x00\x01a\0\0\0") == (0x4000, b"a")


@pytest.mark.parametrize(
    "message",
    [b"", b"\x40\x00\x00", b"\x40\x00\x00\x02a", b"\x3f\xff\x00\x00", b"\x50\x00\x00\x00"],
)
def test_what_is_no_channel_data(message):
    with pytest.raises(ChannelDataDecodeError):
        decode_channel_data(message)


@pytest.mark.parametrize(
    ("message", "expected"),
    [(b"", False), (b"\x3f", False), (b"\x40", True), (b"\x4f", True), (b"\x50", False)],
)
def test_the_first_byte_tells(message, expected):
    assert is_channel_data(message) is expected
