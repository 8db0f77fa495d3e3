"""The long-term credential of one client: from challenge to proof (RFC 8489 9.2)."""

import base64
import binascii
from typing import Final

from frazil.errors import ProtocolError
from frazil.stun import (
    AlgorithmChoice,
    Attribute,
    Message,
    PasswordAlgorithm,
    long_term_key,
    user_hash,
)

MAX_CHALLENGE_SIZE: Final = 763
"""Bytes of realm, nonce and algorithms together. They are sent back, so a server could otherwise
make our requests too large to send; 763 is the most that RFC 8489 allows for one of them."""

_NONCE_COOKIE: Final = "obMatJos2"
_FEATURES_SIZE: Final = 4
# RFC 8489 9.2, whose bits count from the right according to erratum 6290.
_PASSWORD_ALGORITHMS: Final = 1 << 0
_USERNAME_ANONYMITY: Final = 1 << 1
_KNOWN_ALGORITHMS: Final = frozenset(PasswordAlgorithm)


class ChallengeError(ProtocolError):
    """What the server asks for cannot be answered, or must not be."""


class Authentication:
    """Proves to the server who we are, and checks that an answer is the server's.

    Attributes:
        realm: Where the credentials hold, as the server says; empty before the first challenge.
        edition: Counts the credentials that were used: what was signed by older ones may be sent
            again.
    """

    __slots__ = (
        "_key",
        "_password",
        "_proof",
        "_sha256",
        "_successor",
        "_username",
        "edition",
        "realm",
    )

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self._key: bytes | None = None
        self._proof: dict[Attribute, object] = {}
        self._sha256 = False
        self._successor: tuple[str, str] | None = None
        self.edition = 0
        self.realm = ""

    @property
    def is_challenged(self) -> bool:
        """Whether the server has asked for proof: from then on every request carries it."""
        return self._key is not None

    def succeed(self, username: str, password: str) -> None:
        """Use these once the server accepts the present ones no longer."""
        is_new = (username, password) != (self._username, self._password)
        self._successor = (username, password) if is_new else None

    def renew(self) -> None:
        """The server does not accept what we have: use what was given since, if anything was."""
        if self._successor is not None:
            self._username, self._password = self._successor
            self._successor = None
            self.edition += 1

    def accept(self, challenge: Message) -> None:
        """Take realm and nonce from a 401 or 438 response (RFC 8489 9.2.5).

        Raises:
            ChallengeError: It is incomplete, too large, asks for what we cannot do, or an
                attacker took the better algorithms from it.
        """
        realm = challenge.text(Attribute.REALM) or self.realm
        nonce = challenge.text(Attribute.NONCE)
        if not realm or not nonce:
            raise ChallengeError("the server asks for proof without a realm and a nonce")
        offered = _offered_algorithms(challenge)
        size = len(realm.encode()) + len(nonce.encode())
        if size + sum(4 + len(each.parameters) for each in offered) > MAX_CHALLENGE_SIZE:
            raise ChallengeError("realm, nonce and algorithms of the server are too long")
        features = _security_features(nonce)
        if features & _PASSWORD_ALGORITHMS and not offered:
            raise ChallengeError("the algorithms that the nonce speaks of are missing")
        algorithm = _choose(offered)
        proof: dict[Attribute, object] = {}
        try:
            self._key = long_term_key(self._username, realm, self._password, algorithm)
            if features & _USERNAME_ANONYMITY:
                proof[Attribute.USERHASH] = user_hash(self._username, realm)
            else:
                proof[Attribute.USERNAME] = self._username
        except ValueError as error:
            raise ChallengeError(f"the realm cannot be used: {error}") from error
        proof |= {Attribute.REALM: realm, Attribute.NONCE: nonce}
        if offered:
            proof[Attribute.PASSWORD_ALGORITHMS] = offered
            proof[Attribute.PASSWORD_ALGORITHM] = AlgorithmChoice(algorithm)
        self._proof = proof
        self._sha256 = bool(offered)
        self.realm = realm

    def sign(self, request: Message) -> bytes:
        """The request as bytes, with proof once the server has asked for it."""
        request.attributes |= self._proof
        return request.encode(self._key, sha256=self._sha256)

    def is_authentic(self, response: Message) -> bool:
        """Whether the sender of a response knows the password."""
        return self._key is not None and response.is_authentic(self._key)


def _offered_algorithms(challenge: Message) -> tuple[AlgorithmChoice, ...]:
    value = challenge.attributes.get(Attribute.PASSWORD_ALGORITHMS)
    return value if isinstance(value, tuple) else ()


def _choose(offered: tuple[AlgorithmChoice, ...]) -> PasswordAlgorithm:
    """The first that we know, as the server lists them by preference; MD5 if it lists none."""
    if not offered:
        return PasswordAlgorithm.MD5
    for number, parameters in offered:
        if number in _KNOWN_ALGORITHMS and not parameters:
            return PasswordAlgorithm(number)
    raise ChallengeError("the server knows no password algorithm that we know")


def _security_features(nonce: str) -> int:
    """The feature bits in a nonce cookie; none if there is no cookie."""
    if not nonce.startswith(_NONCE_COOKIE):
        return 0
    start = len(_NONCE_COOKIE)
    encoded = nonce[start : start + _FEATURES_SIZE]
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return 0
    return int.from_bytes(decoded)
