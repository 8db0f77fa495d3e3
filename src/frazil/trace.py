"""The structured record of one connection: what went in, what was decided, and why.

A :class:`Reason` travels with every state change. The same object is shown by
``pc.stateHistory``, the log line and the trace, so all three always agree.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

Fact: TypeAlias = str | int | float | bool | None


class Reason(NamedTuple):
    """Why a state changed.

    Attributes:
        cause: The machine-readable cause, for example ``"liveness-lost"``.
        rule: The clause that demands the change, for example ``"webrtc-pc RTCIceTransportState"``.
        text: One sentence for people.
        evidence: Named facts behind it; durations in seconds.
        deadline_at: The deadline that fired, if a timer caused the change.
        next_deadline_at: When the state will be judged again if nothing else happens.
    """

    cause: str
    rule: str
    text: str
    evidence: tuple[tuple[str, Fact], ...] = ()
    deadline_at: float | None = None
    next_deadline_at: float | None = None


class StateChange(NamedTuple):
    """One state machine moved.

    Attributes:
        at: When, in seconds on the connection's clock.
        machine: Which machine, for example ``"ice-transport 0"`` or ``"connection"``.
        old: The state before.
        new: The state after.
        reason: Why.
    """

    at: float
    machine: str
    old: str
    new: str
    reason: Reason


class TraceRecord(NamedTuple):
    """One thing that happened.

    Attributes:
        at: When, in seconds on the connection's clock.
        layer: ``"ice"``, ``"dtls"``, ``"sctp"``, ``"peer"`` and so on.
        event: What happened, for example ``"pair-formed"``.
        facts: Named details, in the order in which they were given.
    """

    at: float
    layer: str
    event: str
    facts: Mapping[str, Fact]


class Trace:
    """A ring buffer of :class:`TraceRecord`, always on, bounded, cheap.

    Decisions are recorded, payload packets are not: they are counted by whoever handles them.
    """

    __slots__ = ("_listeners", "_records", "counters")

    def __init__(self, capacity: int = 2048) -> None:
        self._records: deque[TraceRecord] = deque(maxlen=capacity)
        self._listeners: list[Callable[[TraceRecord], None]] = []
        self.counters: dict[str, int] = {}
        """How often each kind of bad input was dropped. The names are fixed: it cannot grow."""

    @property
    def records(self) -> tuple[TraceRecord, ...]:
        """The records still held, oldest first."""
        return tuple(self._records)

    def listen(self, listener: Callable[[TraceRecord], None]) -> None:
        """Call ``listener`` with every further record."""
        self._listeners.append(listener)

    def record(self, at: float, layer: str, event: str, **facts: Fact) -> None:
        """Append one record."""
        entry = TraceRecord(at, layer, event, facts)
        self._records.append(entry)
        for listener in self._listeners:
            listener(entry)

    def count(self, name: str) -> None:
        """Count one input that was dropped, by a fixed name such as ``"stun-malformed"``."""
        self.counters[name] = self.counters.get(name, 0) + 1
