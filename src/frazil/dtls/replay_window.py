"""Which record numbers were seen: a record that comes twice is taken once (RFC 6347 4.1.2.6)."""

from typing import Final

from frazil.compiled import mypyc_attr

REPLAY_WINDOW_SIZE: Final = 256
"""How many record numbers back a late record is taken at least. RFC 6347 asks for 32 and prefers
64; where one burst overtakes another it is easily more."""


@mypyc_attr(acyclic=True)
class ReplayWindow:
    """Knows which record numbers may still come.

    Attributes:
        end: One more than the highest number that was seen. When that very one has come, it is
            moved on by one; all others are for :meth:`add`.
    """

    __slots__ = ("_missing", "end")

    def __init__(self) -> None:
        self.end = 0
        self._missing: set[int] = set()

    def accepts(self, number: int) -> bool:
        """Whether the number is new, and not too old to tell."""
        return number >= self.end or number in self._missing

    def add(self, number: int) -> None:
        """Remember a number that was accepted, once its record has proved to be authentic."""
        if number < self.end:
            self._missing.discard(number)
        else:
            self._skip_to(number)

    def _skip_to(self, number: int) -> None:
        start = number - REPLAY_WINDOW_SIZE
        self._missing.update(range(max(self.end, start), number))
        if len(self._missing) > REPLAY_WINDOW_SIZE:
            self._missing = {each for each in self._missing if each >= start}
        self.end = number + 1
