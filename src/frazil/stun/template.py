"""Messages that are alike but for their transaction id: made and recognised without the codec."""

import hmac
import struct
import zlib
from typing import Final, Self

from cryptography.hazmat.primitives.hmac import HMAC

from frazil.compiled import mypyc_attr
from frazil.stun.attribute import Attribute
from frazil.stun.message import FINGERPRINT_MASK

_HEADER_SIZE: Final = 20
_INTEGRITY: Final = struct.pack(">HH", Attribute.MESSAGE_INTEGRITY, 20)
_FINGERPRINT: Final = struct.pack(">HH", Attribute.FINGERPRINT, 4)
_TRAILER_SIZE: Final = 32
"""The two attributes with which such a message ends."""
_FINGERPRINT_SIZE: Final = 8
_MASKED_SIZE: Final = 12
"""Of an IPv6 address in XOR-MAPPED-ADDRESS, what the transaction id hides (RFC 8489, 14.2)."""
_MAPPED: Final = int(Attribute.XOR_MAPPED_ADDRESS)
_IPV6_SIZE: Final = 20
_ANSWER: Final = b"\x01\x01"
"""Only a success response to Binding says where the request came from (RFC 8489, 6.3.1.1)."""

_pack_crc: Final = struct.Struct(">I").pack
_crc32: Final = zlib.crc32
_are_equal: Final = hmac.compare_digest
_unpack_prefix: Final = struct.Struct(">HH").unpack_from


@mypyc_attr(acyclic=True)
class Template:
    """The messages that equal a given one in everything but what follows from the transaction id.

    To check such a message is to make it and compare: that covers integrity and fingerprint too,
    and costs a third of decoding it.
    """

    __slots__ = ("_body", "_head", "_mac", "_mac_head", "_masked_at", "_plain", "_size")

    def __init__(self, sample: bytes, mac: HMAC, masked_at: int) -> None:
        """Use :meth:`of`."""
        self._mac = mac
        self._size = len(sample)
        self._head = sample[:8]
        covered_size = len(sample) - _HEADER_SIZE - _FINGERPRINT_SIZE
        self._mac_head = sample[:2] + covered_size.to_bytes(2, "big") + sample[4:8]
        self._body = sample[_HEADER_SIZE:-_TRAILER_SIZE]
        self._masked_at = masked_at
        self._plain = 0
        if masked_at:
            masked = self._body[masked_at : masked_at + _MASKED_SIZE]
            self._plain = int.from_bytes(masked) ^ int.from_bytes(sample[8:_HEADER_SIZE])

    @classmethod
    def of(cls, sample: bytes, mac: HMAC) -> Self | None:
        """What ``sample`` is an example of.

        Args:
            sample: A whole message.
            mac: The :func:`keyed_mac` of who signed it.

        Returns:
            ``None`` unless it ends with MESSAGE-INTEGRITY, by this key, and FINGERPRINT.
        """
        if len(sample) < _HEADER_SIZE + _TRAILER_SIZE:
            return None
        masked_at = _masked_at(sample) if sample[:2] == _ANSWER else 0
        template = cls(sample, mac, masked_at)
        return template if template.matches(sample) else None

    def encode(self, transaction_id: bytes) -> bytes:
        """The message with this id."""
        body = self._masked(transaction_id) if self._masked_at else self._body
        mac = self._mac.copy()
        mac.update(b"".join((self._mac_head, transaction_id, body)))
        data = b"".join((self._head, transaction_id, body, _INTEGRITY, mac.finalize()))
        return data + _FINGERPRINT + _pack_crc(_crc32(data) ^ FINGERPRINT_MASK)

    def _masked(self, transaction_id: bytes) -> bytes:
        """The body, with the address that the id hides."""
        body, at = self._body, self._masked_at
        masked = self._plain ^ int.from_bytes(transaction_id)
        return body[:at] + masked.to_bytes(_MASKED_SIZE, "big") + body[at + _MASKED_SIZE :]

    def matches(self, data: bytes) -> bool:
        """Whether ``data`` is one of the messages, signed by who has the key.

        Takes the same time wherever the MACs differ.
        """
        if len(data) != self._size or data[:8] != self._head:
            return False
        return _are_equal(self.encode(data[8:_HEADER_SIZE]), data)


def _masked_at(sample: bytes) -> int:
    """Where in the body its id hides an address; 0 if nowhere."""
    at, end = _HEADER_SIZE, len(sample) - _TRAILER_SIZE
    while at < end:
        number, size = _unpack_prefix(sample, at)
        if number == _MAPPED and size == _IPV6_SIZE:
            return at + 12 - _HEADER_SIZE
        at += 4 + size + (-size & 3)
    return 0
