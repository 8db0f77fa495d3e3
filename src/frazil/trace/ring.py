"""The last records of a connection, bounded by the memory that they take."""

from collections import deque
from itertools import islice
from typing import Any, Final, TypeAlias

from frazil.trace.event import EventKind
from frazil.trace.record import Fact, TraceRecord

Values: TypeAlias = tuple[Fact, ...]
_Key: TypeAlias = tuple[str, str, str, Fact]
"""Layer, event, transport and first fact: what is counted together."""

RING_COST: Final = 48 * 1024
"""Bytes that the records of one connection may take, by the estimate of :func:`cost_of`."""
_EVIDENCE_COST: Final = 100
"""One item of evidence with its tuple, its value and half a name: names are shared."""


class Ring:
    """The newest records; the oldest make room for them.

    Attributes:
        forgotten: How many records had to make room.
        span: Another number whenever records of routine events stopped counting repetitions.
    """

    __slots__ = ("_cost", "_held", "_limit", "_open", "_parts", "forgotten", "span")

    def __init__(self, limit: int = RING_COST) -> None:
        """Keep what fits in about ``limit`` bytes, and always the newest record."""
        self._limit = limit
        self._cost = 0
        # A record that is counted; of any other, until somebody reads it, one by one what makes it:
        # instant, kind, transport, facts. A tuple for each would weigh half as much again.
        self._parts: deque[Any] = deque()
        self._held = 0
        self._open: dict[_Key, TraceRecord] = {}
        self.forgotten = 0
        self.span = 0

    @property
    def records(self) -> tuple[TraceRecord, ...]:
        """The records still held, in the order in which they began."""
        records: list[TraceRecord] = []
        parts = iter(self._parts)
        for first in parts:
            if isinstance(first, TraceRecord):
                records.append(first)
            else:
                kind, transport = next(parts), next(parts)
                values = tuple(islice(parts, len(kind.facts)))
                records.append(TraceRecord(first, kind, values, transport))
        return tuple(records)

    def append(self, at: float, kind: EventKind, values: Values, transport: str) -> None:
        """Keep what happened, or count it if it is routine and nothing else has happened since."""
        if kind.is_routine:
            self.count(at, kind, values, transport)
            return
        if self._open:
            self._open.clear()
            self.span += 1
        self._parts.extend((at, kind, transport, *values))
        self._held += 1
        self._cost += cost_of(kind, values) if kind.prose_at else kind.weight
        if self._cost > self._limit:
            self._make_room()

    def count(self, at: float, kind: EventKind, values: Values, transport: str) -> TraceRecord:
        """Keep what is routine.

        Returns:
            The record that tells of it; further repetitions may be counted there until ``span``
            changes.
        """
        key = (kind.layer, kind.name, transport, values[0])
        known = self._open.get(key)
        if known is None:
            known = self._open[key] = TraceRecord(at, kind, values, transport)
            self._parts.append(known)
            self._held += 1
            self._cost += cost_of(kind, values)
            if self._cost > self._limit:
                self._make_room()
        else:
            self._cost += cost_of(kind, values) - cost_of(kind, known.values)
            known.repeat(at, values)
        return known

    def _make_room(self) -> None:
        while self._cost > self._limit and self._held > 1:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        self.forgotten += 1
        self._held -= 1
        take = self._parts.popleft
        first = take()
        if isinstance(first, TraceRecord):
            kind = first.kind
            self._cost -= cost_of(kind, first.values)
            self._open.pop((kind.layer, kind.name, first.transport, first.values[0]), None)
            self.span += 1
        else:
            kind, _ = take(), take()
            self._cost -= cost_of(kind, tuple([take() for _ in kind.facts]))


def cost_of(kind: EventKind, values: Values) -> int:
    """Bytes that a record with these facts takes, rather too many than too few."""
    cost = kind.weight
    for at in kind.prose_at:
        value = values[at]
        if value:
            size = len(value)  # type: ignore[arg-type]  # it is a text, or evidence
            cost += size * _EVIDENCE_COST if type(value) is tuple else size
    return cost
