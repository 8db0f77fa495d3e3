"""The framing of DTLS 1.2 records, which stays readable when the content is not (RFC 6347 4.1).

Most of it serves the handshake, which OpenSSL does: a memory BIO has no datagram boundaries, so
whatever is fed to it must be whole records; flights are cut into datagrams of our size; and
retransmitted plaintext records need fresh sequence numbers.
"""

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.dtls.alert import Alert, AlertLevel
from frazil.errors import ProtocolError
from frazil.value import Value

HEADER_SIZE: Final = 13
MAX_RECORD_OVERHEAD: Final = 37
"""What a sealed record is longer than its payload: header, explicit nonce and tag of AES-GCM.

With ChaCha20 it is 29, as no part of the nonce is sent.
"""
MAX_PLAINTEXT_SIZE: Final = 1 << 14
"""The most payload that one record may carry (RFC 5246 6.2.1)."""
MAX_DATAGRAM_SIZE: Final = MAX_PLAINTEXT_SIZE + MAX_RECORD_OVERHEAD
"""The most bytes of a datagram, one record of the largest size.

In the handshake OpenSSL takes some 16.7 kB at once and silently loses the record that is cut there.
"""
MAX_HANDSHAKE_MESSAGE_SIZE: Final = 16384
"""Longer handshake messages are not for us: a certificate has about 300 bytes to 2 kB."""
MAX_FRAGMENTS: Final = 64
"""A handshake message in more pieces than that is meant to make us work."""

_MESSAGE_HEADER_SIZE: Final = 12
_VERSIONS: Final = frozenset({0xFEFF, 0xFEFD})
"""DTLS 1.0, which the first ClientHello carries for old servers' sake, and DTLS 1.2."""
_unpack_header: Final = Struct("!BHH6xH").unpack_from
# Type and length, sequence number, offset, size: three of them are numbers of 24 bits.
_unpack_message: Final = Struct("!IHHBBH").unpack_from
_24_BITS: Final = 0xFFFFFF
_pack_alert: Final = Struct("!BHHHIHBB").pack

_APPLICATION_DATA_PREFIX: Final = b"\x17\xfe\xfd\x00\x01"


class RecordDecodeError(ProtocolError):
    """A datagram that is not made of whole DTLS records."""


