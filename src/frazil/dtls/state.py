"""The state of one DTLS transport: a table, and the one function that moves along it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Fact, Reason, StateChange, Trace


class Cause(StrEnum):
    """What happened to the endpoint."""

    STARTED = "started"
    CLIENT_HELLO_RECEIVED = "client-hello-received"
    HANDSHAKE_COMPLETED = "handshake-completed"
    HANDSHAKE_TIMEOUT = "handshake-timeout"
    FINGERPRINT_MISMATCH = "fingerprint-mismatch"
    ALERT_RECEIVED = "alert-received"
    PROTOCOL_VIOLATED = "protocol-violated"
    CLOSE_NOTIFY_RECEIVED = "close-notify-received"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a cause leads, and the clause that says so."""

    to: State
    rule: str


_TABLE = "webrtc-pc RTCDtlsTransportState "
_FATAL = Edge(State.FAILED, _TABLE + "failed; RFC 5246 7.2.2")
_CLOSED_BY_PEER = Edge(State.CLOSED, _TABLE + "closed; RFC 5246 7.2.1")

TRANSITIONS: Final[dict[tuple[State, Cause], Edge]] = {
    (State.NEW, Cause.STARTED): Edge(State.CONNECTING, _TABLE + "connecting"),
    (State.NEW, Cause.CLIENT_HELLO_RECEIVED): Edge(State.CONNECTING, _TABLE + "connecting"),
    (State.CONNECTING, Cause.HANDSHAKE_COMPLETED): Edge(
        State.CONNECTED, _TABLE + "connected; RFC 8122 6.2"
    ),
    (State.CONNECTING, Cause.HANDSHAKE_TIMEOUT): Edge(State.FAILED, _TABLE + "failed"),
    (State.CONNECTING, Cause.FINGERPRINT_MISMATCH): Edge(
        State.FAILED, _TABLE + "failed; RFC 8122 6.2"
    ),
    (State.CONNECTING, Cause.ALERT_RECEIVED): _FATAL,
    (State.CONNECTING, Cause.PROTOCOL_VIOLATED): _FATAL,
    (State.CONNECTING, Cause.CLOSE_NOTIFY_RECEIVED): _CLOSED_BY_PEER,
    (State.CONNECTED, Cause.ALERT_RECEIVED): _FATAL,
    (State.CONNECTED, Cause.PROTOCOL_VIOLATED): _FATAL,
    (State.CONNECTED, Cause.CLOSE_NOTIFY_RECEIVED): _CLOSED_BY_PEER,
    **{
        (state, Cause.CLOSE): Edge(State.CLOSED, _TABLE + "closed")
        for state in State
        if state is not State.CLOSED
    },
}


class TransportStateMachine:
    """Holds the state of one DTLS transport and moves it along :data:`TRANSITIONS`."""

    __slots__ = ("_name", "_trace", "state")

    def __init__(self, name: str, trace: Trace) -> None:
        self._name = name
        self._trace = trace
        self.state = State.NEW

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
        self._trace.record(now, "dtls", "state", old=old, new=edge.to, cause=cause, text=text)
        return StateChange(now, f"dtls-transport {self._name}", old, edge.to, reason)
