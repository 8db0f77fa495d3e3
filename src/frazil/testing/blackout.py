"""Stretches of time in which nothing passes."""

from typing import NamedTuple, TypeAlias

from frazil.testing.packet import TransportProtocol

Place: TypeAlias = str | None
"""The name of a host, or an IP address, or None for anywhere."""


class Ends(NamedTuple):
    """The two ends of a packet's journey, by host name and by address, and what it is."""

    sender: str
    source: str
    receiver: str
    destination: str
    protocol: TransportProtocol


class Blackout(NamedTuple):
    """Nothing passes from ``source`` to ``destination`` in ``[from_at, until_at)``.

    With a protocol, only what is of that.
    """

    source: Place
    destination: Place
    from_at: float
    until_at: float
    protocol: TransportProtocol | None = None

    def lasts(self, at: float) -> bool:
        """Whether it is in force at the instant ``at``."""
        return self.from_at <= at < self.until_at

    def stops(self, ends: Ends) -> bool:
        """Whether it stops what passes between these ends while it lasts."""
        return (
            self.protocol in (None, ends.protocol)
            and self.source in (None, ends.sender, ends.source)
            and self.destination in (None, ends.receiver, ends.destination)
        )


class Blackouts:
    """All blackouts that are, or are still to come."""

    __slots__ = ("_all",)

    def __init__(self) -> None:
        self._all: list[Blackout] = []

    def add(self, blackout: Blackout, now: float) -> None:
        """Add one, and forget those that are over."""
        self._all = [old for old in self._all if old.until_at > now]
        self._all.append(blackout)

    def lift(self, a: Place, b: Place) -> None:
        """Take those away that are between ``a`` and ``b``, in either direction."""
        pairs = ((a, b), (b, a))
        self._all = [old for old in self._all if (old.source, old.destination) not in pairs]

    def lift_all(self) -> None:
        """Take them all away."""
        self._all.clear()

    def in_force(self, at: float) -> tuple[Blackout, ...]:
        """Those that last at the instant ``at``."""
        return tuple(each for each in self._all if each.lasts(at))

    def cover(self, ends: Ends, at: float) -> bool:
        """Whether any of them stops what passes between these ends at the instant ``at``."""
        return any(each.lasts(at) and each.stops(ends) for each in self._all)
