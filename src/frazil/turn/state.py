"""The state of one relay: a table, and the one function that moves along it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from frazil.trace import Fact, Reason, StateChange, Trace


class TurnState(StrEnum):
    """Where a relay is in its life."""

    NEW = "new"
    ALLOCATING = "allocating"
    ALLOCATED = "allocated"
    CLOSING = "closing"
    """The server is being told to forget the allocation."""
    CLOSED = "closed"
    FAILED = "failed"


class Cause(StrEnum):
    """What happened to the relay."""

    ALLOCATE = "allocate"
    GRANTED = "granted"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    UNANSWERED = "unanswered"
    REFRESH_REFUSED = "refresh-refused"
    ALLOCATION_UNKNOWN = "allocation-unknown"
    EXPIRED = "expired"
    TRANSPORT_LOST = "transport-lost"
    CLOSE = "close"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a cause leads, and the clause that says so."""

    to: TurnState
    rule: str


_NEW, _ALLOCATING, _ALLOCATED = TurnState.NEW, TurnState.ALLOCATING, TurnState.ALLOCATED
_CLOSING, _CLOSED, _FAILED = TurnState.CLOSING, TurnState.CLOSED, TurnState.FAILED
_TRANSPORT = "RFC 8656 3.1"
_END = "RFC 8656 8"

TRANSITIONS: Final[dict[tuple[TurnState, Cause], Edge]] = {
    (_NEW, Cause.ALLOCATE): Edge(_ALLOCATING, "RFC 8656 7.1"),
    (_NEW, Cause.TRANSPORT_LOST): Edge(_FAILED, _TRANSPORT),
    (_NEW, Cause.CLOSE): Edge(_CLOSED, _END),
    (_ALLOCATING, Cause.GRANTED): Edge(_ALLOCATED, "RFC 8656 7.3"),
    (_ALLOCATING, Cause.REFUSED): Edge(_FAILED, "RFC 8656 7.4"),
    (_ALLOCATING, Cause.REDIRECTED): Edge(_FAILED, "RFC 8489 10"),
    (_ALLOCATING, Cause.UNANSWERED): Edge(_FAILED, "RFC 8656 7.4; RFC 8489 6.2.1"),
    (_ALLOCATING, Cause.TRANSPORT_LOST): Edge(_FAILED, _TRANSPORT),
    (_ALLOCATING, Cause.CLOSE): Edge(_CLOSING, _END),
    (_ALLOCATED, Cause.REFRESH_REFUSED): Edge(_FAILED, "RFC 8656 8.3"),
    (_ALLOCATED, Cause.ALLOCATION_UNKNOWN): Edge(_FAILED, "RFC 8656 5"),
    (_ALLOCATED, Cause.EXPIRED): Edge(_FAILED, "RFC 8656 3.2"),
    (_ALLOCATED, Cause.TRANSPORT_LOST): Edge(_FAILED, _TRANSPORT),
    (_ALLOCATED, Cause.CLOSE): Edge(_CLOSING, _END),
    (_CLOSING, Cause.RELEASED): Edge(_CLOSED, _END),
    (_CLOSING, Cause.REFUSED): Edge(_CLOSED, _END),
    (_CLOSING, Cause.UNANSWERED): Edge(_CLOSED, "RFC 8489 6.2.1"),
    (_CLOSING, Cause.TRANSPORT_LOST): Edge(_CLOSED, _TRANSPORT),
    (_FAILED, Cause.CLOSE): Edge(_CLOSED, _END),
}


class TurnStateMachine:
    """Holds the state of one relay and moves it along :data:`TRANSITIONS`."""

    __slots__ = ("_name", "_trace", "state")

    def __init__(self, name: str, trace: Trace) -> None:
        self._name = name
        self._trace = trace
        self.state = TurnState.NEW

    def move(
        self,
        cause: Cause,
        text: str,
        now: float,
        *,
        evidence: tuple[tuple[str, Fact], ...] = (),
        deadline_at: float | None = None,
        next_deadline_at: float | None = None,
    ) -> StateChange:
        """Follow the edge of ``cause``, the only way to change ``state``; returns the change."""
        old = self.state
        edge = TRANSITIONS[old, cause]
        self.state = edge.to
        reason = Reason(cause, edge.rule, text, evidence, deadline_at, next_deadline_at)
        self._trace.record(now, "turn", "state", old=old, new=edge.to, cause=cause, text=text)
        return StateChange(now, f"turn {self._name}", old, edge.to, reason)
