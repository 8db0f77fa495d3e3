"""STUN messages: bytes to :class:`Message` and back, with integrity and fingerprint (RFC 8489)."""

import hmac
import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from enum import IntEnum
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.errors import ProtocolError
from frazil.stun.attribute import CODECS, Attribute
from frazil.stun.codec import ErrorCode
from frazil.stun.credential import sign
from frazil.types import Address

MAX_MESSAGE_SIZE: Final = 1500
"""Bytes. STUN over UDP stays below the path MTU (RFC 8489, 6.1)."""
MAX_ATTRIBUTES: Final = 32

_HEADER_SIZE: Final = 20
_COOKIE: Final = b"\x21\x12\xa4\x42"
FINGERPRINT_MASK: Final = 0x5354554E

_SHA1: Final = int(Attribute.MESSAGE_INTEGRITY)
_SHA256: Final = int(Attribute.MESSAGE_INTEGRITY_SHA256)
_FINGERPRINT: Final = int(Attribute.FINGERPRINT)
_TRAILERS: Final = frozenset((_SHA1, _SHA256, _FINGERPRINT))
_FIRST_OPTIONAL: Final = 0x8000
_DECODERS: Final = {int(name): (name, codec.decode) for name, codec in CODECS.items()}
_ENCODERS: Final = {name: codec.encode for name, codec in CODECS.items()}

_unpack_header: Final = struct.Struct(">HH4s12s").unpack_from
# The type and length in front of a message, and of an attribute.
_pack_prefix: Final = struct.Struct(">HH").pack
_unpack_prefix: Final = struct.Struct(">HH").unpack_from
_pack_fingerprint: Final = struct.Struct(">HHI").pack
_unpack_crc: Final = struct.Struct(">I").unpack_from
_crc32: Final = zlib.crc32
_are_equal: Final = hmac.compare_digest
_PADDING: Final = (b"", b"\0\0\0", b"\0\0", b"\0")

_UNFIT: Final = (struct.error, KeyError, TypeError, ValueError)
"""What a codec raises when it is given a value that its attribute cannot hold."""


class StunDecodeError(ProtocolError):
    """The bytes are not a STUN message that RFC 8489 lets a receiver process."""


class Method(IntEnum):
    """What a message is about."""

    BINDING = 0x001
    ALLOCATE = 0x003
    REFRESH = 0x004
    SEND = 0x006
    DATA = 0x007
    CREATE_PERMISSION = 0x008
    CHANNEL_BIND = 0x009
    CONNECT = 0x00A
    CONNECTION_BIND = 0x00B
    CONNECTION_ATTEMPT = 0x00C


class MessageClass(IntEnum):
    """The part a message plays in a transaction."""

    REQUEST = 0
    INDICATION = 1
    SUCCESS = 2
    ERROR = 3


def _wire_type(method: Method, message_class: MessageClass) -> int:
    """The 14-bit type, in which the class sits between the bits of the method (RFC 8489, 5)."""
    return (
        (method & 0xF80) << 2
        | (method & 0x070) << 1
        | (method & 0x00F)
        | (message_class & 0b10) << 7
        | (message_class & 0b01) << 4
    )


_TYPES: Final = {
    (method, message_class): _wire_type(method, message_class)
    for method in Method
    for message_class in MessageClass
}
_KINDS: Final = {number: kind for kind, number in _TYPES.items()}


def is_stun(data: bytes) -> bool:
    """Whether ``data`` starts like STUN: enough to tell it from DTLS and RTP (RFC 7983)."""
    return len(data) >= _HEADER_SIZE and data[0] < 4 and data[4:8] == _COOKIE


