"""Transports that gather before any description asks for them."""

from collections.abc import Callable
from typing import Final, TypeAlias

from frazil.peer.stack import TransportStack
from frazil.session.session import Session

SessionFactory: TypeAlias = Callable[[str], Session]
"""Makes the session of the transport with the given name."""

MAX_SPARE_TRANSPORTS: Final = 4
"""Transports that gather ahead, whatever ``iceCandidatePoolSize`` says: each has sockets."""


class TransportPool:
    """Makes transports, some of them ahead (RFC 9429 3.5.4).

    Whoever takes one out has to use it or close it.

    Args:
        factory: Makes their sessions.

    Attributes:
        is_open: Whether transports may be wanted ahead; until :meth:`close`.
        spare: Those that wait to be used, oldest first.
    """

    __slots__ = ("_factory", "_made", "is_open", "spare")

    def __init__(self, factory: SessionFactory) -> None:
        self._factory = factory
        self._made = 0
        self.is_open = True
        self.spare: list[TransportStack] = []

    def take(self) -> TransportStack:
        """The oldest spare one, or a new one."""
        return self.spare.pop(0) if self.spare else self._make()

    def find(self, name: str) -> TransportStack | None:
        """The spare one of that name, unless it was discarded while the driver was at work."""
        return next((each for each in self.spare if each.name == name), None)

    def fill(self, size: int, now: float) -> list[TransportStack]:
        """Let ``size`` transports gather ahead, or as many as may; takes out those beyond."""
        wanted = min(size, MAX_SPARE_TRANSPORTS)
        surplus = self.spare[wanted:]
        del self.spare[wanted:]
        while len(self.spare) < wanted:
            stack = self._make()
            self.spare.append(stack)
            stack.session.gather_early(now)
        return surplus[::-1]

    def empty(self) -> list[TransportStack]:
        """Take out all."""
        spare, self.spare = self.spare, []
        return spare

    def close(self) -> list[TransportStack]:
        """Take out all: no others are wanted from now on."""
        self.is_open = False
        return self.empty()

    def _make(self) -> TransportStack:
        name = str(self._made)
        self._made += 1
        return TransportStack(name, self._factory(name))
