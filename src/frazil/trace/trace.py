"""What the layers write to."""

from collections.abc import Callable, Iterable

from frazil.trace.catalogue import EVENTS
from frazil.trace.event import EventKind
from frazil.trace.reason import StateChange, facts_of_change
from frazil.trace.record import Fact, TraceRecord
from frazil.trace.ring import Ring, Values

Listener = Callable[[TraceRecord], None]
Report = Callable[[Listener, BaseException], None]
"""Told of a listener that failed, and how."""


class _Audience:
    """Who listens to a trace, and to which events.

    Attributes:
        listeners: Each with the names of the events that it wants to hear of; empty for all.
        events: The names that somebody wants to hear of.
        report: Told of those who fail; nobody catches what they raise, if there is none.
        version: Another number whenever others listen.
        wants_all: Whether somebody wants to hear of all events.
    """

    __slots__ = ("events", "listeners", "report", "version", "wants_all")

    def __init__(self, report: Report | None) -> None:
        self.report = report
        self.listeners: tuple[tuple[Listener, frozenset[str]], ...] = ()
        self.events: frozenset[str] = frozenset()
        self.version = 0
        self.wants_all = False

    def change(self, listeners: tuple[tuple[Listener, frozenset[str]], ...]) -> None:
        """These listen from now on."""
        self.listeners = listeners
        self.version += 1
        self.events = frozenset().union(*[events for _, events in listeners])
        self.wants_all = frozenset() in [events for _, events in listeners]


class Trace:
    """The trace of a connection, always on, cheap, bounded.

    Decisions are recorded, payload packets are not: they are counted by whoever handles them.

    Attributes:
        transport: The transport that the records made here are about; empty for the connection.
        counters: How often each kind of bad input was dropped. The names are fixed: it cannot
            grow.
    """

    __slots__ = ("_audience", "_ring", "counters", "transport")

    def __init__(self, ring: Ring | None = None, report: Report | None = None) -> None:
        """Make a trace without records.

        Args:
            ring: Where they are kept; one of the usual size, if there is none.
            report: Told of each listener that fails, so that whoever writes a record never hears
                of it. Without, the exception goes to whoever does.
        """
        self._ring = ring or Ring()
        self._audience = _Audience(report)
        self.transport = ""
        self.counters: dict[str, int] = {}

    def of(self, transport: str) -> "Trace":
        """The same trace, for whatever works for one transport of the connection."""
        view = Trace(self._ring)
        view._audience = self._audience
        view.counters = self.counters
        view.transport = transport
        return view

    @property
    def records(self) -> tuple[TraceRecord, ...]:
        """The records still held, in the order in which they began."""
        return self._ring.records

    @property
    def forgotten(self) -> int:
        """How many records had to make room for newer ones."""
        return self._ring.forgotten

    def listen(self, listener: Listener, events: Iterable[str] = ()) -> None:
        """Call ``listener`` with every further record; each repetition comes as one of its own.

        It is called in the middle of what the connection does, and must not call that back; what it
        has ``loop.call_soon`` call may. What it raises, the trace of a connection reports to the
        loop's exception handler; it harms nothing else.

        Args:
            listener: Whom to call.
            events: The names of the events it wants to hear of, if not of all.
        """
        audience = self._audience
        audience.change((*audience.listeners, (listener, frozenset(events))))

    def ignore(self, listener: Listener) -> None:
        """Call ``listener`` no more."""
        audience = self._audience
        audience.change(tuple([each for each in audience.listeners if each[0] != listener]))

    def record(self, at: float, layer: str, event: str, **facts: Fact) -> None:
        """Write down one decision.

        Raises:
            KeyError: ``EVENTS`` does not have the event, or a fact of it was not given.
            TypeError: A fact was given that the event does not have.
        """
        kind = EVENTS[layer][event]
        values = tuple([facts[name] for name in kind.facts])
        if len(values) != len(facts):
            unknown = sorted(set(facts) - set(kind.facts))
            raise TypeError(f"{kind.layer} {kind.name} has no fact {unknown}")
        self.write(at, kind, values)

    def record_change(self, layer: str, event: str, change: StateChange) -> None:
        """Write down that a state machine moved, and why.

        Raises:
            KeyError: ``EVENTS`` does not have the event.
        """
        facts = facts_of_change(change.machine, change.old, change.new, change.reason)
        self.write(change.at, EVENTS[layer][event], facts)

    def write(self, at: float, kind: EventKind, values: Values) -> None:
        """Write down one decision; its facts come in the order of the catalogue."""
        self._ring.append(at, kind, values, self.transport)
        audience = self._audience
        if audience.wants_all or kind.name in audience.events:
            self._tell(at, kind, values)

    def _tell(self, at: float, kind: EventKind, values: Values) -> None:
        audience = self._audience
        for listener, events in audience.listeners:
            if events and kind.name not in events:
                continue
            try:
                listener(TraceRecord(at, kind, values, self.transport))
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as error:
                report = audience.report
                if report is None:
                    raise
                report(listener, error)

    def routine(self, layer: str, event: str) -> "Routine":
        """A way to write down one routine event of one subject over and over.

        Raises:
            KeyError: ``EVENTS`` does not have the event.
        """
        return Routine(self, self._ring, EVENTS[layer][event])

    def count(self, name: str) -> None:
        """Count one input that was dropped, by a fixed name such as ``"stun-malformed"``."""
        self.counters[name] = self.counters.get(name, 0) + 1


class Routine:
    """A routine event of which all but instant and facts is known: see :meth:`Trace.routine`."""

    __slots__ = (
        "_audience",
        "_entry",
        "_is_heard",
        "_kind",
        "_ring",
        "_span",
        "_trace",
        "_version",
    )

    def __init__(self, trace: Trace, ring: Ring, kind: EventKind) -> None:
        self._trace = trace
        self._ring = ring
        self._audience = trace._audience
        self._kind = kind
        self._entry: TraceRecord | None = None
        self._span = -1
        self._is_heard = False
        self._version = -1

    def record(self, at: float, *values: Fact) -> None:
        """Write it down once more, with its facts in the order of the catalogue."""
        ring, entry = self._ring, self._entry
        if entry is None or self._span != ring.span or entry.values[0] != values[0]:
            self._entry = ring.count(at, self._kind, values, self._trace.transport)
            self._span = ring.span
        else:
            entry.repeat(at, values)
        if self._audience.version != self._version:
            self._look_who_listens()
        if self._is_heard:
            self._trace._tell(at, self._kind, values)

    def _look_who_listens(self) -> None:
        """Find out whether somebody wants to hear of the event, as there are other listeners."""
        audience = self._audience
        self._version = audience.version
        self._is_heard = audience.wants_all or self._kind.name in audience.events
