"""A state that moves along a table, with a reason each time."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from frazil.trace import Evidence, Reason, StateChange, Trace

S = TypeVar("S", bound=StrEnum)
C = TypeVar("C", bound=StrEnum)


class Edge(NamedTuple, Generic[S]):
    """Where a cause leads, and the clause that says so."""

    to: S
    rule: str


class StateMachine(Generic[S, C]):
    """Holds a state and moves it along a table.

    A pair of state and cause that is not in the table is a defect of whoever asks, not a default.

    Args:
        layer: Who writes the trace record.
        name: Names the machine in state changes, for example ``"ice-transport 0"``.
        initial: Where it starts.
        transitions: The edges.
        trace: Where each move is recorded.
    """

    __slots__ = ("_layer", "_name", "_trace", "_transitions", "state")

    def __init__(
        self,
        layer: str,
        name: str,
        initial: S,
        transitions: Mapping[tuple[S, C], Edge[S]],
        trace: Trace,
    ) -> None:
        self._layer = layer
        self._name = name
        self._transitions = transitions
        self._trace = trace
        self.state = initial

    def can_move(self, cause: C) -> bool:
        """Whether ``cause`` leads anywhere from the present state."""
        return (self.state, cause) in self._transitions

    def move(
        self,
        cause: C,
        text: str,
        now: float,
        *,
        evidence: Evidence = (),
        deadline_at: float | None = None,
        next_deadline_at: float | None = None,
    ) -> StateChange:
        """Follow the edge of ``cause``: the only place that writes ``state``.

        Args:
            cause: What happened.
            text: One sentence for people, in lower case and without a full stop.
            now: When.
            evidence: Named facts; durations in seconds.
            deadline_at: The deadline that fired, if one did.
            next_deadline_at: When the state will be judged again if nothing else happens.

        Raises:
            KeyError: There is no such edge.
        """
        old = self.state
        edge = self._transitions[old, cause]
        self.state = edge.to
        reason = Reason(cause, edge.rule, text, evidence, deadline_at, next_deadline_at)
        change = StateChange(now, self._name, old, edge.to, reason)
        self._trace.record_change(self._layer, "state", change)
        return change
