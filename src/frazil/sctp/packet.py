"""The SCTP packet: common header and checksum (RFC 9260 sections 3.1 and 6.8).

Ports and tags never change during an association, so the checksum of the header is computed once
and each packet continues from there.
"""

from struct import Struct
from typing import Final, NamedTuple

from crc32c import crc32c

from frazil.compiled import mypyc_attr
from frazil.sctp.tlv import ChunkError

HEADER_SIZE: Final = 12

_NO_CHECKSUM: Final = b"\0\0\0\0"
_HEADER: Final = Struct("!HHI")


class Header(NamedTuple):
    """The common header without its checksum."""

    source_port: int
    destination_port: int
    tag: int


def encode_packet(header: Header, chunks: bytes) -> bytes:
    """A packet with its checksum."""
    prefix = _HEADER.pack(*header)
    checksum = crc32c(chunks, crc32c(prefix + _NO_CHECKSUM))
    return prefix + checksum.to_bytes(4, "little") + chunks


def decode_header(packet: bytes) -> Header:
    """The header of a packet whose checksum is right.

    Raises:
        ChunkError: The packet is cut off or damaged.
    """
    if len(packet) < HEADER_SIZE + 4:
        raise ChunkError("the packet is cut off")
    checksum = crc32c(packet[HEADER_SIZE:], crc32c(packet[:8] + _NO_CHECKSUM))
    if checksum.to_bytes(4, "little") != packet[8:HEADER_SIZE]:
        raise ChunkError("the checksum is wrong")
    return Header(*_HEADER.unpack_from(packet))


def chunk_types(packet: bytes) -> list[int]:
    """The types of the chunks in a packet, up to the first that is cut off."""
    types = []
    offset = HEADER_SIZE
    while offset + 4 <= len(packet):
        length = int.from_bytes(packet[offset + 2 : offset + 4], "big")
        if length < 4 or offset + length > len(packet):
            break
        types.append(packet[offset])
        offset += (length + 3) & ~3
    return types


@mypyc_attr(acyclic=True)
class Envelope:
    """Seals and opens the packets of one direction pair with a fixed header."""

    __slots__ = ("_inbound_crc", "_inbound_prefix", "_outbound_crc", "_outbound_prefix", "_ports")

    def __init__(self, local_port: int, remote_port: int, local_tag: int) -> None:
        self._ports = (local_port, remote_port)
        self._inbound_prefix = _HEADER.pack(remote_port, local_port, local_tag)
        self._inbound_crc = crc32c(self._inbound_prefix + _NO_CHECKSUM)
        self.address(0)

    def address(self, remote_tag: int) -> None:
        """Put the peer's verification tag on all further packets."""
        self._outbound_prefix = _HEADER.pack(*self._ports, remote_tag)
        self._outbound_crc = crc32c(self._outbound_prefix + _NO_CHECKSUM)

    def seal(self, chunks: bytes) -> bytes:
        """A packet to the peer."""
        checksum = crc32c(chunks, self._outbound_crc)
        return self._outbound_prefix + checksum.to_bytes(4, "little") + chunks

    def seal_with_tag(self, tag: int, chunks: bytes) -> bytes:
        """A packet to the peer with another tag: zero for INIT, or a reflected one."""
        return encode_packet(Header(*self._ports, tag), chunks)

    def accepts(self, packet: bytes) -> bool:
        """Whether the packet carries our ports, our tag and the right checksum."""
        return packet[:8] == self._inbound_prefix and packet[8:HEADER_SIZE] == crc32c(
            packet[HEADER_SIZE:], self._inbound_crc
        ).to_bytes(4, "little")

    def is_from_peer(self, header: Header) -> bool:
        """Whether the ports are those of this association."""
        return (header.destination_port, header.source_port) == self._ports
