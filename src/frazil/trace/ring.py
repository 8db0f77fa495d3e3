"""The last records of a connection, bounded by the memory that they take."""

from collections import deque
from typing import Final

from frazil.trace.event import EventKind
from frazil.trace.record import Fact, TraceRecord

RING_COST: Final = 48 * 1024
"""Bytes that the records of one connection may take, by the estimate of :func:`cost_of`."""
_RECORD_COST: Final = 150
"""A record with its instants, its tuple of values and its place in the ring."""
_FACT_COST: Final = 8
"""A reference; members of an enum, flags and nothing cost no more."""
_NUMBER_COST: Final = 28
_TEXT_COST: Final = 49
"""What a text has besides its characters."""
_EVIDENCE_COST: Final = 100
"""One item of evidence with its tuple, its value and half a name: names are shared."""


class Ring:
    """The newest records; the oldest make room for them.

    Attributes:
        forgotten: How many records had to make room.
        span: Another number whenever records of routine events stopped counting repetitions.
    """

    __slots__ = ("_cost", "_limit", "_open", "_records", "forgotten", "span")

    def __init__(self, limit: int = RING_COST) -> None:
        """Keep what fits in about ``limit`` bytes, and always the newest record."""
        self._limit = limit
        self._cost = 0
        self._records: deque[TraceRecord] = deque()
        self._open: dict[tuple[EventKind, str, Fact], TraceRecord] = {}
        self.forgotten = 0
        self.span = 0

    @property
    def records(self) -> tuple[TraceRecord, ...]:
        """The records still held, in the order in which they began."""
        return tuple(self._records)

    def append(self, entry: TraceRecord) -> TraceRecord:
        """Keep ``entry``, or count it if it is routine and nothing else has happened since.

        Returns:
            The record that tells of it; further repetitions may be counted there until ``span``
            changes.
        """
        if entry.kind.is_routine:
            return self._append_routine(entry)
        if self._open:
            self._open.clear()
            self.span += 1
        self._keep(entry)
        return entry

    def _append_routine(self, entry: TraceRecord) -> TraceRecord:
        key = _key(entry)
        known = self._open.get(key)
        if known is None:
            known = TraceRecord(entry.at, entry.kind, entry.values, entry.transport)
            self._open[key] = known
            self._keep(known)
        else:
            self._cost += cost_of(entry.values) - cost_of(known.values)
            known.values = entry.values
            known.last_at = entry.at
            known.count += 1
        return known

    def _keep(self, entry: TraceRecord) -> None:
        self._records.append(entry)
        self._cost += cost_of(entry.values)
        while self._cost > self._limit and len(self._records) > 1:
            oldest = self._records.popleft()
            self._cost -= cost_of(oldest.values)
            self.forgotten += 1
            if oldest.kind.is_routine:
                self._open.pop(_key(oldest), None)
                self.span += 1


def cost_of(values: tuple[Fact, ...]) -> int:
    """Bytes that a record with these facts takes, rather too many than too few."""
    cost = _RECORD_COST + _FACT_COST * len(values)
    for value in values:
        kind = type(value)
        if kind is str:
            cost += _TEXT_COST + len(value)  # type: ignore[arg-type]  # it is a str
        elif kind is tuple:
            cost += _EVIDENCE_COST * len(value)  # type: ignore[arg-type]  # it is a tuple
        elif kind is float or kind is int:
            cost += _NUMBER_COST
    return cost


def _key(entry: TraceRecord) -> tuple[EventKind, str, Fact]:
    return entry.kind, entry.transport, entry.values[0]
