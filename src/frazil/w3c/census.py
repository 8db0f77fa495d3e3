"""The connections of this process, for those who look at them from outside."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Generic, TypeVar
from weakref import ref

T = TypeVar("T", bound=object)


class Entry(Generic[T]):
    """What is known of one connection besides itself.

    Attributes:
        number: What the log calls it.
        loop: Where it lives.
        epoch: Seconds since 1970 when the clock of ``loop`` showed 0.
    """

    __slots__ = ("_connection", "epoch", "loop", "number")

    def __init__(
        self, number: int, connection: "ref[T]", loop: asyncio.AbstractEventLoop, epoch: float
    ) -> None:
        self.number = number
        self._connection = connection
        self.loop = loop
        self.epoch = epoch

    @property
    def connection(self) -> T | None:
        """The connection, while anybody else holds it."""
        return self._connection()


class Census(Generic[T]):
    """Numbers newcomers, tells listeners of each, and keeps none of them alive.

    Any thread may look: an entry is made, read or taken out in one step.
    """

    __slots__ = ("_entries", "_listeners", "_numbers")

    def __init__(self) -> None:
        self._numbers = count(1)
        self._entries: dict[int, Entry[T]] = {}
        self._listeners: tuple[Callable[[T], None], ...] = ()

    def enter(self, newcomer: T, loop: asyncio.AbstractEventLoop) -> int:
        """Remember a newcomer for as long as somebody else holds it; its number."""
        number = next(self._numbers)
        gone = ref(newcomer, lambda _: self._entries.pop(number, None))
        self._entries[number] = Entry(number, gone, loop, time.time() - loop.time())
        return number

    def get(self, number: int) -> Entry[T] | None:
        """The entry with this number, if its connection is still there."""
        return self._entries.get(number)

    def __iter__(self) -> Iterator[tuple[int, T]]:
        """Numbers and connections, oldest first."""
        for entry in list(self._entries.values()):
            connection = entry.connection
            if connection is not None:
                yield entry.number, connection

    def listen(self, listener: Callable[[T], None]) -> None:
        """Call ``listener`` with every further newcomer, which is ready for use."""
        self._listeners = (*self._listeners, listener)

    def forget(self, listener: Callable[[T], None]) -> None:
        """Call it no more.

        Raises:
            ValueError: It does not listen.
        """
        listeners = list(self._listeners)
        listeners.remove(listener)
        self._listeners = tuple(listeners)

    def announce(self, newcomer: T) -> None:
        """Tell of somebody who has just come."""
        for listener in self._listeners:
            listener(newcomer)
