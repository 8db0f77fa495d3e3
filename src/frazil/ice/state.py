"""The state of one ICE transport: a table, and the one function that moves along it.

Theory first. Everything the agent knows about its transport boils down to a few questions: is there
a usable pair, is it alive, are pairs left to check, may more candidates come, has patience run out.
The agent asks them after every input and names what it found as a :class:`Cause`. The table says
where a cause leads from each state and which clause of the W3C text says so. A pair of state and
cause that is not in the table is a defect of the agent, not a default.
"""

from enum import StrEnum
from typing import Final

from frazil.machine import Edge, StateMachine
from frazil.states.enums import RTCIceTransportState as State
from frazil.trace import Trace


class Cause(StrEnum):
    """What the agent found out."""

    REMOTE_CANDIDATE = "remote-candidate"
    PAIR_VALID = "pair-valid"
    CHECKS_DONE = "checks-done"
    PAIRS_EXHAUSTED = "pairs-exhausted"
    NEW_PAIRS = "new-pairs"
    GAVE_UP = "gave-up"
    LIVENESS_LOST = "liveness-lost"
    LIVENESS_BACK = "liveness-back"
    INTERFACE_LOST = "interface-lost"
    STREAM_LOST = "stream-lost"
    CONSENT_LOST_PAIRS_LEFT = "consent-lost-pairs-left"
    CONSENT_LOST_AWAITING = "consent-lost-awaiting-candidates"
    CONSENT_LOST = "consent-lost"
    RESTART = "restart"
    CLOSE = "close"


_NEW: Final = State.NEW
_TABLE = "webrtc-pc RTCIceTransportState "
_EXAMPLES = "webrtc-pc RTCIceTransport transitions: "

TRANSITIONS: Final[dict[tuple[State, Cause], Edge[State]]] = {
    (State.NEW, Cause.REMOTE_CANDIDATE): Edge(State.CHECKING, _TABLE + "checking"),
    (State.NEW, Cause.GAVE_UP): Edge(State.FAILED, _TABLE + "failed; RFC 8863"),
    (State.CHECKING, Cause.PAIR_VALID): Edge(State.CONNECTED, _TABLE + "connected"),
    (State.CHECKING, Cause.LIVENESS_BACK): Edge(State.CONNECTED, _TABLE + "connected"),
    (State.CHECKING, Cause.PAIRS_EXHAUSTED): Edge(State.DISCONNECTED, _TABLE + "disconnected"),
    (State.CHECKING, Cause.GAVE_UP): Edge(State.FAILED, _TABLE + "failed; RFC 8863"),
    (State.CONNECTED, Cause.CHECKS_DONE): Edge(State.COMPLETED, _TABLE + "completed"),
    (State.CONNECTED, Cause.LIVENESS_LOST): Edge(State.DISCONNECTED, _TABLE + "disconnected"),
    (State.CONNECTED, Cause.INTERFACE_LOST): Edge(State.DISCONNECTED, _TABLE + "disconnected"),
    (State.CONNECTED, Cause.STREAM_LOST): Edge(
        State.DISCONNECTED, _TABLE + "disconnected; RFC 6544 10"
    ),
    (State.CONNECTED, Cause.CONSENT_LOST_PAIRS_LEFT): Edge(
        State.CHECKING, _EXAMPLES + "consent lost, pairs left; RFC 7675 5.1"
    ),
    (State.CONNECTED, Cause.CONSENT_LOST_AWAITING): Edge(
        State.DISCONNECTED, _EXAMPLES + "consent lost, more candidates may come; RFC 7675 5.1"
    ),
    (State.CONNECTED, Cause.CONSENT_LOST): Edge(State.FAILED, _TABLE + "failed; RFC 7675 5.1"),
    (State.COMPLETED, Cause.LIVENESS_LOST): Edge(
        State.DISCONNECTED, _EXAMPLES + "completed, lost connectivity"
    ),
    (State.COMPLETED, Cause.STREAM_LOST): Edge(
        State.DISCONNECTED, _EXAMPLES + "completed, lost connectivity; RFC 6544 10"
    ),
    (State.COMPLETED, Cause.INTERFACE_LOST): Edge(
        State.DISCONNECTED, _EXAMPLES + "completed, lost connectivity"
    ),
    (State.COMPLETED, Cause.CONSENT_LOST_PAIRS_LEFT): Edge(
        State.CHECKING, _EXAMPLES + "consent lost, pairs left; RFC 7675 5.1"
    ),
    (State.COMPLETED, Cause.CONSENT_LOST_AWAITING): Edge(
        State.DISCONNECTED, _EXAMPLES + "consent lost, more candidates may come; RFC 7675 5.1"
    ),
    (State.COMPLETED, Cause.CONSENT_LOST): Edge(State.FAILED, _TABLE + "failed; RFC 7675 5.1"),
    (State.COMPLETED, Cause.RESTART): Edge(State.CONNECTED, _EXAMPLES + "completed, ICE restart"),
    (State.DISCONNECTED, Cause.PAIR_VALID): Edge(State.CONNECTED, _TABLE + "connected"),
    (State.DISCONNECTED, Cause.LIVENESS_BACK): Edge(State.CONNECTED, _TABLE + "connected"),
    (State.DISCONNECTED, Cause.NEW_PAIRS): Edge(
        State.CHECKING, _EXAMPLES + "disconnected, new candidates"
    ),
    (State.DISCONNECTED, Cause.CONSENT_LOST_PAIRS_LEFT): Edge(
        State.CHECKING, _EXAMPLES + "consent lost, pairs left; RFC 7675 5.1"
    ),
    (State.DISCONNECTED, Cause.CONSENT_LOST): Edge(State.FAILED, _TABLE + "failed; RFC 7675 5.1"),
    (State.DISCONNECTED, Cause.GAVE_UP): Edge(State.FAILED, _TABLE + "failed; RFC 8863"),
    (State.DISCONNECTED, Cause.RESTART): Edge(
        State.CHECKING, _EXAMPLES + "disconnected, ICE restart"
    ),
    (State.FAILED, Cause.RESTART): Edge(State.CHECKING, _EXAMPLES + "failed, ICE restart"),
    **{
        (state, Cause.CLOSE): Edge(State.CLOSED, _TABLE + "closed")
        for state in State
        if state is not State.CLOSED
    },
}


def transport_machine(name: str, trace: Trace) -> StateMachine[State, Cause]:
    """The state of the ICE transport ``name``."""
    return StateMachine("ice", f"ice-transport {name}", _NEW, TRANSITIONS, trace)
