"""``RTCCertificate`` and ``generateCertificate`` (webrtc-pc 4.9)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from frazil.dtls import Certificate, KeyKind
from frazil.errors import InvalidAccessError, NotSupportedError
from frazil.peer.dictionary import Dictionary
from frazil.types import RandomBytes

_DEFAULT_EXPIRES_MS: Final = 30 * 86_400_000
_MAX_EXPIRES_MS: Final = 365 * 86_400_000
_MAX_NUMBER: Final = 2**53 - 1
_F4: Final = 65537

_NAMES: Final = {"ecdsa": KeyKind.ECDSA, "rsassa-pkcs1-v1_5": KeyKind.RSA}


class RTCCertificate(Certificate):
    """A private key with its certificate, for ``certificates`` of the configuration.

    ``RTCPeerConnection.generateCertificate`` makes one. Several connections may share it.
    """

    __slots__ = ()

    @property
    def expires(self) -> int:
        """When it ends, in milliseconds since the epoch. Connections refuse it from then on."""
        return int(self.expires_at * 1000)

    def getFingerprints(self) -> list[dict[str, str]]:
        """Its fingerprints: ``algorithm`` and ``value``, lower-case hexadecimal with colons."""
        found = self.fingerprint("sha-256")
        return [{"algorithm": found.algorithm, "value": found.value.lower()}]

    def __repr__(self) -> str:
        return f"<RTCCertificate {self.kind} {self.fingerprint('sha-256').value}>"


async def generate_certificate(
    algorithm: str | Mapping[str, Any], random_bytes: RandomBytes
) -> RTCCertificate:
    """A new key and certificate.

    Raises:
        TypeError: A member is missing or has the wrong type.
        NotSupportedError: There are no such keys here.
    """
    given = {"name": algorithm} if isinstance(algorithm, str) else algorithm
    members = Dictionary(given, "keygen", "name")
    kind = _kind(members)
    expires = members.number("expires", _MAX_NUMBER)
    lifetime_ms = _DEFAULT_EXPIRES_MS if expires is None else min(expires, _MAX_EXPIRES_MS)

    def generate() -> RTCCertificate:
        return RTCCertificate.generate(
            random_bytes, time.time(), kind=kind, lifetime_s=lifetime_ms / 1000
        )

    if kind is KeyKind.ECDSA:
        return generate()
    return await asyncio.to_thread(generate)  # finding primes takes a while


def choose_certificate(configured: Sequence[Certificate], random_bytes: RandomBytes) -> Certificate:
    """The certificate of a connection: the first one configured, else one made for it.

    Raises:
        InvalidAccessError: A configured certificate has expired.
    """
    now = time.time()
    if any(certificate.expires_at <= now for certificate in configured):
        raise InvalidAccessError("a certificate in the configuration has expired; generate another")
    return configured[0] if configured else Certificate.generate(random_bytes, now)


def _kind(members: Dictionary) -> KeyKind:
    """The kind of key that is asked for."""
    name = members.text("name")
    if name is None:
        raise TypeError("a key algorithm needs a name")
    kind = _NAMES.get(name.lower())
    if kind is None:
        raise NotSupportedError(f"{name!r} is none of 'ECDSA' and 'RSASSA-PKCS1-v1_5'")
    if kind is KeyKind.ECDSA:
        curve = _required(members.text("namedCurve"), "namedCurve")
        if curve != "P-256":
            raise NotSupportedError(f"ECDSA keys are made on 'P-256', not on {curve!r}")
        return kind
    length = _required(members.number("modulusLength", _MAX_NUMBER), "modulusLength")
    exponent = _required(members.get("publicExponent"), "publicExponent")
    digest = _hash(members)
    if not isinstance(exponent, bytes | bytearray | memoryview | list | tuple):
        raise TypeError("keygen.publicExponent must be bytes, the most significant first")
    if (length, int.from_bytes(bytes(exponent)), digest) != (2048, _F4, "sha-256"):
        raise NotSupportedError("RSA keys have 2048 bits, the exponent 65537 and SHA-256")
    return kind


def _hash(members: Dictionary) -> str:
    """The name of the hash, given itself or as an algorithm with a name."""
    found = _required(members.get("hash"), "hash")
    name = found if isinstance(found, str) else Dictionary(found, "hash", "name").text("name")
    return str(_required(name, "hash")).lower()


def _required(value: Any, name: str) -> Any:
    if value is None:
        raise TypeError(f"the key algorithm lacks {name}")
    return value
