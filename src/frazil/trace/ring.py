"""The last records of a connection, bounded by the memory that they take."""

from collections import deque
from typing import Any, Final, TypeAlias

from frazil.trace.event import EventKind
from frazil.trace.record import Fact, TraceRecord

Values: TypeAlias = tuple[Fact, ...]
_Key: TypeAlias = tuple[str, str, str, Fact]
"""Layer, event, transport and first fact: what is counted together."""
_Entry: TypeAlias = tuple[Any, ...]
"""An instant, a kind, a transport, then the facts: what a record is until somebody reads it."""
_FACTS_AT: Final = 3

RING_COST: Final = 48 * 1024
"""Bytes that the records of one connection may take, by the estimate of :func:`cost_of`."""
_RECORD_COST: Final = 120
"""A record with its instant and its place in the ring."""
_FACT_COST: Final = 36
"""A reference and what it refers to: mostly a number, or a text that many records share."""
_EVIDENCE_COST: Final = 100
"""One item of evidence with its tuple, its value and half a name: names are shared."""


class Ring:
    """The newest records; the oldest make room for them.

    Attributes:
        forgotten: How many records had to make room.
        span: Another number whenever records of routine events stopped counting repetitions.
    """

    __slots__ = ("_cost", "_entries", "_limit", "_open", "forgotten", "span")

    def __init__(self, limit: int = RING_COST) -> None:
        """Keep what fits in about ``limit`` bytes, and always the newest record."""
        self._limit = limit
        self._cost = 0
        self._entries: deque[_Entry | TraceRecord] = deque()
        self._open: dict[_Key, TraceRecord] = {}
        self.forgotten = 0
        self.span = 0

    @property
    def records(self) -> tuple[TraceRecord, ...]:
        """The records still held, in the order in which they began."""
        return tuple(
            [each if isinstance(each, TraceRecord) else _read(each) for each in self._entries]
        )

    def append(self, at: float, kind: EventKind, values: Values, transport: str) -> None:
        """Keep what happened, or count it if it is routine and nothing else has happened since."""
        if kind.is_routine:
            self.count(at, kind, values, transport)
            return
        if self._open:
            self._open.clear()
            self.span += 1
        self._entries.append((at, kind, transport, *values))
        self._cost += cost_of(kind, values)
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
            self._entries.append(known)
            self._cost += cost_of(kind, values)
            if self._cost > self._limit:
                self._make_room()
        else:
            self._cost += cost_of(kind, values) - cost_of(kind, known.values)
            known.repeat(at, values)
        return known

    def _make_room(self) -> None:
        while self._cost > self._limit and len(self._entries) > 1:
            self._forget(self._entries.popleft())

    def _forget(self, oldest: _Entry | TraceRecord) -> None:
        self.forgotten += 1
        if isinstance(oldest, TraceRecord):
            kind = oldest.kind
            self._cost -= cost_of(kind, oldest.values)
            self._open.pop((kind.layer, kind.name, oldest.transport, oldest.values[0]), None)
            self.span += 1
        else:
            self._cost -= cost_of(oldest[1], oldest[_FACTS_AT:])


def _read(entry: _Entry) -> TraceRecord:
    at, kind, transport = entry[:_FACTS_AT]
    return TraceRecord(at, kind, entry[_FACTS_AT:], transport)


def cost_of(kind: EventKind, values: Values) -> int:
    """Bytes that a record with these facts takes, rather too many than too few."""
    cost = _RECORD_COST + _FACT_COST * len(values)
    for at in kind.prose_at:
        value = values[at]
        if value:
            size = len(value)  # type: ignore[arg-type]  # it is a text, or evidence
            cost += size * _EVIDENCE_COST if type(value) is tuple else size
    return cost
