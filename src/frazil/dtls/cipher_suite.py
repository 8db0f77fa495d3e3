"""The cipher suites on offer, and what sealing records takes with each of them."""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm

NONCE_SIZE: Final = 12
"""The bytes of a nonce, with AES-GCM as with ChaCha20."""
TAG_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class CipherSuite:
    """A cipher suite of TLS 1.2.

    Attributes:
        name: The name in IANA's registry.
        aead: Makes the cipher from a key.
        key_size: The bytes of that key.
        iv_size: The bytes of a nonce that come from the key block (RFC 5246 6.2.3.3). AES-GCM takes
            4 from there and sends 8 in each record (RFC 5288 3), ChaCha20 sends none (RFC 7905 2).
        hash_function: The one of the PRF.
    """

    name: str
    aead: type[AESGCM] | type[ChaCha20Poly1305]
    key_size: int
    iv_size: int
    hash_function: HashAlgorithm

    @property
    def growth(self) -> int:
        """How many bytes a content grows by its nonce and tag."""
        return NONCE_SIZE - self.iv_size + TAG_SIZE


_AES_128: Final = (AESGCM, 16, 4, SHA256())
_AES_256: Final = (AESGCM, 32, 4, SHA384())
_CHACHA20: Final = (ChaCha20Poly1305, 32, 12, SHA256())

CIPHER_SUITES: Final = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": CipherSuite(
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", *_AES_128
    ),
    "ECDHE-RSA-AES128-GCM-SHA256": CipherSuite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", *_AES_128),
    "ECDHE-ECDSA-AES256-GCM-SHA384": CipherSuite(
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", *_AES_256
    ),
    "ECDHE-RSA-AES256-GCM-SHA384": CipherSuite("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", *_AES_256),
    "ECDHE-ECDSA-CHACHA20-POLY1305": CipherSuite(
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", *_CHACHA20
    ),
    "ECDHE-RSA-CHACHA20-POLY1305": CipherSuite(
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", *_CHACHA20
    ),
}
"""By OpenSSL's name, most preferred first.

All have forward secrecy (RFC 8827 6.5) and are AEADs, so a record grows by a constant. Those with
RSA are there for peers whose certificate holds an RSA key, GStreamer's for example.
"""
