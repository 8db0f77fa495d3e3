"""What both ends have in common after the handshake, and all keys that follow from it."""

import hmac
from typing import Final, NamedTuple

from frazil.dtls.cipher_suite import CipherSuite

_RESERVED_LABELS: Final = frozenset(
    {
        b"client finished",
        b"server finished",
        b"master secret",
        b"extended master secret",
        b"key expansion",
    }
)


class KeyBlock(NamedTuple):
    """The keys of both directions, and their parts of the nonces (RFC 5246 6.3)."""

    client_key: bytes
    server_key: bytes
    client_iv: bytes
    server_iv: bytes


class MasterSecret:
    """The master secret of one association, with what the handshake mixes into its keys.

    Args:
        secret: The 48 bytes on which the ends agreed; extended already, if that was negotiated
            (RFC 7627 4).
        client_random: The 32 bytes of the ClientHello.
        server_random: The 32 bytes of the ServerHello.
        hash_name: The hash function of the PRF.
    """

    __slots__ = ("_client_random", "_hash_name", "_secret", "_server_random")

    def __init__(
        self, secret: bytes, client_random: bytes, server_random: bytes, hash_name: str
    ) -> None:
        self._secret = secret
        self._client_random = client_random
        self._server_random = server_random
        self._hash_name = hash_name

    def key_block(self, suite: CipherSuite) -> KeyBlock:
        """The keys for records, without those for a MAC: an AEAD has none (RFC 5246 6.3)."""
        seed = b"key expansion" + self._server_random + self._client_random
        sizes = (suite.key_size, suite.key_size, suite.iv_size, suite.iv_size)
        block = prf(self._secret, seed, sum(sizes), self._hash_name)
        parts = []
        for size in sizes:
            parts.append(block[:size])
            block = block[size:]
        return KeyBlock(*parts)

    def export(self, label: bytes, length: int) -> bytes:
        """Keys for another protocol, without a context (RFC 5705 4).

        Raises:
            ValueError: TLS itself uses the label.
        """
        if label in _RESERVED_LABELS:
            raise ValueError(f"TLS keeps the label {label!r} for itself")
        seed = label + self._client_random + self._server_random
        return prf(self._secret, seed, length, self._hash_name)


def prf(secret: bytes, seed: bytes, length: int, hash_name: str) -> bytes:
    """The pseudorandom function of TLS 1.2 (RFC 5246 5).

    Args:
        secret: The key.
        seed: The label and the seed, one after the other.
        length: How many bytes to give.
        hash_name: A hash function that :mod:`hashlib` knows.
    """
    output = b""
    chained = seed
    while len(output) < length:
        chained = hmac.digest(secret, chained, hash_name)
        output += hmac.digest(secret, chained + seed, hash_name)
    return output[:length]
