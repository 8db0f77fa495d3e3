"""Type-length-value items: the parameters and error causes inside chunks (RFC 9260 section 3.2.1).

The two highest bits of an unknown type say what to do with it: bit 15 set means skip it and go on,
clear means stop here; bit 14 set means report it.
"""

from struct import Struct
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.errors import ProtocolError
from frazil.value import Value

_HEADER: Final = Struct("!HH")
_pack_header: Final = _HEADER.pack
_unpack_header: Final = _HEADER.unpack_from
_PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")


class ChunkError(ProtocolError):
    """Bytes that are not an SCTP packet, chunk, parameter or error cause."""


@mypyc_attr(acyclic=True)
class Tlv(Value):
    """One item."""

    __slots__ = ("type", "value")

    def __init__(self, type: int, value: bytes) -> None:  # noqa: A002
        self.type = type
        self.value = value

    def as_tuple(self) -> tuple[object, ...]:
        """Type and value."""
        return self.type, self.value


def padded(data: bytes) -> bytes:
    """``data`` with zeros up to a multiple of four bytes."""
    return data + _PADDING[len(data) & 3]


def encode_tlv(type_: int, value: bytes = b"") -> bytes:
    """One item, padded."""
    return padded(_pack_header(type_, 4 + len(value)) + value)


def decode_tlvs(data: bytes) -> list[Tlv]:
    """All items of ``data``, in order. The padding of the last one may be missing.

    Raises:
        ChunkError: An item is cut off.
    """
    items = []
    offset = 0
    type_: int
    length: int
    while offset < len(data):
        if offset + 4 > len(data):
            raise ChunkError("a parameter header is cut off")
        type_, length = _unpack_header(data, offset)
        if length < 4 or offset + length > len(data):
            raise ChunkError("a parameter is cut off")
        items.append(Tlv(type_, data[offset + 4 : offset + length]))
        offset += (length + 3) & ~3
    return items
