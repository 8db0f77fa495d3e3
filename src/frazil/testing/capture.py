"""What became of all datagrams."""

from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from frazil.testing.packet import Fate, Packet

MAX_PACKETS: Final = 10_000
"""How many packets a capture remembers."""


class Capture:
    """The latest packets, how many there were, and whoever wants to know at once.

    Attributes:
        counters: How many datagrams met which :class:`frazil.testing.Fate`.
    """

    __slots__ = ("_listeners", "_packets", "counters")

    def __init__(self) -> None:
        self.counters: Counter[Fate] = Counter()
        self._packets: deque[Packet] = deque(maxlen=MAX_PACKETS)
        self._listeners: list[Callable[[Packet], None]] = []

    @property
    def packets(self) -> tuple[Packet, ...]:
        """The last :data:`MAX_PACKETS` packets, in the order in which they were noted."""
        return tuple(self._packets)

    def listen(self, listener: Callable[[Packet], None]) -> None:
        """Call ``listener`` with every further packet."""
        self._listeners.append(listener)

    def note(self, packet: Packet) -> None:
        """Add a packet."""
        self.counters[packet.fate] += 1
        self._packets.append(packet)
        for listener in self._listeners:
            listener(packet)
