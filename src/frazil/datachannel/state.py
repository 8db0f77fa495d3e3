"""The state of a channel on the wire: the table of its moves.

The states have W3C's names and ``readyState`` follows them, but for one thing: W3C announces an own
channel as open as soon as it can be used, which is at once, while ``connecting`` here lasts until
the peer has shown that it knows the channel.
"""

from enum import StrEnum
from typing import Final

from frazil.machine import Edge, StateMachine
from frazil.states.enums import RTCDataChannelState as State
from frazil.trace import Trace


class Cause(StrEnum):
    """What happened to a channel."""

    CONFIRMED = "confirmed"
    """An acknowledgement, or any message, came from the peer."""
    CLOSE = "close"
    RESET_BY_REMOTE = "reset-by-remote"
    OPENED_TWICE = "opened-twice"
    """The peer sent an OPEN on a stream in use."""
    RESET_BOTH_WAYS = "reset-both-ways"
    RESET_REFUSED = "reset-refused"
    OUT_OF_STREAMS = "out-of-streams"
    """The association has fewer streams than the channel's identifier needs."""
    ASSOCIATION_ENDED = "association-ended"


_CLOSING: Final = {
    Cause.CLOSE: Edge(State.CLOSING, "RFC 8831 6.7"),
    Cause.RESET_BY_REMOTE: Edge(State.CLOSING, "RFC 8831 6.7"),
    Cause.OPENED_TWICE: Edge(State.CLOSING, "RFC 8832 6"),
}
_CLOSED: Final = {
    Cause.OUT_OF_STREAMS: Edge(State.CLOSED, "webrtc-pc RTCSctpTransport connected procedure"),
    Cause.ASSOCIATION_ENDED: Edge(State.CLOSED, "webrtc-pc announce the data channel as closed"),
}

TRANSITIONS: Final[dict[tuple[State, Cause], Edge[State]]] = {
    (State.CONNECTING, Cause.CONFIRMED): Edge(State.OPEN, "RFC 8832 6"),
    (State.CLOSING, Cause.RESET_BOTH_WAYS): Edge(State.CLOSED, "RFC 8831 6.7"),
    (State.CLOSING, Cause.RESET_REFUSED): Edge(State.CLOSED, "RFC 6525 5.2.7"),
    **{
        (state, cause): edge
        for state in (State.CONNECTING, State.OPEN)
        for cause, edge in _CLOSING.items()
    },
    **{
        (state, cause): edge
        for state in (State.CONNECTING, State.OPEN, State.CLOSING)
        for cause, edge in _CLOSED.items()
    },
}


def channel_machine(stream_id: int, initial: State, trace: Trace) -> StateMachine[State, Cause]:
    """The state of the channel on ``stream_id``."""
    return StateMachine("datachannel", f"data-channel {stream_id}", initial, TRANSITIONS, trace)
