"""Datagrams on a stream: two bytes of length before each (RFC 4571 2, RFC 6544 3)."""

import struct
from typing import Final

from frazil.errors import ProtocolError

MAX_FRAME_SIZE: Final = 65535

_unpack_length: Final = struct.Struct(">H").unpack_from
_pack_length: Final = struct.Struct(">H").pack


class FramingError(ProtocolError):
    """The stream announces a datagram that nobody wants; it is of no use any more."""


def frame(datagram: bytes) -> bytes:
    """``datagram`` as it is written to a stream.

    Raises:
        ValueError: It has more than 65535 bytes.
    """
    if len(datagram) > MAX_FRAME_SIZE:
        raise ValueError(f"a datagram on a stream has at most {MAX_FRAME_SIZE} bytes")
    return _pack_length(len(datagram)) + datagram


class Deframer:
    """Cuts a stream into the datagrams that were put on it.

    Attributes:
        limit: The longest datagram that is accepted; whoever is not trusted gets a low one.
    """

    __slots__ = ("_buffer", "limit")

    def __init__(self, limit: int = MAX_FRAME_SIZE) -> None:
        self._buffer = bytearray()
        self.limit = limit

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream; :meth:`take` gives what is whole now."""
        self._buffer += data

    def take(self) -> bytes | None:
        """The next datagram, if it is there as a whole.

        Raises:
            FramingError: It is longer than :attr:`limit`. So is every further call.
        """
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size: int = _unpack_length(buffer)[0]
        if size > self.limit:
            raise FramingError(f"a datagram of {size} bytes; {self.limit} are accepted")
        if len(buffer) < 2 + size:
            return None
        datagram = bytes(buffer[2 : 2 + size])
        del buffer[: 2 + size]
        return datagram

    def take_all(self) -> list[bytes]:
        """All datagrams that are there as a whole, up to one that is longer than :attr:`limit`.

        Raises:
            FramingError: It is the first.
        """
        first = self.take()
        if first is None:
            return []
        datagrams = [first]
        buffer, limit = bytes(self._buffer), self.limit
        at, have = 0, len(buffer)
        while have - at >= 2:
            size = buffer[at] << 8 | buffer[at + 1]
            end = at + 2 + size
            if end > have or size > limit:
                break
            datagrams.append(buffer[at + 2 : end])
            at = end
        del self._buffer[:at]
        return datagrams
