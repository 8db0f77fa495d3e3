"""TURN over TCP and TLS: where in a stream one message ends and the next begins (RFC 8656 12.5)."""

import struct
from typing import Final

from frazil.errors import ProtocolError
from frazil.turn.channel_data import CHANNEL_FIRST_BYTES

_HEADER_SIZE: Final = 4
_STUN_HEADER_SIZE: Final = 20
_COOKIE: Final = b"\x21\x12\xa4\x42"
_unpack_length: Final = struct.Struct(">2xH").unpack_from


class StreamFramingError(ProtocolError):
    """The stream holds what is neither STUN nor ChannelData; it cannot be read any further."""


def frame(message: bytes) -> bytes:
    """``message`` as it is written to a stream: ChannelData is padded to a multiple of 4 bytes."""
    return message + bytes(-len(message) & 3)


class StreamFramer:
    """Cuts a stream from a server into whole messages.

    Lengths have 16 bits, so it never holds more than 64 KiB and a header.
    """

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream; the messages that are whole now, without padding.

        Raises:
            StreamFramingError: The boundaries are lost: the connection is to be closed. Every
                further call raises it too.
        """
        buffer = self._buffer
        buffer += data
        messages: list[bytes] = []
        at = 0
        while len(buffer) - at >= _HEADER_SIZE:
            size = _message_size(buffer, at)
            end = at + size + (-size & 3)
            if end > len(buffer):
                break
            messages.append(bytes(buffer[at : at + size]))
            at = end
        del buffer[:at]
        return messages


def _message_size(buffer: bytearray, at: int) -> int:
    """The bytes of the message that begins at ``at``, without padding."""
    length: int = _unpack_length(buffer, at)[0]
    if buffer[at] in CHANNEL_FIRST_BYTES:
        return _HEADER_SIZE + length
    cookie = buffer[at + 4 : at + 8]
    if buffer[at] > 3 or length & 3 or not _COOKIE.startswith(cookie):
        raise StreamFramingError(f"no message begins with {buffer[at : at + 8].hex()}")
    return _STUN_HEADER_SIZE + length
