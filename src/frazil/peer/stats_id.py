"""The names of statistics objects (webrtc-stats 4.1): stable, unique, and not to be guessed."""

import hashlib
from typing import Final

from frazil.peer.stats import StatsType
from frazil.types import RandomBytes

_SECRET_SIZE: Final = 16
_ID_SIZE: Final = 12


class StatsIds:
    """Names the objects of one connection: same object, same name, in every report.

    The names are hashes under a secret of the connection, so that nobody comes to rely on what
    they look like, and no table of what was named before is needed.
    """

    __slots__ = ("_random_bytes", "_secret")

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random_bytes = random_bytes
        self._secret = b""

    def of(self, kind: StatsType, *parts: object) -> str:
        """The name of the object of this type that ``parts`` identify."""
        if not self._secret:
            self._secret = self._random_bytes(_SECRET_SIZE)
        text = repr((str(kind), *parts))
        return hashlib.blake2s(text.encode(), digest_size=_ID_SIZE, key=self._secret).hexdigest()
