"""The key and self-signed certificate with which this side proves who it is.

OpenSSL makes the key and the signature with its own random generator; only the serial number and
the name come from the injected source.
"""

from enum import StrEnum
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL

from frazil.dtls.context import build_context, shared_context
from frazil.dtls.fingerprint import Fingerprint, fingerprint_of
from frazil.dtls.self_signed import PrivateKey, self_signed
from frazil.types import RandomBytes

DEFAULT_LIFETIME_S: Final = 30 * 86400.0
"""30 days, what browsers choose (webrtc-pc 4.9)."""
BACKDATE_S: Final = 86400.0
"""The validity starts a day early: the peer's clock may be behind."""
_SERIAL_SIZE = 16
_NAME_SIZE = 8


class KeyKind(StrEnum):
    """The kind of key behind a certificate."""

    ECDSA = "ecdsa"
    """P-256: small flights, fast; every WebRTC endpoint has it (RFC 8827 6.5)."""
    RSA = "rsa"
    """2048 bits."""


class Certificate:
    """A private key and the self-signed certificate for it.

    Attributes:
        kind: The kind of key.
        der: The certificate as it goes over the wire.
        expires_at: When it ends, in seconds since the epoch.
    """

    __slots__ = ("_context", "_first", "_key", "der", "expires_at", "kind")

    def __init__(self, kind: KeyKind, key: PrivateKey, der: bytes, expires_at: float) -> None:
        """Take what :meth:`generate` has made."""
        self.kind = kind
        self.der = der
        self.expires_at = expires_at
        self._key = key
        self._context: SSL.Context | None = None
        self._first: SSL.Connection | None = None

    @classmethod
    def generate(
        cls,
        random_bytes: RandomBytes,
        wall_now: float,
        *,
        kind: KeyKind = KeyKind.ECDSA,
        lifetime_s: float = DEFAULT_LIFETIME_S,
    ) -> Self:
        """Make a new key and certificate.

        Args:
            random_bytes: Gives the serial number and the name, so that neither identifies the host.
            wall_now: The time of day, in seconds since the epoch.
            kind: The kind of key. RSA takes a noticeable fraction of a second.
            lifetime_s: For how long from ``wall_now`` the certificate is valid; with 0 it has
                expired when it is made.

        Raises:
            ValueError: ``lifetime_s`` is negative.
        """
        if lifetime_s < 0:
            raise ValueError("a certificate cannot have expired before it was made")
        key, expires_at = _generate_key(kind), float(int(wall_now + lifetime_s))
        der = self_signed(
            key,
            name=random_bytes(_NAME_SIZE).hex(),
            serial_number=_serial_number(random_bytes),
            valid_from=wall_now - BACKDATE_S,
            valid_to=expires_at,
        )
        certificate = cls(kind, key, der, expires_at)
        certificate._prepare()
        return certificate

    def _prepare(self) -> None:
        """Make the first connection: soon after the key it takes half as long as later.

        For the processor still has the code of OpenSSL at hand.
        """
        self._first = SSL.Connection(shared_context(), None)
        self._load_into(self._first)

    def new_connection(self) -> SSL.Connection:
        """An OpenSSL connection over memory BIOs that speaks as this certificate.

        Most certificates have one connection in their life. For one that has more, OpenSSL reads
        certificate and key once, into a context of its own.
        """
        first, self._first = self._first, None
        if first is not None:
            return first
        if self._context is None:
            self._context = build_context()
            self._load_into(self._context)
        return SSL.Connection(self._context, None)

    def _load_into(self, speaker: SSL.Connection | SSL.Context) -> None:
        speaker.use_certificate(x509.load_der_x509_certificate(self.der))
        speaker.use_privatekey(self._key)

    def fingerprint(self, algorithm: str = "sha-256") -> Fingerprint:
        """The fingerprint to announce to the peer.

        Raises:
            ValueError: The algorithm is unknown.
        """
        return fingerprint_of(self.der, algorithm)


def _generate_key(kind: KeyKind) -> PrivateKey:
    if kind is KeyKind.RSA:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def _serial_number(random_bytes: RandomBytes) -> int:
    """A positive number of at most 16 octets (RFC 5280 4.1.2.2)."""
    number = int.from_bytes(random_bytes(_SERIAL_SIZE)) >> 1
    return number or 1
