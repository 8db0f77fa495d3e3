"""ICE credentials: the username fragment and password of one side of one generation."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.stun import short_term_key
from frazil.types import RandomBytes
from frazil.value import Value

_ICE_CHARS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_CHAR_OF_BYTE: Final = (_ICE_CHARS * 4).encode()

UFRAG_LENGTH: Final = 8
"""48 random bits; RFC 8445 5.3 asks for at least 24."""
PASSWORD_LENGTH: Final = 24
"""144 random bits; RFC 8445 5.3 asks for at least 128."""
_MAX_UFRAG_SIZE: Final = 256


def is_ice_chars(text: str, shortest: int, longest: int = 256) -> bool:
    """Whether ``text`` is ``shortest`` to ``longest`` ice-chars (RFC 8839 5.4)."""
    return shortest <= len(text) <= longest and all(char in _ICE_CHARS for char in text)


@mypyc_attr(acyclic=True)
class Credentials(Value):
    """The ufrag and password of one agent for one generation (RFC 8445 5.3).

    Attributes:
        key: Authenticates the checks that ``password`` is for (RFC 8489 9.1.1).

    Raises:
        ValueError: The ufrag is empty, longer than 256 bytes or has a colon, or the password
            cannot become a key; checks could not be sent with them.
    """

    __slots__ = ("key", "password", "ufrag")

    def __init__(self, ufrag: str, password: str) -> None:
        if not 1 <= len(ufrag.encode()) <= _MAX_UFRAG_SIZE or ":" in ufrag:
            raise ValueError(f"an ICE ufrag has 1 to {_MAX_UFRAG_SIZE} bytes and no colon")
        self.ufrag = ufrag
        self.password = password
        self.key = short_term_key(password)

    def as_tuple(self) -> tuple[object, ...]:
        """Ufrag and password."""
        return self.ufrag, self.password

    @classmethod
    def generate(cls, random_bytes: RandomBytes) -> "Credentials":
        """Fresh credentials; 64 ice-chars take six bits of each random byte without bias."""
        return cls(
            random_bytes(UFRAG_LENGTH).translate(_CHAR_OF_BYTE).decode(),
            random_bytes(PASSWORD_LENGTH).translate(_CHAR_OF_BYTE).decode(),
        )

    def __repr__(self) -> str:
        return f"Credentials(ufrag={self.ufrag!r})"  # the password is a secret
