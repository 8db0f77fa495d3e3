"""Remembers every event of a peer connection with all states as a listener sees them."""

import asyncio
from collections.abc import Iterator
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

_ATTRIBUTES: Final = {
    (source, kind): machine.rpartition(".")[2] for machine, (source, kind, _) in MACHINES.items()
}
_INITIAL: Final = {"signalingState": "stable", "RTCSctpTransport.state": "connecting"}
_UNHEARD = {
    "message",
    *(f"icecandidatepair{what}" for what in ("add", "nominate", "remove")),
}
"""Events that there are many of; those of pairs make no difference only if nobody listens."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One event and every state at that moment, read inside the listener.

    Attributes:
        at: When, in virtual seconds.
        source: ``"pc"``, ``"ice"``, ``"dtls"``, ``"sctp"`` or ``"channel <label>"``. After a
            rollback there is another transport: ``"ice 1"`` and so on.
        event: The event object.
        states: By machine, of the connection and the transport that it has now.
        value: What the event announced, read at its target.
    """

    at: float
    source: str
    event: Event
    states: dict[str, str]
    value: str

    def __str__(self) -> str:
        return f"{self.at:.6f} {self.source} {self.event.type} {self.value} {self.states}"


class Witness:
    """Listens to a connection and to every transport and channel as soon as it exists.

    Attributes:
        moments: Everything that was dispatched, oldest first.
    """

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.moments: list[Moment] = []
        self._pc = pc
        self._known: dict[int, Any] = {}
        self.watch("pc", pc)

    def watch(self, source: str, target: Any) -> bool:
        """Listen to every event of ``target``; whether that is new."""
        if id(target) in self._known:
            return False
        self._known[id(target)] = target
        for kind in sorted(target.EVENTS - _UNHEARD):
            target.addEventListener(kind, lambda event: self._note(source, event))
        return True

    def states(self, machine: str, since: float = 0.0, *, transport: int = 0) -> str:
        """The values one after the other: the first one, then those that events announced.

        Args:
            machine: One of :data:`MACHINES`.
            since: The first value is the one in force at this instant, before its events.
            transport: Which transport, in the order in which they came.
        """
        values = [_INITIAL.get(machine, "new")]
        for moment in self._told(machine, transport):
            if moment.at < since:
                values.clear()
            values.append(moment.value)
        return " ".join(values)

    def at(self, machine: str, value: str) -> float:
        """When the event came that showed ``value`` last."""
        return max(moment.at for moment in self._told(machine) if moment.value == value)

    def verify(self) -> None:
        """Check what holds for every connection at every moment.

        States never repeat, aggregates fit their transports, the history tells the same story
        as the events, and every change has its reason.
        """
        for moment in self.moments:
            _check_aggregates(moment)
        history = [each for each in self._pc.stateHistory if each.reason.cause != "close"]
        closed_at = self._pc.stateHistory[-1].at  # in a listener: the rest of the task is not told
        for change in history:
            _check_reason(change)
        for machine, (source, _, name) in MACHINES.items():
            for transport in self._numbers(source):
                full = name if source == "pc" else f"{name} {transport}"
                changes = [each for each in history if each.machine == full]
                values = self.states(machine, transport=transport).split()
                if len(changes) >= len(values) and changes[-1].at == closed_at:
                    changes.pop()
                assert [each.new for each in changes] == values[1:], full
                assert [each.old for each in changes] == values[:-1], full
                assert all(one != two for one, two in pairwise(values)), (full, values)

    # --- inside -------------------------------------------------------------------------------

    def _told(self, machine: str, transport: int = 0) -> Iterator[Moment]:
        source, kind, _ = MACHINES[machine]
        wanted = (f"{source} {transport}" if transport else source, kind)
        return (each for each in self.moments if (each.source, each.event.type) == wanted)

    def _note(self, source: str, event: Event) -> None:
        self._watch_transports()
        attribute = _ATTRIBUTES.get((source.split()[0], event.type))
        value = str(getattr(event.target, attribute)) if attribute else ""
        now = asyncio.get_running_loop().time()
        self.moments.append(Moment(now, source, event, self._read(), value))

    def _numbers(self, source: str) -> list[int]:
        """Of the transports of that kind that were seen; the connection is one."""
        seen = {each.source for each in self.moments if each.source.split()[0] == source}
        return sorted(int((*each.split(), "0")[1]) for each in seen)

    def _watch_transports(self) -> None:
        for dtls in _transports_of(self._pc):
            name = dtls.iceTransport._slots.name
            if self.watch(_source("dtls", name), dtls):
                self.watch(_source("ice", name), dtls.iceTransport)
        sctp = self._pc.sctp
        if sctp is not None:
            self.watch(_source("sctp", sctp._slots.name), sctp)

    def _read(self) -> dict[str, str]:
        """Every state; with several transports each state of a transport is a list."""
        pc, sctp, dtls = self._pc, self._pc.sctp, _transports_of(self._pc)
        targets = {"pc": [pc], "dtls": dtls, "ice": [each.iceTransport for each in dtls]}
        targets["sctp"] = [] if sctp is None else [sctp]
        return {
            machine: " ".join(str(getattr(each, attribute)) for each in targets[source])
            for machine, (source, kind, _) in MACHINES.items()
            if targets[source] and (attribute := _ATTRIBUTES[source, kind])
        }


def _transports_of(pc: RTCPeerConnection) -> list[Any]:
    """The DTLS transports in use, oldest first."""
    carriers = [pc.sctp, *pc.getSenders()] if pc.sctp else pc.getSenders()
    used = {each.transport for each in carriers if each.transport is not None}
    return sorted(used, key=lambda each: int(each.iceTransport._slots.name))


def _source(kind: str, transport: str) -> str:
    return kind if transport == "0" else f"{kind} {transport}"


def _check_reason(change: StateChange) -> None:
    reason = change.reason
    of_signalling = reason.cause in ("rollback", "rejected", "created")
    assert reason.cause, change
    assert reason.rule, change
    assert len(reason.text) > len("because"), change
    assert change.old != change.new, change
    if change.machine.startswith(("ice-transport", "ice-connection")) and not of_signalling:
        assert reason.evidence, change
    for name, fact in reason.evidence:
        assert name.isidentifier(), change
        assert fact is None or isinstance(fact, str | int | float), change


def _check_aggregates(moment: Moment) -> None:
    """What the aggregates have to be, when an event says that they were derived just now."""
    states, kind = moment.states, moment.event.type
    if "RTCIceTransport.state" not in states:
        return
    ice: Any = states["RTCIceTransport.state"].split()
    dtls: Any = states["RTCDtlsTransport.state"].split()
    gatherers: Any = states["RTCIceTransport.gatheringState"].split()
    if moment.source == "ice" or kind.startswith("ice"):
        assert states["iceConnectionState"] == ice_connection_state(False, ice), moment
    if kind.endswith("gatheringstatechange"):
        assert states["iceGatheringState"] == ice_gathering_state(gatherers), moment
    if kind in ("iceconnectionstatechange", "connectionstatechange"):
        expected = connection_state(ice_connection_state(False, ice), dtls)
        assert states["connectionState"] == expected, moment
