"""The connections of this process, for those who look at them from outside."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Generic, TypeVar
from weakref import ref

T = TypeVar("T", bound=object)


class Directory(Generic[T]):
    """Numbers what is entered, in the order in which it was made, and keeps none of it alive.

    Any thread may look: a number is entered, read or taken out in one step.
    """

    __slots__ = ("_entries", "_numbers")

    def __init__(self) -> None:
        self._numbers = count(1)
        self._entries: dict[int, ref[T]] = {}

    def enter(self, thing: T) -> int:
        """Remember ``thing`` for as long as somebody else holds it; its number."""
        number = next(self._numbers)
        self._entries[number] = ref(thing, partial(self._forget, number))
        return number

    def get(self, number: int) -> T | None:
        """What has this number, if it is still there."""
        entry = self._entries.get(number)
        return None if entry is None else entry()

    def __iter__(self) -> Iterator[tuple[int, T]]:
        """Numbers and what has them, oldest first."""
        for number, entry in list(self._entries.items()):
            thing = entry()
            if thing is not None:
                yield number, thing

    def _forget(self, number: int, entry: "ref[T]") -> None:
        self._entries.pop(number, None)
