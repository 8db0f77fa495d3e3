"""What travels between the two ends of a virtual stream."""

import struct
from enum import IntEnum
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct(">BII")
HEADER_SIZE: Final = _HEADER.size


class SegmentKind(IntEnum):
    """What a segment says."""

    SYN = 1
    ACCEPT = 2
    RESET = 3
    """There is no such stream, or no longer. The only kind that stands outside the order."""
    HELLO = 4
    """Let us use TLS; the payload names the expected server."""
    WELCOME = 5
    """Agreed; the payload is the name in the server's certificate."""
    DATA = 6
    END = 7


class Segment(NamedTuple):
    """A kind, its place in the order of its direction, and bytes.

    Attributes:
        stream: Tells streams apart that have the same addresses one after the other, as the random
            sequence numbers of TCP do.
    """

    kind: SegmentKind
    number: int = 0
    payload: bytes = b""
    stream: int = 0

    def encode(self) -> bytes:
        """The segment as bytes."""
        return _HEADER.pack(self.kind, self.number, self.stream) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> "Segment":
        """The segment that :meth:`encode` made ``data`` of."""
        kind, number, stream = _HEADER.unpack_from(data)
        return cls(SegmentKind(kind), number, data[_HEADER.size :], stream)
