"""How the value of an attribute looks on the wire, without its header and padding.

One :class:`Codec` for each layout that RFC 8489, 8656, 8445 and 5780 use. A decoder raises
``ValueError`` or ``struct.error`` on bytes that do not fit, an encoder also ``TypeError``;
:mod:`frazil.stun.message` turns those into the error it documents.
"""

import struct
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, NamedTuple

from frazil.types import Address


class ErrorCode(NamedTuple):
    """Why a request was refused: 300 to 699, and a phrase for people (RFC 8489, 14.8)."""

    code: int
    reason: str = ""


class AddressErrorCode(NamedTuple):
    """Why a relay could not be had for one address family, 1 or 2 (RFC 8656, 18.12)."""

    family: int
    code: int
    reason: str = ""


class IcmpError(NamedTuple):
    """An ICMP packet that a relay received from the peer's direction (RFC 8656, 18.13)."""

    type: int
    code: int
    data: bytes


class AlgorithmChoice(NamedTuple):
    """A password algorithm by its IANA number, with its parameters (RFC 8489, 14.12)."""

    number: int
    parameters: bytes = b""


class Codec(NamedTuple):
    """The two directions of one layout.

    Attributes:
        encode: ``(value, mask) -> bytes``. The mask is the magic cookie and the transaction id.
        decode: ``(message, start, stop) -> value``. It gets the whole message, since the mask is
            at its beginning.
    """

    encode: Callable[[Any, bytes], bytes]
    decode: Callable[[bytes, int, int], object]


# --- addresses --------------------------------------------------------------------------------

_MASK_AT: Final = 4
_MASK_END: Final = 20
_FAMILY_OF_SIZE: Final = {4: 1, 16: 2}
_SIZE_OF_FAMILY: Final = {1: 4, 2: 16}
_ADDRESS_HEADER: Final = struct.Struct(">xBH")


@lru_cache(maxsize=1024)
def pack_ip(text: str) -> bytes:
    """The 4 or 16 bytes of an IP address; 4 for an IPv4-mapped one. A zone is dropped.

    Raises:
        ValueError: It is not an IP address.
    """
    if ":" not in text:
        return IPv4Address(text).packed
    address = IPv6Address(text)
    return (address.ipv4_mapped or address).packed


@lru_cache(maxsize=1024)
def format_ip(packed: bytes) -> str:
    """The canonical text of 4 or 16 bytes; an IPv4-mapped address comes out as IPv4."""
    if len(packed) == 4:
        return str(IPv4Address(packed))
    address = IPv6Address(packed)
    return str(address.ipv4_mapped or address)


def _xor(data: bytes, mask: bytes) -> bytes:
    """``data`` XORed with the beginning of ``mask``."""
    size = len(data)
    return (int.from_bytes(data) ^ int.from_bytes(mask[:size])).to_bytes(size)


def _decode_packed_address(message: bytes, start: int, stop: int) -> tuple[bytes, int]:
    family, port = _ADDRESS_HEADER.unpack_from(message, start)
    size = stop - start - _ADDRESS_HEADER.size
    if size != _SIZE_OF_FAMILY.get(family):
        raise ValueError(f"{size} bytes in address family {family}")
    return message[start + _ADDRESS_HEADER.size : stop], port


def _encode_address(value: Address, mask: bytes) -> bytes:
    ip, port = value
    packed = pack_ip(ip)
    return _ADDRESS_HEADER.pack(_FAMILY_OF_SIZE[len(packed)], port) + packed


def _decode_address(message: bytes, start: int, stop: int) -> Address:
    packed, port = _decode_packed_address(message, start, stop)
    return format_ip(packed), port


def _encode_xor_address(value: Address, mask: bytes) -> bytes:
    ip, port = value
    packed = pack_ip(ip)
    header = _ADDRESS_HEADER.pack(_FAMILY_OF_SIZE[len(packed)], port ^ 0x2112)
    return header + _xor(packed, mask)


def _decode_xor_address(message: bytes, start: int, stop: int) -> Address:
    packed, port = _decode_packed_address(message, start, stop)
    return format_ip(_xor(packed, message[_MASK_AT:_MASK_END])), port ^ 0x2112


ADDRESS: Final = Codec(_encode_address, _decode_address)
XOR_ADDRESS: Final = Codec(_encode_xor_address, _decode_xor_address)


# --- numbers, flags, text, bytes --------------------------------------------------------------


def _number(layout: str) -> Codec:
    """The codec of one unsigned integer in exactly this layout."""
    codec = struct.Struct(layout)
    pack, unpack = codec.pack, codec.unpack

    def encode(value: int, mask: bytes) -> bytes:
        return pack(value)

    def decode(message: bytes, start: int, stop: int) -> int:
        number: int = unpack(message[start:stop])[0]
        return number

    return Codec(encode, decode)


UINT16: Final = _number(">H")
UINT32: Final = _number(">I")
UINT64: Final = _number(">Q")
UINT8_RESERVED24: Final = _number(">B3x")
UINT16_RESERVED16: Final = _number(">H2x")


def _encode_flag(value: bool, mask: bytes) -> bytes:
    if value is not True:
        raise ValueError("a flag is set by being there; leave it out instead")
    return b""


def _decode_flag(message: bytes, start: int, stop: int) -> bool:
    if start != stop:
        raise ValueError("a flag has no value")
    return True


