"""The outgoing half of a stream: numbers segments, and repeats what did not arrive."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple, TypeAlias

from frazil.testing.packet import Fate
from frazil.testing.tcp.segment import Segment, SegmentKind

Report: TypeAlias = Callable[[Fate], None]
"""Is told the fate of a segment."""
Ship: TypeAlias = Callable[[bytes, Report], None]
"""Sends a segment on its way."""


class Patience(NamedTuple):
    """How long a sender waits until it repeats a segment the first time, and how often it does.

    Each further time it waits twice as long, up to :data:`MAX_PAUSE_S`.
    """

    first_pause_s: float
    repetitions: int


CONNECTING: Final = Patience(1.0, 6)
"""As Linux does: about two minutes in all."""
CONNECTED: Final = Patience(0.2, 15)
"""As Linux does: about a quarter of an hour in all."""
MAX_PAUSE_S: Final = 120.0


class Sender:
    """Sends segments until each has arrived.

    Args:
        ship: Sends one on its way.
        on_arrival: Called whenever one has arrived.
        on_despair: Called when one has been repeated often enough.
        stream: What segments are marked with.

    Attributes:
        unsent_bytes: How many bytes of payload have not arrived.
    """

    __slots__ = (
        "_next",
        "_on_arrival",
        "_on_despair",
        "_ship",
        "_sizes",
        "_stream",
        "_timers",
        "unsent_bytes",
    )

    def __init__(
        self,
        ship: Ship,
        on_arrival: Callable[[], None],
        on_despair: Callable[[], None],
        stream: int = 0,
    ) -> None:
        self.unsent_bytes = 0
        self._ship = ship
        self._on_arrival = on_arrival
        self._on_despair = on_despair
        self._stream = stream
        self._next = 0
        self._sizes: dict[int, int] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}

    @property
    def is_idle(self) -> bool:
        """Whether everything has arrived."""
        return not self._sizes

    def send(self, kind: SegmentKind, payload: bytes = b"") -> None:
        """Send one segment, after all others."""
        segment = Segment(kind, self._next, payload, self._stream)
        self._next += 1
        self._sizes[segment.number] = len(payload)
        self.unsent_bytes += len(payload)
        self._attempt(segment, 0)

    def stop(self) -> None:
        """Repeat nothing any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._sizes.clear()

    def _attempt(self, segment: Segment, repetitions: int) -> None:
        self._ship(segment.encode(), partial(self._learn, segment, repetitions))

    def _learn(self, segment: Segment, repetitions: int, fate: Fate) -> None:
        number = segment.number
        if number not in self._sizes or number in self._timers:
            return  # another copy of it has arrived, or is about to be sent
        if fate is Fate.DELIVERED:
            self.unsent_bytes -= self._sizes.pop(number)
            self._on_arrival()
            return
        pause_s = min(_patience(segment).first_pause_s * 2**repetitions, MAX_PAUSE_S)
        loop = asyncio.get_running_loop()
        self._timers[number] = loop.call_later(pause_s, self._repeat, segment, repetitions)

    def _repeat(self, segment: Segment, repetitions: int) -> None:
        del self._timers[segment.number]
        if repetitions == _patience(segment).repetitions:
            self._on_despair()
        else:
            self._attempt(segment, repetitions + 1)


def _patience(segment: Segment) -> Patience:
    return CONNECTING if segment.kind is SegmentKind.SYN else CONNECTED
