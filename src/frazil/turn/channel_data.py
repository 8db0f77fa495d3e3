"""ChannelData messages: four bytes in front of a datagram (RFC 8656 12.4)."""

import struct
from typing import Final, NamedTuple

from frazil.errors import ProtocolError

FIRST_CHANNEL: Final = 0x4000
LAST_CHANNEL: Final = 0x4FFF
MAX_DATA_SIZE: Final = 65535
CHANNEL_FIRST_BYTES: Final = range(FIRST_CHANNEL >> 8, (LAST_CHANNEL >> 8) + 1)

_HEADER: Final = struct.Struct(">HH")
_pack_header: Final = _HEADER.pack
_unpack_header: Final = _HEADER.unpack_from


class ChannelDataDecodeError(ProtocolError):
    """The bytes are not a ChannelData message."""


class ChannelData(NamedTuple):
    """A datagram on a channel."""

    number: int
    data: bytes


def is_channel_data(message: bytes) -> bool:
    """Whether the first byte is that of a ChannelData message (RFC 7983)."""
    return len(message) > 0 and message[0] in CHANNEL_FIRST_BYTES


def encode_channel_data(number: int, data: bytes) -> bytes:
    """The message without the padding that streams need.

    Raises:
        ValueError: The data has more than 65535 bytes.
    """
    if len(data) > MAX_DATA_SIZE:
        raise ValueError(f"a datagram has at most {MAX_DATA_SIZE} bytes")
    return _pack_header(number, len(data)) + data


def decode_channel_data(message: bytes) -> ChannelData:
    """The number and the data; whatever follows is padding.

    Raises:
        ChannelDataDecodeError: The number is not that of a channel, or data is missing.
    """
    if len(message) < _HEADER.size:
        raise ChannelDataDecodeError(f"{len(message)} bytes")
    number, size = _unpack_header(message)
    data = message[4 : 4 + size]
    if not FIRST_CHANNEL <= number <= LAST_CHANNEL or len(data) != size:
        raise ChannelDataDecodeError(f"channel {number:#06x}, {len(data)} of {size} bytes")
    return ChannelData(number, data)
