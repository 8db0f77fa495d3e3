"""The association's state machine as one table (RFC 9260 section 4)."""

from enum import StrEnum
from typing import Final, NamedTuple


class AssociationState(StrEnum):
    """RFC 9260 section 4, with CLOSED both before the start and after the end."""

    CLOSED = "closed"
    COOKIE_WAIT = "cookie-wait"
    COOKIE_ECHOED = "cookie-echoed"
    ESTABLISHED = "established"
    SHUTDOWN_PENDING = "shutdown-pending"
    SHUTDOWN_SENT = "shutdown-sent"
    SHUTDOWN_RECEIVED = "shutdown-received"
    SHUTDOWN_ACK_SENT = "shutdown-ack-sent"


class StateCause(StrEnum):
    """What moves an association."""

    START = "start"
    SIGNALLED = "signalled"
    INIT_ACK = "init-ack"
    COOKIE_ECHO = "cookie-echo"
    COOKIE_ACK = "cookie-ack"
    COOKIE_ACK_IMPLIED = "cookie-ack-implied"
    STALE_COOKIE = "stale-cookie"
    SHUTDOWN_REQUESTED = "shutdown-requested"
    SHUTDOWN_ARRIVED = "shutdown-arrived"
    ALL_ACKNOWLEDGED = "all-acknowledged"
    SHUTDOWN_ACK = "shutdown-ack"
    SHUTDOWN_COMPLETE = "shutdown-complete"
    ENDED = "ended"


class Edge(NamedTuple):
    """Where a cause leads, and the clause that says so."""

    state: AssociationState
    rule: str


_S = AssociationState
_C = StateCause

TRANSITIONS: dict[tuple[AssociationState, StateCause], Edge] = {
    (_S.CLOSED, _C.START): Edge(_S.COOKIE_WAIT, "RFC 9260 5.1 A"),
    (_S.CLOSED, _C.SIGNALLED): Edge(_S.ESTABLISHED, "draft-hancke-tsvwg-snap"),
    (_S.COOKIE_WAIT, _C.INIT_ACK): Edge(_S.COOKIE_ECHOED, "RFC 9260 5.1 C"),
    (_S.COOKIE_ECHOED, _C.STALE_COOKIE): Edge(_S.COOKIE_WAIT, "RFC 9260 5.2.6"),
    (_S.COOKIE_ECHOED, _C.COOKIE_ACK): Edge(_S.ESTABLISHED, "RFC 9260 5.1 E"),
    # Section 6 would discard what implies it, which the peer repeats a second later.
    (_S.COOKIE_ECHOED, _C.COOKIE_ACK_IMPLIED): Edge(_S.ESTABLISHED, "RFC 9260 5.1 E"),
    (_S.CLOSED, _C.COOKIE_ECHO): Edge(_S.ESTABLISHED, "RFC 9260 5.1 D"),
    (_S.COOKIE_WAIT, _C.COOKIE_ECHO): Edge(_S.ESTABLISHED, "RFC 9260 5.2.4 B"),
    (_S.COOKIE_ECHOED, _C.COOKIE_ECHO): Edge(_S.ESTABLISHED, "RFC 9260 5.2.4 B, D"),
    (_S.ESTABLISHED, _C.SHUTDOWN_REQUESTED): Edge(_S.SHUTDOWN_PENDING, "RFC 9260 9.2"),
    (_S.SHUTDOWN_PENDING, _C.ALL_ACKNOWLEDGED): Edge(_S.SHUTDOWN_SENT, "RFC 9260 9.2"),
    (_S.ESTABLISHED, _C.SHUTDOWN_ARRIVED): Edge(_S.SHUTDOWN_RECEIVED, "RFC 9260 9.2"),
    (_S.SHUTDOWN_PENDING, _C.SHUTDOWN_ARRIVED): Edge(_S.SHUTDOWN_RECEIVED, "RFC 9260 9.2"),
    (_S.SHUTDOWN_RECEIVED, _C.ALL_ACKNOWLEDGED): Edge(_S.SHUTDOWN_ACK_SENT, "RFC 9260 9.2"),
    (_S.SHUTDOWN_SENT, _C.SHUTDOWN_ARRIVED): Edge(_S.SHUTDOWN_ACK_SENT, "RFC 9260 9.2"),
    (_S.SHUTDOWN_SENT, _C.SHUTDOWN_ACK): Edge(_S.CLOSED, "RFC 9260 9.2"),
    (_S.SHUTDOWN_ACK_SENT, _C.SHUTDOWN_ACK): Edge(_S.CLOSED, "RFC 9260 9.2"),
    (_S.SHUTDOWN_ACK_SENT, _C.SHUTDOWN_COMPLETE): Edge(_S.CLOSED, "RFC 9260 9.2"),
    **{(state, _C.ENDED): Edge(_S.CLOSED, "RFC 9260 9.1") for state in _S},
}

SENDS_DATA: Final = frozenset({_S.ESTABLISHED, _S.SHUTDOWN_PENDING, _S.SHUTDOWN_RECEIVED})
"""States that transmit user data at will; COOKIE-ECHOED may only bundle it with COOKIE ECHO."""

RECEIVES_DATA: Final = frozenset({_S.ESTABLISHED, _S.SHUTDOWN_PENDING, _S.SHUTDOWN_SENT})
"""States that accept user data; COOKIE-ECHOED ends with it."""

ACCEPTS_MESSAGES: Final = frozenset({_S.CLOSED, _S.COOKIE_WAIT, _S.COOKIE_ECHOED, _S.ESTABLISHED})
"""States in which the caller may queue messages, as long as the association has not ended."""
