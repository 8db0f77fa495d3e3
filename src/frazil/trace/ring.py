"""The last records of a connection, bounded by the memory that they take."""

from itertools import islice
from typing import Any, Final, TypeAlias

from frazil.trace.event import EventKind
from frazil.trace.record import Fact, TraceRecord

Values: TypeAlias = tuple[Fact, ...]
_Key: TypeAlias = tuple[str, str, str, Fact]
"""Layer, event, transport and first fact: what is counted together."""

RING_COST: Final = 48 * 1024
"""Bytes that the records of one connection may take, by the estimate of :func:`cost_of`."""
_UNWEIGHED: Final = 640
"""Parts of records that may wait to be weighed: those of a usual set-up, some 30 kB.

Whoever reads the records weighs them then, and keeps that to himself."""
_EVIDENCE_COST: Final = 100
"""One item of evidence with its tuple, its value and half a name: names are shared."""


class Ring:
    """The newest records; the oldest make room for them.

    What is recorded is weighed later, many records in one go: to write one down has to be quick.
    One thread writes; any may read, which changes nothing.

    Attributes:
        span: Another number whenever records of routine events stopped counting repetitions.
    """

    __slots__ = (
        "_cost",
        "_forgotten",
        "_held",
        "_limit",
        "_open",
        "_parts",
        "_weigh_at",
        "_weighed",
        "span",
    )

    def __init__(self, limit: int = RING_COST) -> None:
        """Keep what fits in about ``limit`` bytes, and always the newest record."""
        self._limit = limit
        self._cost = 0
        # A record that is counted; of any other, until somebody reads it, one by one what makes it:
        # instant, kind, transport, facts. A tuple for each would weigh half as much again.
        self._parts: list[Any] = []
        self._weighed = 0  # parts of which the cost is known; of what is counted, it always is
        self._weigh_at = _UNWEIGHED  # with so many parts it is time
        self._held = 0
        self._open: dict[_Key, TraceRecord] = {}
        self._forgotten = 0
        self.span = 0

    @property
    def forgotten(self) -> int:
        """How many records had to make room."""
        _, surplus = self._look()
        return self._forgotten + surplus

    @property
    def records(self) -> tuple[TraceRecord, ...]:
        """The records still held, in the order in which they began."""
        records, surplus = self._look()
        return tuple(records[surplus:])

    def append(self, at: float, kind: EventKind, values: Values, transport: str) -> None:
        """Keep what happened, or count it if it is routine and nothing else has happened since."""
        if kind.is_routine:
            self.count(at, kind, values, transport)
            return
        if self._open:
            self._open.clear()
            self.span += 1
        parts = self._parts
        parts.append(at)
        parts.append(kind)
        parts.append(transport)
        parts.extend(values)
        if len(parts) > self._weigh_at:
            self._weigh()

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
                self._weigh()
        else:
            self._cost += cost_of(kind, values) - cost_of(kind, known.values)
            known.repeat(at, values)
        return known

    def _look(self) -> tuple[list[TraceRecord], int]:
        """All records, and how many of them, the oldest, have to make room the next time."""
        records = _read(tuple(self._parts))  # a copy made in one step
        surplus, cost = len(records), 0
        for record in reversed(records):
            cost += cost_of(record.kind, record.values)
            if cost > self._limit and surplus < len(records):
                break
            surplus -= 1
        return records, surplus

    def _weigh(self) -> None:
        """Find out what the records since the last time cost, and make room for them."""
        parts = islice(self._parts, self._weighed, None)
        for first in parts:
            if not isinstance(first, TraceRecord):
                kind, _ = next(parts), next(parts)
                self._held += 1
                self._cost += cost_of(kind, tuple(islice(parts, len(kind.facts))))
        gone = 0
        while self._cost > self._limit and self._held > 1:
            gone += self._forget(gone)
        del self._parts[:gone]
        self._weighed = len(self._parts)
        self._weigh_at = self._weighed + _UNWEIGHED

    def _forget(self, start: int) -> int:
        """Do without the record that begins there; how many parts it has."""
        self._forgotten += 1
        self._held -= 1
        first = self._parts[start]
        if isinstance(first, TraceRecord):
            kind = first.kind
            self._cost -= cost_of(kind, first.values)
            self._open.pop((kind.layer, kind.name, first.transport, first.values[0]), None)
            self.span += 1
            return 1
        kind = self._parts[start + 1]
        size = 3 + len(kind.facts)
        self._cost -= cost_of(kind, tuple(self._parts[start + 3 : start + size]))
        return size


def _read(parts: tuple[Any, ...]) -> list[TraceRecord]:
    """The records that these parts make; the last may be still in the making."""
    records: list[TraceRecord] = []
    start, end = 0, len(parts)
    while start < end:
        first = parts[start]
        if isinstance(first, TraceRecord):
            records.append(first)
            start += 1
            continue
        values_at = start + 3
        if values_at > end:
            break
        kind, transport = parts[start + 1], parts[start + 2]
        start = values_at + len(kind.facts)
        if start <= end:
            records.append(TraceRecord(first, kind, parts[values_at:start], transport))
    return records


def cost_of(kind: EventKind, values: Values) -> int:
    """Bytes that a record with these facts takes, rather too many than too few."""
    cost = kind.weight
    for at in kind.prose_at:
        value = values[at]
        if value:
            size = len(value)  # type: ignore[arg-type]  # it is a text, or evidence
            cost += size * _EVIDENCE_COST if type(value) is tuple else size
    return cost
