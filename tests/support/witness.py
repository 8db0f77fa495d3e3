"""Remembers every event of a peer connection with all states as a listener sees them."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from frazil import Event, RTCPeerConnection, StateChange
from frazil.states.aggregate import connection_state, ice_connection_state, ice_gathering_state

MACHINES: Final = {
    "signalingState": ("pc", "signalingstatechange", "signaling"),
    "iceGatheringState": ("pc", "icegatheringstatechange", "ice-gathering"),
    "iceConnectionState": ("pc", "iceconnectionstatechange", "ice-connection"),
    "connectionState": ("pc", "connectionstatechange", "connection"),
    "RTCIceTransport.state": ("ice", "statechange", "ice-transport"),
    "RTCIceTransport.gatheringState": ("ice", "gatheringstatechange", "ice-gatherer"),
    "RTCDtlsTransport.state": ("dtls", "statechange", "dtls-transport"),
    "RTCSctpTransport.state": ("sctp", "statechange", "sctp-transport"),
}
"""Each state machine: where its event fires, the event, and its name in ``stateHistory``."""

_INITIAL: Final = {"signalingState": "stable", "RTCSctpTransport.state": "connecting"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One event and every state at that moment, read inside the listener.

    Attributes:
        at: When, in virtual seconds.
        source: ``"pc"``, ``"ice"``, ``"dtls"``, ``"sctp"`` or ``"channel <label>"``.
        event: The event object.
        states: By machine; what does not exist yet is missing.
    """

    at: float
    source: str
    event: Event
    states: dict[str, str]

    def __str__(self) -> str:
        return f"{self.at:.6f} {self.source} {self.event.type} {self.states}"


class Witness:
    """Listens to a connection and to every transport and channel as soon as it exists.

    Attributes:
        moments: Everything that was dispatched, oldest first.
    """

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.moments: list[Moment] = []
        self._pc = pc
        self._known: list[object] = []
        self.watch("pc", pc)

    def watch(self, source: str, target: Any) -> None:
        """Listen to every event of ``target``."""
        if not any(target is each for each in self._known):
            self._known.append(target)
            for kind in sorted(target.EVENTS - {"message"}):
                target.addEventListener(kind, lambda event: self._note(source, event))

    def states(self, machine: str, since: float = 0.0) -> str:
        """The values one after the other: the first one, then those that events announced.

        Args:
            machine: One of :data:`MACHINES`.
            since: The first value is the one in force at this instant, before its events.
        """
        source, kind, _ = MACHINES[machine]
        values = [_INITIAL.get(machine, "new")]
        for moment in self.moments:
            if moment.source == source and moment.event.type == kind:
                if moment.at < since:
                    values.clear()
                values.append(moment.states[machine])
        return " ".join(values)

    def at(self, machine: str, value: str) -> float:
        """When the event came that showed ``value`` last."""
        source, kind, _ = MACHINES[machine]
        return max(
            moment.at
            for moment in self.moments
            if (moment.source, moment.event.type) == (source, kind)
            and moment.states[machine] == value
        )

    def verify(self) -> None:
        """Check what holds for every connection at every moment.

        States never repeat, aggregates fit their transports, the history tells the same story
        as the events, and every change has its reason.
        """
        for machine in MACHINES:
            values = self.states(machine).split()
            assert all(one != two for one, two in pairwise(values)), (machine, values)
        for moment in self.moments:
            _check_aggregates(moment)
        self._check_history()

    # --- inside -------------------------------------------------------------------------------

    def _note(self, source: str, event: Event) -> None:
        states = self._read()
        self._watch_transports()
        now = self._pc._loop.time()
        self.moments.append(Moment(now, source, event, states))

    def _watch_transports(self) -> None:
        sctp = self._pc.sctp
        if sctp is not None:
            self.watch("sctp", sctp)
            self.watch("dtls", sctp.transport)
            self.watch("ice", sctp.transport.iceTransport)

    def _read(self) -> dict[str, str]:
        pc, sctp = self._pc, self._pc.sctp
        states = {name: str(getattr(pc, name)) for name in MACHINES if "." not in name}
        if sctp is not None:
            dtls, ice = sctp.transport, sctp.transport.iceTransport
            states |= {
                "RTCIceTransport.state": str(ice.state),
                "RTCIceTransport.gatheringState": str(ice.gatheringState),
                "RTCDtlsTransport.state": str(dtls.state),
                "RTCSctpTransport.state": str(sctp.state),
            }
        return states

    def _check_history(self) -> None:
        history = [each for each in self._pc.stateHistory if each.reason.cause != "close"]
        for change in history:
            _check_reason(change)
        for machine, (_, _, name) in MACHINES.items():
            changes = [each for each in history if each.machine.split()[0] == name]
            told = [each.new for each in changes]
            assert told == self.states(machine).split()[1:], machine
            for one, two in pairwise(changes):
                assert one.machine != two.machine or one.new == two.old, (one, two)


def _check_reason(change: StateChange) -> None:
    reason = change.reason
    assert reason.cause, change
    assert reason.rule, change
    assert len(reason.text) > len("because"), change
    assert change.old != change.new, change
    if change.machine.startswith(("ice-transport", "ice-connection")):
        assert reason.evidence, change
    for name, fact in reason.evidence:
        assert name.isidentifier(), change
        assert fact is None or isinstance(fact, str | int | float), change


def _check_aggregates(moment: Moment) -> None:
    """One transport: what the aggregates have to be. ``connectionState`` trails DTLS by a task."""
    states, kind = moment.states, moment.event.type
    if states["signalingState"] == "closed" or "RTCIceTransport.state" not in states:
        return
    ice: Any = states["RTCIceTransport.state"]
    dtls: Any = states["RTCDtlsTransport.state"]
    gatherer: Any = states["RTCIceTransport.gatheringState"]
    assert states["iceConnectionState"] == ice_connection_state(False, [ice]), moment
    assert states["iceGatheringState"] == ice_gathering_state([gatherer]), moment
    if kind in ("iceconnectionstatechange", "connectionstatechange"):
        expected = connection_state(ice_connection_state(False, [ice]), [dtls])
        assert states["connectionState"] == expected, moment