class ContentType(IntEnum):
    """What a record carries (RFC 5246 6.2.1)."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


_CONTENT_TYPES: Final = frozenset(ContentType)
_CHANGE_CIPHER_SPEC: Final = int(ContentType.CHANGE_CIPHER_SPEC)
_ALERT: Final = int(ContentType.ALERT)
_HANDSHAKE: Final = int(ContentType.HANDSHAKE)


@mypyc_attr(acyclic=True)
class Record(Value):
    """One record.

    Attributes:
        content_type: A :class:`ContentType`, or any other octet from the network.
        epoch: 0 before the cipher is in use, 1 after.
        data: The whole record with its header.
    """

    __slots__ = ("content_type", "data", "epoch")

    def __init__(self, content_type: int, epoch: int, data: bytes) -> None:
        self.content_type = content_type
        self.epoch = epoch
        self.data = data

    def as_tuple(self) -> tuple[object, ...]:
        """The fields."""
        return self.content_type, self.epoch, self.data


def payload_end(datagrams: list[bytes], start: int) -> int:
    """The index after the datagrams from ``start`` on that are exactly one sealed payload each.

    That is the usual case, told fast: nearly all datagrams have the size of the one before.
    """
    known_size, length = -1, b""
    for at in range(start, len(datagrams)):
        datagram = datagrams[at]
        size = len(datagram)
        if size != known_size:
            if not HEADER_SIZE <= size <= MAX_DATAGRAM_SIZE:
                return at
            known_size = size
            length = (size - HEADER_SIZE).to_bytes(2, "big")
        if datagram[11:13] != length or datagram[:5] != _APPLICATION_DATA_PREFIX:
            return at
    return len(datagrams)


def is_hello(record: Record) -> bool:
    """Whether the record holds the beginning of a handshake, not yet encrypted."""
    return record.content_type == _HANDSHAKE and record.epoch == 0


def belongs_to_handshake(record: Record) -> bool:
    """Whether the record is for who does the handshake: all but sealed payload and alerts.

    Those are opened when it is over, though they may share a datagram with the last flight.
    """
    return record.epoch == 0 or record.content_type == _HANDSHAKE


def split(data: bytes) -> list[Record]:
    """Cut a datagram, or OpenSSL's output, into its records.

    Raises:
        RecordDecodeError: It is not a sequence of whole DTLS records of together at most
            :data:`MAX_DATAGRAM_SIZE` bytes.
    """
    if not 0 < len(data) <= MAX_DATAGRAM_SIZE:
        raise RecordDecodeError(f"datagram of {len(data)} bytes")
    records = []
    start, size = 0, len(data)
    content_type: int
    version: int
    epoch: int
    length: int
    while start < size:
        if size - start < HEADER_SIZE:
            raise RecordDecodeError("record header cut off")
        content_type, version, epoch, length = _unpack_header(data, start)
        if version not in _VERSIONS:
            raise RecordDecodeError(f"not a version of DTLS: {version:#06x}")
        end = start + HEADER_SIZE + length
        if end > size:
            raise RecordDecodeError("record cut off")
        records.append(Record(content_type, epoch, data[start:end]))
        start = end
    return records


def is_acceptable(record: Record) -> bool:
    """Whether the record may be looked into at all.

    Refused are unknown content types and epochs, payload in plaintext, and plaintext handshake
    messages that are malformed or beyond our limits.
    """
    if record.epoch == 1:
        return record.content_type in _CONTENT_TYPES
    if record.epoch != 0:
        return False
    if record.content_type == _HANDSHAKE:
        return _has_reasonable_fragments(record.data)
    return record.content_type in (_CHANGE_CIPHER_SPEC, _ALERT)


def _has_reasonable_fragments(data: bytes) -> bool:
    """Whether a plaintext handshake record holds whole fragments within our limits.

    A message of n bytes must come in fragments of at least n / :data:`MAX_FRAGMENTS` bytes, except
    the last one: that bounds their number without a table.
    """
    start = HEADER_SIZE
    while start + _MESSAGE_HEADER_SIZE <= len(data):
        head, _, offset, offset_end, size_start, size = _unpack_message(data, start)
        length, size = head & _24_BITS, size_start << 16 | size
        end = (offset << 8 | offset_end) + size
        if length > MAX_HANDSHAKE_MESSAGE_SIZE or end > length:
            return False
        if size * MAX_FRAGMENTS < length and end != length:
            return False
        start += _MESSAGE_HEADER_SIZE + size
    return start == len(data) > HEADER_SIZE


def renumber(data: bytes, sequence_number: int) -> bytes:
    """The plaintext record ``data`` with another sequence number (48 bits).

    Nothing in epoch 0 is authenticated by it, and the handshake hash leaves it out.
    """
    return data[:5] + sequence_number.to_bytes(6, "big") + data[11:]


def pack(records: Iterable[bytes], mtu: int) -> list[bytes]:
    """Lay whole records into as few datagrams of at most ``mtu`` bytes as their order allows.

    A single record above ``mtu`` goes alone.
    """
    datagrams = []
    current = b""
    for record in records:
        if current and len(current) + len(record) > mtu:
            datagrams.append(current)
            current = b""
        current += record
    if current:
        datagrams.append(current)
    return datagrams


def encode_alert(level: AlertLevel, alert: Alert) -> bytes:
    """A plaintext alert record with sequence number 0."""
    return _pack_alert(ContentType.ALERT, 0xFEFD, 0, 0, 0, 2, level, alert)