def _encode_even_port(value: int, mask: bytes) -> bytes:
    return bytes((value << 7,))


def _decode_even_port(message: bytes, start: int, stop: int) -> int:
    if stop - start != 1:
        raise ValueError("not one byte")
    return message[start] >> 7


def _encode_text(value: str, mask: bytes) -> bytes:
    return str.encode(value)


def _decode_text(message: bytes, start: int, stop: int) -> str:
    return message[start:stop].decode()


def _decode_remark(message: bytes, start: int, stop: int) -> str:
    return message[start:stop].decode(errors="replace")


def _encode_opaque(value: bytes, mask: bytes) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("not bytes")
    return value


def _decode_opaque(message: bytes, start: int, stop: int) -> bytes:
    return message[start:stop]


FLAG: Final = Codec(_encode_flag, _decode_flag)
EVEN_PORT: Final = Codec(_encode_even_port, _decode_even_port)
TEXT: Final = Codec(_encode_text, _decode_text)
REMARK: Final = Codec(_encode_text, _decode_remark)
"""Text that only people read: bytes that are not UTF-8 are no reason to drop the message."""
OPAQUE: Final = Codec(_encode_opaque, _decode_opaque)


# --- structures -------------------------------------------------------------------------------

_ERROR: Final = struct.Struct(">BxBB")
_ICMP: Final = struct.Struct(">2xH4s")
_ALGORITHM: Final = struct.Struct(">HH")


def _pack_error(family: int, code: int, reason: str) -> bytes:
    if not 300 <= code <= 699:
        raise ValueError("an error code is 300 to 699")
    return _ERROR.pack(family, *divmod(code, 100)) + str.encode(reason)


def _unpack_error(message: bytes, start: int, stop: int) -> tuple[int, int, str]:
    if stop - start < _ERROR.size:
        raise ValueError("too short")
    family, hundreds, rest = _ERROR.unpack_from(message, start)
    hundreds &= 0x7
    if not 3 <= hundreds <= 6 or rest > 99:
        raise ValueError(f"no error code: class {hundreds}, number {rest}")
    return family, hundreds * 100 + rest, _decode_remark(message, start + _ERROR.size, stop)


def _encode_error(value: ErrorCode, mask: bytes) -> bytes:
    code, reason = value
    return _pack_error(0, code, reason)


def _decode_error(message: bytes, start: int, stop: int) -> ErrorCode:
    _, code, reason = _unpack_error(message, start, stop)
    return ErrorCode(code, reason)


def _encode_address_error(value: AddressErrorCode, mask: bytes) -> bytes:
    family, code, reason = value
    return _pack_error(family, code, reason)


def _decode_address_error(message: bytes, start: int, stop: int) -> AddressErrorCode:
    return AddressErrorCode(*_unpack_error(message, start, stop))


def _encode_icmp(value: IcmpError, mask: bytes) -> bytes:
    kind, code, data = value
    if not (0 <= kind < 1 << 7 and 0 <= code < 1 << 9 and len(data) == 4):
        raise ValueError("an ICMP type has 7 bits, a code 9 bits, the data 4 bytes")
    return _ICMP.pack(kind << 9 | code, data)


def _decode_icmp(message: bytes, start: int, stop: int) -> IcmpError:
    kind_and_code, data = _ICMP.unpack(message[start:stop])
    return IcmpError(kind_and_code >> 9, kind_and_code & 0x1FF, data)


def _encode_numbers(value: tuple[int, ...], mask: bytes) -> bytes:
    return struct.pack(f">{len(value)}H", *value)


def _decode_numbers(message: bytes, start: int, stop: int) -> tuple[int, ...]:
    return struct.unpack(f">{(stop - start) // 2}H", message[start:stop])


def _encode_algorithm(value: AlgorithmChoice, mask: bytes) -> bytes:
    number, parameters = value
    size = len(parameters)
    return _ALGORITHM.pack(number, size) + parameters + bytes(-size & 3)


def _decode_algorithms(message: bytes, start: int, stop: int) -> tuple[AlgorithmChoice, ...]:
    choices = []
    at = start
    while at < stop:
        number, size = _ALGORITHM.unpack(message[at : min(at + 4, stop)])
        parameters = message[at + 4 : min(at + 4 + size, stop)]
        if len(parameters) != size:
            raise ValueError("parameters are cut off")
        choices.append(AlgorithmChoice(number, parameters))
        at += 4 + size + (-size & 3)
    return tuple(choices)


def _decode_algorithm(message: bytes, start: int, stop: int) -> AlgorithmChoice:
    (choice,) = _decode_algorithms(message, start, stop)
    return choice


def _encode_algorithms(value: tuple[AlgorithmChoice, ...], mask: bytes) -> bytes:
    return b"".join(_encode_algorithm(choice, mask) for choice in value)


ERROR: Final = Codec(_encode_error, _decode_error)
ADDRESS_ERROR: Final = Codec(_encode_address_error, _decode_address_error)
ICMP: Final = Codec(_encode_icmp, _decode_icmp)
NUMBERS: Final = Codec(_encode_numbers, _decode_numbers)
ALGORITHM: Final = Codec(_encode_algorithm, _decode_algorithm)
ALGORITHMS: Final = Codec(_encode_algorithms, _decode_algorithms)
