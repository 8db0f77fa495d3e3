"""Certificate fingerprints: what SDP promises about the peer, and the check of that promise.

A fingerprint is a hash over the DER bytes of a certificate as they were sent. The certificate is
never parsed for it: some peers send X.509 that strict parsers refuse.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any, Final

from frazil.compiled import mypyc_attr
from frazil.value import Value

PREFERENCE: Final = ("sha-256", "sha-384", "sha-512", "sha-1")
"""The hash functions we check, most preferred first.

SHA-256 leads because every endpoint must have it (RFC 8122 5). SHA-1 is last and still accepted: a
second preimage, which an impostor would need, is out of reach.
"""

_HASHES: Final[dict[str, Callable[[bytes], Any]]] = {
    "sha-1": hashlib.sha1,
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}


@mypyc_attr(acyclic=True)
class Fingerprint(Value):
    """The hash of a certificate.

    Attributes:
        algorithm: The hash function, in the lower-case spelling of SDP, for example ``"sha-256"``.
        value: Upper-case hexadecimal pairs joined by colons, the form SDP uses (RFC 8122 5).

    Both are brought to that spelling: equal fingerprints compare equal however they were written.
    """

    __slots__ = ("algorithm", "value")

    def __init__(self, algorithm: str, value: str) -> None:
        self.algorithm = algorithm.lower()
        self.value = value.upper()

    def as_tuple(self) -> tuple[object, ...]:
        """Algorithm and value."""
        return self.algorithm, self.value


def fingerprint_of(der: bytes, algorithm: str = "sha-256") -> Fingerprint:
    """The fingerprint of a certificate in DER.

    Raises:
        ValueError: ``algorithm`` is not one of :data:`PREFERENCE`.
    """
    name = algorithm.lower()
    if name not in _HASHES:
        raise ValueError(f"unknown fingerprint algorithm: {algorithm!r}")
    return Fingerprint(name, _HASHES[name](der).digest().hex(":"))


def matches(der: bytes, fingerprints: Sequence[Fingerprint]) -> bool:
    """Whether ``fingerprints`` vouch for the certificate ``der``.

    Of the hash functions in the list only the most preferred known one counts, and one of its
    fingerprints must be that of the certificate (RFC 8122 5). So a forged fingerprint with a weak
    hash cannot stand in for a strong one that fails. A list without any known hash function vouches
    for nothing.
    """
    for algorithm in PREFERENCE:
        values = [each.value for each in fingerprints if each.algorithm == algorithm]
        if values:
            actual = fingerprint_of(der, algorithm).value.encode()
            return any(hmac.compare_digest(actual, value.encode()) for value in values)
    return False
