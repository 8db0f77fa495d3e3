"""The keys of message integrity, from what people configure (RFC 8489, 9)."""

import hashlib
import hmac
import unicodedata
from enum import IntEnum
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.hmac import HMAC


class PasswordAlgorithm(IntEnum):
    """How a long-term password becomes a key (RFC 8489, 18.5)."""

    MD5 = 1
    SHA256 = 2


def short_term_key(password: str) -> bytes:
    """The key of the short-term mechanism, which ICE uses (RFC 8489, 9.1.1).

    Raises:
        ValueError: OpaqueString does not allow the password.
    """
    return _opaque_string(password)


def long_term_key(
    username: str,
    realm: str,
    password: str,
    algorithm: PasswordAlgorithm = PasswordAlgorithm.MD5,
) -> bytes:
    """The key of the long-term mechanism, which TURN uses (RFC 8489, 9.2.2).

    Raises:
        ValueError: OpaqueString does not allow one of the three.
    """
    text = b":".join(_opaque_string(part) for part in (username, realm, password))
    if algorithm is PasswordAlgorithm.SHA256:
        return hashlib.sha256(text).digest()
    return hashlib.md5(text, usedforsecurity=False).digest()


def user_hash(username: str, realm: str) -> bytes:
    """What stands for a username that is not to be seen on the way (RFC 8489, 14.4).

    Raises:
        ValueError: OpaqueString does not allow one of the two.
    """
    text = b":".join(_opaque_string(part) for part in (username, realm))
    return hashlib.sha256(text).digest()


@lru_cache(maxsize=256)
def keyed_mac(key: bytes) -> HMAC:
    """A MAC by SHA-1 that has worked the key in already: each message takes a copy.

    To work it in costs twice as much as all the rest, and each key is for several messages.
    """
    return HMAC(key, SHA1())


def sign(key: bytes, covered: bytes, *, sha256: bool = False) -> bytes:
    """The MAC of what the integrity attribute covers (RFC 8489, 14.5, 14.6)."""
    if sha256:
        return hmac.digest(key, covered, "sha256")
    mac = keyed_mac(key).copy()
    mac.update(covered)
    return mac.finalize()


def _opaque_string(text: str) -> bytes:
    """``text`` under the OpaqueString profile, as UTF-8 (RFC 8265, 4.2).

    Every kind of space becomes U+0020, then follows Unicode normal form C. Characters outside
    letters, marks, numbers, punctuation, symbols and spaces are refused, as is empty text. The
    profile further refuses a few letters and marks (conjoining Hangul, ignorable ones) and
    judges joiners by their context; here the former pass and all joiners are refused.
    """
    if not text:
        raise ValueError("credentials are not empty")
    if text.isascii() and text.isprintable():
        return text.encode()
    for character in text:
        category = unicodedata.category(character)
        if category[0] not in "LMNPS" and category != "Zs":
            raise ValueError(f"credentials do not contain U+{ord(character):04X}")
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in text)
    return unicodedata.normalize("NFC", spaced).encode()
