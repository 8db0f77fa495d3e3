"""The state of one relay: a table, and the one function that moves along it."""

from enum import StrEnum
from typing import Final

from frazil.machine import Edge, StateMachine
from frazil.trace import Trace


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


BEFOREHAND: Final = frozenset({TurnState.NEW, TurnState.ALLOCATING})
"""There is no relayed address yet."""

_NEW, _ALLOCATING, _ALLOCATED = TurnState.NEW, TurnState.ALLOCATING, TurnState.ALLOCATED
_CLOSING, _CLOSED, _FAILED = TurnState.CLOSING, TurnState.CLOSED, TurnState.FAILED
_TRANSPORT = "RFC 8656 3.1"
_END = "RFC 8656 8"

TRANSITIONS: Final[dict[tuple[TurnState, Cause], Edge[TurnState]]] = {
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


def relay_machine(name: str, trace: Trace) -> StateMachine[TurnState, Cause]:
    """The state of the relay ``name``."""
    return StateMachine("turn", f"turn {name}", TurnState.NEW, TRANSITIONS, trace)
