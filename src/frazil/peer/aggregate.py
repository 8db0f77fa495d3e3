"""The three states of a connection that derive from its transports, and when they are derived."""

from typing import Final

from frazil.peer.event import EventType
from frazil.peer.history import History
from frazil.peer.transport import DtlsTransport
from frazil.states.aggregate import connection_state, ice_connection_state, ice_gathering_state
from frazil.states.enums import (
    RTCIceConnectionState,
    RTCIceGatheringState,
    RTCPeerConnectionState,
)
from frazil.trace import Reason

_ICE_CHANGED: Final = EventType.ICE_CONNECTION_STATE_CHANGE
_GATHERING_CHANGED: Final = EventType.ICE_GATHERING_STATE_CHANGE
_ICE_CANDIDATE: Final = EventType.ICE_CANDIDATE
_CHANGED: Final = EventType.CONNECTION_STATE_CHANGE
_NEW: Final = RTCPeerConnectionState.NEW
_ICE_NEW: Final = RTCIceConnectionState.NEW
_ICE_CLOSED: Final = RTCIceConnectionState.CLOSED
_GATHERING_NEW: Final = RTCIceGatheringState.NEW
_COMPLETE: Final = RTCIceGatheringState.COMPLETE
_RULES: Final = {
    "ice-connection": "webrtc-pc RTCIceConnectionState",
    "connection": "webrtc-pc RTCPeerConnectionState",
    "ice-gathering": "webrtc-pc RTCIceGatheringState",
}


class Aggregates:
    """Slots that are derived again in the tasks that W3C names, never in between.

    Every method returns the events that are due at the connection, in W3C order.

    Attributes:
        transports: Those in use; whoever gives the list keeps it up to date.
    """

    __slots__ = (
        "_history",
        "connection_state",
        "ice_connection_state",
        "ice_gathering_state",
        "transports",
    )

    def __init__(self, history: History) -> None:
        self._history = history
        self.transports: list[DtlsTransport] = []
        self.ice_connection_state: RTCIceConnectionState = _ICE_NEW
        self.connection_state: RTCPeerConnectionState = _NEW
        self.ice_gathering_state: RTCIceGatheringState = _GATHERING_NEW

    def derive_ice(self, reason: Reason, now: float) -> list[EventType]:
        """After an ICE transport changed: the ICE state, then the connection's."""
        ice = ice_connection_state(False, [each.ice.state for each in self.transports])
        events = []
        if ice is not self.ice_connection_state:
            self._record("ice-connection", self.ice_connection_state, ice, reason, now)
            self.ice_connection_state = ice
            events.append(_ICE_CHANGED)
        return events + self.derive_connection(reason, now)

    def derive_connection(self, reason: Reason, now: float) -> list[EventType]:
        """After a DTLS transport changed: the connection's state."""
        dtls = [each.state for each in self.transports]
        state = connection_state(self.ice_connection_state, dtls)
        if state is self.connection_state:
            return []
        self._record("connection", self.connection_state, state, reason, now)
        self.connection_state = state
        return [_CHANGED]

    def derive_gathering(self, reason: Reason, now: float) -> list[EventType]:
        """After a gatherer changed; ``complete`` is told by a null candidate, too."""
        state = ice_gathering_state([each.ice.gathering_state for each in self.transports])
        if state is self.ice_gathering_state:
            return []
        self._record("ice-gathering", self.ice_gathering_state, state, reason, now)
        self.ice_gathering_state = state
        return [_GATHERING_CHANGED, _ICE_CANDIDATE] if state is _COMPLETE else [_GATHERING_CHANGED]

    def derive_all(self, reason: Reason, now: float) -> list[EventType]:
        """After the set of transports changed."""
        return self.derive_ice(reason, now) + self.derive_gathering(reason, now)

    def close(self, reason: Reason, now: float) -> None:
        """Both connection states are ``closed``, without an event; gathering stays as it is."""
        self._record("ice-connection", self.ice_connection_state, _ICE_CLOSED, reason, now)
        self.ice_connection_state = _ICE_CLOSED
        state = connection_state(_ICE_CLOSED, ())
        self._record("connection", self.connection_state, state, reason, now)
        self.connection_state = state

    def _record(self, machine: str, old: str, new: str, reason: Reason, now: float) -> None:
        self._history.record(now, machine, old, new, reason, _RULES[machine])
