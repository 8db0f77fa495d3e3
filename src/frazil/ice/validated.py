"""Which addresses are known to be the peer's: those from which it has sent authentic STUN."""

from collections.abc import Iterator
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice.config import MAX_VALIDATED
from frazil.ice.pair import PairKey
from frazil.types import Address

_NOWHERE: Final[PairKey] = (("", 0), ("", 0))


@mypyc_attr(acyclic=True)
class ValidatedAddresses:
    """The latest pairs of local and remote address on which an authentic message came."""

    __slots__ = ("_keys", "_recent")

    def __init__(self) -> None:
        self._keys: dict[PairKey, None] = {}  # oldest first
        self._recent: PairKey = _NOWHERE  # asked for over and over: to compare is less work

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[PairKey]:
        return iter(self._keys)

    def has(self, key: PairKey) -> bool:
        """Whether an authentic message came that way lately."""
        if key == self._recent:
            return True
        if key not in self._keys:
            return False
        self._recent = key
        return True

    def add(self, key: PairKey, in_use: PairKey | None) -> None:
        """Remember ``key``; if there are too many, forget the oldest that is not ``in_use``."""
        if key not in self._keys:
            if len(self._keys) >= MAX_VALIDATED:
                self.discard(next(known for known in self._keys if known != in_use))
            self._keys[key] = None

    def discard(self, key: PairKey) -> None:
        """Forget one of them."""
        self._keys.pop(key, None)
        self._recent = _NOWHERE

    def remove(self, local: Address) -> None:
        """Nothing can be received at ``local`` any more."""
        self._keys = {key: None for key in self._keys if key[0] != local}
        self._recent = _NOWHERE

    def clear(self) -> None:
        """Forget all."""
        self._keys.clear()
        self._recent = _NOWHERE
