"""STUN messages whose credentials were replaced: proofs that hold for the pseudonym.

A recording must not hold credentials of TURN servers, and its messages must still prove what they
proved. So a message that verifies with the real key is signed anew with the key of the pseudonym,
in place: nothing else of it changes, and one that did not verify does not afterwards.
"""

import hashlib
import hmac
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from frazil.stun import PasswordAlgorithm, long_term_key, user_hash

_HEADER_SIZE: Final = 20
_USERNAME: Final = 0x0006
_INTEGRITY: Final = 0x0008
_DATA: Final = 0x0013
_REALM: Final = 0x0014
_INTEGRITY_SHA256: Final = 0x001C
_PASSWORD_ALGORITHM: Final = 0x001D
_USERHASH: Final = 0x001E
_FINGERPRINT: Final = 0x8028
_FINGERPRINT_XOR: Final = 0x5354554E
PASSWORD: Final = "redacted "
"""How the password of every pseudonym begins; a number follows."""


class Place(NamedTuple):
    """An attribute: its type, and where its value begins and ends."""

    type: int
    start: int
    stop: int


def places(message: bytes | bytearray) -> Iterator[Place]:
    """The attributes of a message, up to the first that is cut off."""
    at = _HEADER_SIZE
    while at + 4 <= len(message):
        size = int.from_bytes(message[at + 2 : at + 4])
        if at + 4 + size > len(message):
            return
        yield Place(int.from_bytes(message[at : at + 2]), at + 4, at + 4 + size)
        at += 4 + size + (-size & 3)


def data_place(message: bytes) -> Place | None:
    """Where a message carries a datagram for somebody else, if it does."""
    return next((place for place in places(message) if place.type == _DATA), None)


def pseudonym_of(username: str) -> str:
    """A name that says nothing, of the same size in UTF-8."""
    return "u" * len(username.encode())


class Proofs:
    """Knows the credentials of a connection, and puts pseudonyms in their place.

    Other credentials have another pseudonym, as the core looks whether they have changed.
    """

    def __init__(self) -> None:
        self._credentials: dict[tuple[str, str], str] = {}
        self._keys: dict[bytes, bytes] = {}

    def add(self, username: str, password: str) -> tuple[str, str]:
        """Replace these credentials from now on; returns what takes their place."""
        pseudonym = pseudonym_of(username)
        if not username or (username == pseudonym and password.startswith(PASSWORD)):
            return username, password
        number = len(self._credentials) + 1
        return pseudonym, self._credentials.setdefault((username, password), f"{PASSWORD}{number}")

    def replace(self, message: bytes) -> bytes:
        """The message with the pseudonym's name and proof; as it is if no credential is used."""
        if not self._credentials:
            return message
        found = bytearray(message)
        attributes = list(places(message))
        realm = next((each for each in attributes if each.type == _REALM), None)
        if realm is not None:
            self._learn(message[realm.start : realm.stop], attributes, message)
            self._rename(found, attributes, message[realm.start : realm.stop])
        for place in attributes:
            if place.type in (_INTEGRITY, _INTEGRITY_SHA256):
                self._sign(found, message, place)
        restore_fingerprint(found, message)
        return bytes(found)

    def _learn(self, realm: bytes, attributes: list[Place], message: bytes) -> None:
        """Derive the keys that hold in ``realm``."""
        algorithm = PasswordAlgorithm.MD5
        for place in attributes:
            if place.type == _PASSWORD_ALGORITHM:
                number = int.from_bytes(message[place.start : place.start + 2])
                if number in frozenset(PasswordAlgorithm):
                    algorithm = PasswordAlgorithm(number)
        for (username, password), replacement in self._credentials.items():
            try:
                text = realm.decode()
                real = long_term_key(username, text, password, algorithm)
                self._keys[real] = long_term_key(
                    pseudonym_of(username), text, replacement, algorithm
                )
            except ValueError:
                continue  # a realm that the client refuses, too

    def _rename(self, found: bytearray, attributes: list[Place], realm: bytes) -> None:
        for place in attributes:
            value = bytes(found[place.start : place.stop])
            for username, _ in self._credentials:
                pseudonym = pseudonym_of(username)
                if place.type == _USERNAME and value == username.encode():
                    found[place.start : place.stop] = pseudonym.encode()
                elif place.type == _USERHASH and value == _hash(username, realm):
                    found[place.start : place.stop] = _hash(pseudonym, realm)

    def _sign(self, found: bytearray, message: bytes, place: Place) -> None:
        for real, pseudonym in self._keys.items():
            if message[place.start : place.stop] == proof_of(message, place, real):
                found[place.start : place.stop] = proof_of(bytes(found), place, pseudonym)
                return


def restore_fingerprint(found: bytearray, message: bytes) -> None:
    """Give ``found``, made from ``message``, a FINGERPRINT that is right if that of it was."""
    if found == message:
        return
    for place in places(message):
        if place.type == _FINGERPRINT and place.stop - place.start == 4:
            was_right = message[place.start : place.stop] == _fingerprint(message, place)
            checksum = _fingerprint(found, place)
            found[place.start : place.stop] = (
                checksum if was_right else bytes(byte ^ 0xFF for byte in checksum)
            )


def _fingerprint(message: bytes | bytearray, place: Place) -> bytes:
    """The value at ``place`` that is right (RFC 8489 14.7)."""
    return (zlib.crc32(message[: place.start - 4]) ^ _FINGERPRINT_XOR).to_bytes(4)


def proof_of(message: bytes, place: Place, key: bytes) -> bytes:
    """The value at ``place`` that proves knowledge of ``key`` (RFC 8489 14.5, 14.6)."""
    digest = hashlib.sha1 if place.type == _INTEGRITY else hashlib.sha256
    size = place.stop - _HEADER_SIZE  # the proof covers the length up to its own end
    covered = message[:2] + size.to_bytes(2) + message[4 : place.start - 4]
    return hmac.digest(key, covered, digest)[: place.stop - place.start]


def _hash(username: str, realm: bytes) -> bytes:
    try:
        return user_hash(username, realm.decode())
    except ValueError:
        return b""
