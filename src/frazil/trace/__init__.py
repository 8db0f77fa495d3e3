"""The structured record of one connection: what went in, what was decided, and why.

A :class:`Reason` travels with every state change. The same object is shown by
``pc.stateHistory``, the log line and the trace, so all three always agree.

Which events there are, and which facts each of them has, stands in one table: ``EVENTS``.
"""

from frazil.trace.catalogue import EVENTS
from frazil.trace.event import EventKind
from frazil.trace.reason import Reason, StateChange, facts_of_change
from frazil.trace.record import Evidence, Fact, Scalar, TraceRecord
from frazil.trace.ring import RING_COST, Ring
from frazil.trace.trace import Routine, Trace

__all__ = [
    "EVENTS",
    "RING_COST",
    "EventKind",
    "Evidence",
    "Fact",
    "Reason",
    "Ring",
    "Routine",
    "Scalar",
    "StateChange",
    "Trace",
    "TraceRecord",
    "facts_of_change",
]
