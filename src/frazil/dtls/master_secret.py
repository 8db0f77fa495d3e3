"""What both ends have in common after the handshake, and all keys that follow from it."""

from typing import Final

from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.hmac import HMAC

from frazil.compiled import mypyc_attr
from frazil.dtls.cipher_suite import CipherSuite
from frazil.dtls.role import DtlsRole

_RESERVED_LABELS: Final = frozenset(
    {
        b"client finished",
        b"server finished",
        b"master secret",
        b"extended master secret",
        b"key expansion",
    }
)


@mypyc_attr(acyclic=True)
class KeyBlock:
    """The keys of both directions, and their parts of the nonces (RFC 5246 6.3)."""

    __slots__ = ("client_iv", "client_key", "server_iv", "server_key")

    def __init__(
        self, client_key: bytes, server_key: bytes, client_iv: bytes, server_iv: bytes
    ) -> None:
        self.client_key = client_key
        self.server_key = server_key
        self.client_iv = client_iv
        self.server_iv = server_iv

    def of(self, role: DtlsRole) -> tuple[bytes, bytes]:
        """The key with which one side seals, and its part of the nonces."""
        if role is DtlsRole.CLIENT:
            return self.client_key, self.client_iv
        return self.server_key, self.server_iv


@mypyc_attr(acyclic=True)
class MasterSecret:
    """The master secret of one association, with what the handshake mixes into its keys.

    Args:
        secret: The 48 bytes on which the ends agreed; extended already, if that was negotiated
            (RFC 7627 4).
        client_random: The 32 bytes of the ClientHello.
        server_random: The 32 bytes of the ServerHello.
        suite: What the keys are for.
    """

    __slots__ = ("_client_random", "_secret", "_server_random", "_suite")

    def __init__(
        self, secret: bytes, client_random: bytes, server_random: bytes, suite: CipherSuite
    ) -> None:
        self._secret = secret
        self._client_random = client_random
        self._server_random = server_random
        self._suite = suite

    def key_block(self) -> KeyBlock:
        """The keys for records, without those for a MAC: an AEAD has none (RFC 5246 6.3)."""
        seed = b"key expansion" + self._server_random + self._client_random
        key_size, iv_size = self._suite.key_size, self._suite.iv_size
        block = prf(self._secret, seed, 2 * (key_size + iv_size), self._suite.hash_function)
        keys, ivs = block[: 2 * key_size], block[2 * key_size :]
        return KeyBlock(keys[:key_size], keys[key_size:], ivs[:iv_size], ivs[iv_size:])

    def export(self, label: bytes, length: int) -> bytes:
        """Keys for another protocol, without a context (RFC 5705 4).

        Raises:
            ValueError: TLS itself uses the label.
        """
        if label in _RESERVED_LABELS:
            raise ValueError(f"TLS keeps the label {label!r} for itself")
        seed = label + self._client_random + self._server_random
        return prf(self._secret, seed, length, self._suite.hash_function)


def prf(secret: bytes, seed: bytes, length: int, hash_function: HashAlgorithm) -> bytes:
    """The pseudorandom function of TLS 1.2 (RFC 5246 5).

    Args:
        secret: The key.
        seed: The label and the seed, one after the other.
        length: How many bytes to give.
        hash_function: The one that the cipher suite names.
    """
    keyed = HMAC(secret, hash_function)
    output = b""
    chained = seed
    while len(output) < length:
        chained = _mac(keyed, chained)
        output += _mac(keyed, chained + seed)
    return output[:length]


def _mac(keyed: HMAC, data: bytes) -> bytes:
    """Of ``data``; what has worked the key in already is copied."""
    mac = keyed.copy()
    mac.update(data)
    return mac.finalize()