@mypyc_attr(acyclic=True)
class Message:
    """One STUN message.

    Attributes:
        method: What it is about.
        message_class: Request, indication, success or error.
        transaction_id: 12 bytes, the same in a request and its response.
        attributes: Values by attribute, in wire order. Addresses are :data:`frazil.types.Address`
            tuples, numbers ``int``, text ``str``, flags ``True``, unparsed values ``bytes``; the
            rest are the named tuples of this package. Of a repeated attribute only the first
            occurrence is here (RFC 8489, 14; :meth:`values` has them all), and none that follows
            the integrity attribute (14.5). A ``list`` is encoded as one attribute for each item.
        unknown_required: Numbers below 0x8000 that the codec does not know. Whoever processes a
            request answers them with error 420 (RFC 8489, 6.3.1).
        has_fingerprint: Whether it arrived with a FINGERPRINT, which then was correct.
    """

    __slots__ = (
        "_data",
        "_sha1_at",
        "_sha256_at",
        "attributes",
        "has_fingerprint",
        "message_class",
        "method",
        "transaction_id",
        "unknown_required",
    )

    def __init__(
        self,
        method: Method,
        message_class: MessageClass,
        transaction_id: bytes,
        attributes: Mapping[Attribute, object] | None = None,
    ) -> None:
        if len(transaction_id) != 12:
            raise ValueError("a transaction id has 12 bytes")
        self.method = method
        self.message_class = message_class
        self.transaction_id = transaction_id
        self.attributes: dict[Attribute, object] = dict(attributes) if attributes else {}
        self.unknown_required: tuple[int, ...] = ()
        self.has_fingerprint = False
        self._data = b""
        self._sha1_at = 0
        self._sha256_at = 0

    @property
    def data(self) -> bytes:
        """The bytes that it was decoded from; none for others."""
        return self._data

    def __repr__(self) -> str:
        values = ", ".join(f"{name.name}={value!r}" for name, value in self.attributes.items())
        kind = f"{self.method.name} {self.message_class.name}"
        return f"<{kind} {self.transaction_id.hex()} {values}>"

    # --- encode -------------------------------------------------------------------------------

    def encode(
        self, key: bytes | None = None, *, sha256: bool = False, fingerprint: bool = True
    ) -> bytes:
        """The message as bytes.

        Args:
            key: Authenticate the message with this key: :func:`short_term_key` for ICE,
                :func:`long_term_key` for TURN.
            sha256: Authenticate by MESSAGE-INTEGRITY-SHA256 instead of MESSAGE-INTEGRITY.
            fingerprint: Append a FINGERPRINT.

        Raises:
            TypeError: A value does not fit its attribute.
            ValueError: The message would exceed :data:`MAX_MESSAGE_SIZE` or
                :data:`MAX_ATTRIBUTES`.
        """
        wire_type = _TYPES[self.method, self.message_class]
        body, count = self._encode_body()
        number, mac_size = (_SHA256, 32) if sha256 else (_SHA1, 20)
        length = len(body) - 16 + (0 if key is None else 4 + mac_size)
        size = _HEADER_SIZE + length + (8 if fingerprint else 0)
        if size > MAX_MESSAGE_SIZE or count > MAX_ATTRIBUTES - 2:
            raise ValueError(f"{size} bytes, {count} attributes: too large")
        if key is not None:
            # The MAC covers a length that counts it already, but nothing after it (14.5).
            mac = sign(key, _pack_prefix(wire_type, length) + body, sha256=sha256)
            body += _pack_prefix(number, mac_size) + mac
        if not fingerprint:
            return _pack_prefix(wire_type, length) + body
        data = _pack_prefix(wire_type, length + 8) + body
        return data + _pack_fingerprint(_FINGERPRINT, 4, _crc32(data) ^ FINGERPRINT_MASK)

    def _encode_body(self) -> tuple[bytes, int]:
        """From the magic cookie up to the integrity attribute, and how many attributes that is."""
        mask = _COOKIE + self.transaction_id
        parts = [mask]
        for attribute, value in self.attributes.items():
            if isinstance(value, list):
                parts += [_encode_attribute(attribute, item, mask) for item in value]
            else:
                parts.append(_encode_attribute(attribute, value, mask))
        return b"".join(parts), len(parts) - 1

    # --- decode -------------------------------------------------------------------------------

    @staticmethod
    def decode(data: bytes) -> "Message":
        """The message that ``data`` holds, all of it.

        A FINGERPRINT is verified here; integrity is not, see :meth:`is_authentic`.

        Raises:
            StunDecodeError: It is not exactly one well-formed message of a known method, the
                fingerprint is wrong, or it exceeds :data:`MAX_MESSAGE_SIZE` or
                :data:`MAX_ATTRIBUTES`.
        """
        size = len(data)
        if not _HEADER_SIZE <= size <= MAX_MESSAGE_SIZE:
            raise StunDecodeError(f"{size} bytes")
        wire_type, length, cookie, transaction_id = _unpack_header(data)
        if cookie != _COOKIE or length & 3 or length != size - _HEADER_SIZE:
            raise StunDecodeError("bad magic cookie or length")
        kind = _KINDS.get(wire_type)
        if kind is None:
            raise StunDecodeError(f"unknown message type {wire_type:#06x}")
        message = Message(kind[0], kind[1], transaction_id)
        message._decode_attributes(data)
        return message

    def _decode_attributes(self, data: bytes) -> None:
        self._data = data
        attributes = self.attributes
        unknown: list[int] = []
        sealed = False
        at, end, count = _HEADER_SIZE, len(data), 0
        while at < end:
            # Both the length of the message and of a padded attribute are multiples of 4, so a
            # prefix is always whole here.
            number, size = data[at] << 8 | data[at + 1], data[at + 2] << 8 | data[at + 3]
            start = at + 4
            stop = start + size
            count += 1
            if stop > end or count > MAX_ATTRIBUTES:
                raise StunDecodeError(f"attribute {number:#06x} cut off, or too many attributes")
            decoder = None if sealed else _DECODERS.get(number)
            if decoder is not None:
                name, decode = decoder
                if name not in attributes:
                    try:
                        attributes[name] = decode(data, start, stop)
                    except (struct.error, ValueError) as error:
                        raise StunDecodeError(f"bad {name.name}: {error}") from error
            elif number in _TRAILERS:
                self._decode_trailer(number, data, at, stop)
                sealed = True
            elif number < _FIRST_OPTIONAL and not sealed and number not in unknown:
                unknown.append(number)
            at = stop + (-size & 3)
        self.unknown_required = tuple(unknown)

    def _decode_trailer(self, number: int, data: bytes, at: int, stop: int) -> None:
        """Check the form of an integrity attribute, or a fingerprint altogether."""
        size = stop - at - 4
        if number == _FINGERPRINT:
            if size != 4 or stop != len(data):
                raise StunDecodeError("FINGERPRINT is not the last 8 bytes")
            if _crc32(data[:at]) ^ FINGERPRINT_MASK != _unpack_crc(data, at + 4)[0]:
                raise StunDecodeError("wrong FINGERPRINT")
            self.has_fingerprint = True
        elif self._sha256_at:
            return
        elif number == _SHA256:
            # A shorter one is for STUN usages that define a truncation; ours do not (14.6).
            if size != 32:
                raise StunDecodeError("MESSAGE-INTEGRITY-SHA256 is not 32 bytes")
            self._sha256_at = at
        elif not self._sha1_at:
            if size != 20:
                raise StunDecodeError("MESSAGE-INTEGRITY is not 20 bytes")
            self._sha1_at = at

    def values(self, attribute: Attribute) -> list[object]:
        """The values of every occurrence of ``attribute`` in this decoded message, in order.

        For the attributes that TURN repeats, like XOR-PEER-ADDRESS. An occurrence that cannot be
        read is passed over.
        """
        data = self._data
        stop = self._sha1_at or self._sha256_at or len(data)
        decode = CODECS[attribute].decode
        found: list[object] = []
        at = _HEADER_SIZE
        while at < stop:
            number, size = _unpack_prefix(data, at)
            if number == attribute:
                with suppress(struct.error, ValueError):
                    found.append(decode(data, at + 4, at + 4 + size))
            at += 4 + size + (-size & 3)
        return found

    # --- integrity ----------------------------------------------------------------------------

    @property
    def has_integrity(self) -> bool:
        """Whether it arrived with an integrity attribute, right or wrong."""
        return bool(self._sha1_at or self._sha256_at)

    def is_authentic(self, key: bytes) -> bool:
        """Whether the sender of this decoded message knew ``key``.

        MESSAGE-INTEGRITY-SHA256 decides where it is present, else MESSAGE-INTEGRITY; without
        either the answer is no. Takes the same time wherever the MACs differ.
        """
        at = self._sha256_at or self._sha1_at
        if not at:
            return False
        data, sha256 = self._data, at == self._sha256_at
        stop = at + (36 if sha256 else 24)
        covered = data[:2] + (stop - _HEADER_SIZE).to_bytes(2, "big") + data[4:at]
        return _are_equal(sign(key, covered, sha256=sha256), data[at + 4 : stop])

    # --- typed values -------------------------------------------------------------------------

    def text(self, attribute: Attribute) -> str | None:
        """The text of ``attribute``, or None if it is absent."""
        value = self.attributes.get(attribute)
        if value is None or isinstance(value, str):
            return value
        raise TypeError(f"{attribute.name} does not hold text")

    def number(self, attribute: Attribute) -> int | None:
        """The number in ``attribute``, or None if it is absent."""
        value = self.attributes.get(attribute)
        if value is None or isinstance(value, int):
            return value
        raise TypeError(f"{attribute.name} does not hold a number")

    def opaque(self, attribute: Attribute) -> bytes | None:
        """The bytes in ``attribute``, or None if it is absent."""
        value = self.attributes.get(attribute)
        if value is None or isinstance(value, bytes):
            return value
        raise TypeError(f"{attribute.name} does not hold bytes")

    def address(self, attribute: Attribute) -> Address | None:
        """The transport address in ``attribute``, or None if it is absent."""
        value = self.attributes.get(attribute)
        if value is None:
            return None
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
            return value
        raise TypeError(f"{attribute.name} does not hold an address")

    def flag(self, attribute: Attribute) -> bool:
        """Whether ``attribute`` is there at all."""
        return attribute in self.attributes

    @property
    def error(self) -> ErrorCode | None:
        """The ERROR-CODE, or None if it is absent."""
        value = self.attributes.get(Attribute.ERROR_CODE)
        return value if isinstance(value, ErrorCode) else None


def _encode_attribute(attribute: Attribute, value: object, mask: bytes) -> bytes:
    """One attribute with its prefix and padding."""
    try:
        encoded = _ENCODERS[attribute](value, mask)
        size = len(encoded)
        return _pack_prefix(attribute, size) + encoded + _PADDING[size & 3]
    except _UNFIT as error:
        raise TypeError(f"{attribute!r} cannot hold {value!r}") from error
