"""The incoming half of a stream."""

from frazil.testing.tcp.segment import Segment


class Receiver:
    """Brings segments into their order, each once."""

    __slots__ = ("_early", "_next")

    def __init__(self) -> None:
        self._next = 0
        self._early: dict[int, Segment] = {}

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has come yet."""
        return self._next == 0

    def take(self, segment: Segment) -> list[Segment]:
        """Take what arrived; what can now be processed, in order."""
        if segment.number >= self._next:
            self._early[segment.number] = segment
        ready = []
        while self._next in self._early:
            ready.append(self._early.pop(self._next))
            self._next += 1
        return ready
