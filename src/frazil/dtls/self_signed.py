"""A self-signed certificate in DER (RFC 5280 4.1): a name, a validity, a key, and the signature.

Nobody reads it: the peer compares the fingerprint (RFC 8827 6.5). So it is put together from what
it must have, which is a small part of the work of a builder for certificates of all kinds.
"""

from datetime import UTC, datetime
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_INTEGER: Final = 0x02
_BIT_STRING: Final = 0x03
_UTF8: Final = 0x0C
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
_SEQUENCE: Final = 0x30
_SET: Final = 0x31

_VERSION_3: Final = bytes.fromhex("a003020102")
_COMMON_NAME: Final = bytes.fromhex("0603550403")
_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_RSA_SHA256: Final = bytes.fromhex("300d06092a864886f70d01010b0500")
_BY_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_SHORT: Final = 0x80
"""From this length on its own length comes first."""
_LAST_OF_UTC_TIME: Final = 2049


def self_signed(
    key: PrivateKey, name: str, serial_number: int, valid_from: float, valid_to: float
) -> bytes:
    """The certificate of ``key`` by ``key``.

    Args:
        key: On P-256, or for RSA.
        name: The common name of subject and issuer.
        serial_number: Positive.
        valid_from: In whole seconds since the epoch, as all times in certificates; so are the rest.
        valid_to: The same.
    """
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    algorithm = _RSA_SHA256 if is_rsa else _ECDSA_SHA256
    attribute = _der(_SEQUENCE, _COMMON_NAME + _der(_UTF8, name.encode()))
    whole_name = _der(_SEQUENCE, _der(_SET, attribute))
    body = _der(
        _SEQUENCE,
        _VERSION_3
        + _der(_INTEGER, serial_number.to_bytes(serial_number.bit_length() // 8 + 1, "big"))
        + algorithm
        + whole_name
        + _der(_SEQUENCE, _time(valid_from) + _time(valid_to))
        + whole_name
        + key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(body, _BY_ECDSA)
    return _der(_SEQUENCE, body + algorithm + _der(_BIT_STRING, b"\0" + signature))


def _der(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < _SHORT:
        return bytes((tag, size)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT | len(length))) + length + value


def _time(seconds: float) -> bytes:
    """Two digits for the year until they are used up (RFC 5280 4.1.2.5)."""
    at = datetime.fromtimestamp(seconds, UTC)
    is_long = at.year > _LAST_OF_UTC_TIME
    digits = at.year if is_long else at.year % 100
    for part in (at.month, at.day, at.hour, at.minute, at.second):
        digits = digits * 100 + part
    if is_long:
        return _der(_GENERALIZED_TIME, b"%014dZ" % digits)
    return _der(_UTC_TIME, b"%012dZ" % digits)
