"""The state of one DTLS transport: a table, and the one function that moves along it."""

from enum import StrEnum
from typing import Final

from frazil.machine import Edge, StateMachine
from frazil.states.enums import RTCDtlsTransportState as State
from frazil.trace import Trace


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


_TABLE = "webrtc-pc RTCDtlsTransportState "
_FATAL = Edge(State.FAILED, _TABLE + "failed; RFC 5246 7.2.2")
_CLOSED_BY_PEER = Edge(State.CLOSED, _TABLE + "closed; RFC 5246 7.2.1")

TRANSITIONS: Final[dict[tuple[State, Cause], Edge[State]]] = {
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


def transport_machine(name: str, trace: Trace) -> StateMachine[State, Cause]:
    """The state of the DTLS transport ``name``."""
    return StateMachine("dtls", f"dtls-transport {name}", State.NEW, TRANSITIONS, trace)
