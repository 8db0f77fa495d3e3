"""Which public port a NAT gives to an inside socket."""

from enum import StrEnum
from itertools import chain
from random import Random
from typing import Final

PUBLIC_PORTS: Final = range(1_024, 65_536)
"""What a NAT gives out of its own choice; below are the ports of its own services."""


class PortAssignment(StrEnum):
    """How a NAT chooses a public port (RFC 4787, 4.2). No two bindings ever share one."""

    PRESERVING = "preserving"
    """The same as inside, or the next one above that is free."""
    SEQUENTIAL = "sequential"
    """One after the other, so that a peer could guess the next one."""
    RANDOM = "random"
    CONTIGUOUS = "contiguous"
    """Neighbours stay neighbours: inside ports 2n and 2n + 1 become public ports 2m and 2m + 1."""


class Ports:
    """The ports of one public address.

    Args:
        assignment: How to choose.
        random: The dice of the NAT.
    """

    __slots__ = ("_assignment", "_next", "_random", "_taken")

    def __init__(self, assignment: PortAssignment, random: Random) -> None:
        self._assignment = assignment
        self._random = random
        self._next = PUBLIC_PORTS.start
        self._taken: set[int] = set()

    def take(self, inside: int, neighbour: int | None) -> int | None:
        """A port that is free, and from now on taken; None if there is none.

        Args:
            inside: The port of the inside socket.
            neighbour: The public port of the inside port next to it (``inside ^ 1``), if it has
                one.
        """
        port = self._choose(inside, neighbour)
        if port is not None:
            self._taken.add(port)
        return port

    def release(self, port: int) -> None:
        """Let a port be taken again."""
        self._taken.discard(port)

    def _choose(self, inside: int, neighbour: int | None) -> int | None:
        match self._assignment:
            case PortAssignment.PRESERVING:
                return self._first_free(inside)
            case PortAssignment.SEQUENTIAL:
                return self._next_in_turn()
            case PortAssignment.RANDOM:
                return self._first_free(self._random.choice(PUBLIC_PORTS))
            case PortAssignment.CONTIGUOUS:
                return self._beside(neighbour) or self._half_of_free_pair(inside)

    def _next_in_turn(self) -> int | None:
        port = self._first_free(self._next)
        self._next = self._next if port is None else port + 1
        return port

    def _first_free(self, start: int) -> int | None:
        """``start`` itself, or the next free one of the public ports, which form a ring."""
        if start in range(1, 65_536) and start not in self._taken:
            return start
        at = max(start - PUBLIC_PORTS.start, 0) % len(PUBLIC_PORTS)
        ring = chain(PUBLIC_PORTS[at:], PUBLIC_PORTS[:at])
        return next((port for port in ring if port not in self._taken), None)

    def _beside(self, neighbour: int | None) -> int | None:
        if neighbour is None or neighbour ^ 1 in self._taken:
            return None
        return neighbour ^ 1

    def _half_of_free_pair(self, inside: int) -> int | None:
        for even in PUBLIC_PORTS[::2]:
            if self._taken.isdisjoint((even, even + 1)):
                return even + inside % 2
        return self._first_free(PUBLIC_PORTS.start)  # alone, rather than not at all
