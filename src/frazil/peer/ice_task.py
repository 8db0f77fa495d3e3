"""The tasks of ICE transports: what an agent reports becomes slots and events.

webrtc-pc 5.6: "change the selected candidate pair and state", gathering, and candidates.
"""

from typing import Final, TypeAlias

from frazil.ice import (
    Candidate,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    CandidatesLost,
    GatheringStateChanged,
    IceTransportChanged,
    NominationProposed,
    PairAdded,
    PairRemoved,
    RoleChanged,
)
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.core import Core
from frazil.peer.description import Description
from frazil.peer.event import EventType
from frazil.peer.stack import TransportStack
from frazil.states.enums import RTCIceTransportState
from frazil.types import Address

_STATE_CHANGE: Final = EventType.STATE_CHANGE
_GATHERING_STATE_CHANGE: Final = EventType.GATHERING_STATE_CHANGE
_ICE_CANDIDATE: Final = EventType.ICE_CANDIDATE
_STATES: Final = {str(state): state for state in RTCIceTransportState}
_Place: TypeAlias = tuple[Description, int]
"""An m-section of a description."""
_PAIR_EVENTS: Final = {
    PairAdded: EventType.ICE_CANDIDATE_PAIR_ADD,
    PairRemoved: EventType.ICE_CANDIDATE_PAIR_REMOVE,
    NominationProposed: EventType.ICE_CANDIDATE_PAIR_NOMINATE,
}


class IceTasks:
    """Queues one task per report; a task of a discarded transport does nothing."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def change(self, stack: TransportStack, event: IceTransportChanged) -> None:
        """Pair and state together, then up to four events."""
        self._core.tasks.queue(lambda now: self._change(stack, event, now))

    def change_gathering(self, stack: TransportStack, event: GatheringStateChanged) -> None:
        """The gatherer began, or ended its last generation."""
        self._core.tasks.queue(lambda now: self._change_gathering(stack, event, now))

    def surface(self, stack: TransportStack, event: CandidateGathered) -> None:
        """A candidate for the application to signal."""
        self._core.tasks.queue(lambda now: self._surface(stack, event.candidate, event.ufrag, now))

    def withdraw(self, stack: TransportStack, event: CandidatesLost) -> None:
        """Candidates that were surfaced are gone; no event tells."""
        self._core.tasks.queue(lambda now: self._withdraw(stack, event.base))

    def end(self, stack: TransportStack, event: CandidatesEnded) -> None:
        """The end of a generation, to be signalled like a candidate."""
        self._core.tasks.queue(lambda now: self._end(stack, event.ufrag, now))

    def report_error(self, stack: TransportStack, event: CandidateError) -> None:
        """A server gave no candidate."""
        self._core.tasks.queue(lambda now: self._report_error(stack, event, now))

    def tell_of_pair(
        self, stack: TransportStack, event: PairAdded | PairRemoved | NominationProposed
    ) -> None:
        """A pair came, went, or is about to be nominated (webrtc-extensions, RTCIceTransport).

        There may be many, so nobody is told who does not listen.
        """
        if stack.ice.reports_pairs:
            self._core.tasks.queue(lambda now: self._tell_of_pair(stack, event, now))

    def change_role(self, stack: TransportStack, event: RoleChanged) -> None:
        """A role conflict was resolved; no event tells."""
        self._core.tasks.queue(lambda now: self._change_role(stack, event, now))

    def _change(self, stack: TransportStack, event: IceTransportChanged, now: float) -> None:
        if stack.is_discarded:
            return
        core, ice, change = self._core, stack.ice, event.change
        changed: list[EventType] = []
        if event.pair_changed:
            ice.selected_pair = event.pair
        if change is not None:
            ice.state = _STATES[change.new]
            machine = f"ice-transport {stack.name}"
            core.history.record(change.at, machine, change.old, change.new, change.reason)
            changed = core.aggregates.derive_ice(change.reason, now)
        if event.pair_changed:
            core.tasks.fire(ice, EventType.SELECTED_CANDIDATE_PAIR_CHANGE)
        if change is not None:
            core.tasks.fire(ice, _STATE_CHANGE)
        for kind in changed:
            core.tasks.fire(None, kind)

    def _change_gathering(
        self, stack: TransportStack, event: GatheringStateChanged, now: float
    ) -> None:
        core, ice = self._core, stack.ice
        if stack.is_discarded or ice.gathering_state is event.state:
            return
        machine = f"ice-gatherer {stack.name}"
        core.history.record(now, machine, ice.gathering_state, event.state, event.reason)
        ice.gathering_state = event.state
        changed = core.aggregates.derive_gathering(event.reason, now)
        core.tasks.fire(ice, _GATHERING_STATE_CHANGE)
        for kind in changed:
            core.tasks.fire(None, kind)

    def _surface(self, stack: TransportStack, candidate: Candidate, ufrag: str, now: float) -> None:
        generation = stack.generations.get(ufrag)
        places = self._places(stack, ufrag)
        if generation is None or not places:
            return
        line = generation.add(candidate)
        for description, index in places:
            generation.write_to(description, index)
        init = CandidateInit(
            line,
            *_name_of(places[0]),
            ufrag,
            url=candidate.url,
            relay_protocol=candidate.relay_protocol,
        )
        stack.ice.local_candidates.append(init)
        self._core.tasks.fire(None, _ICE_CANDIDATE, init)

    def _withdraw(self, stack: TransportStack, base: Address) -> None:
        """Neither the transport nor a description, which may be sent again, has them any more."""
        ice = stack.ice
        for ufrag, generation in stack.generations.items():
            gone = generation.remove(base)
            if gone:
                ice.local_candidates = [c for c in ice.local_candidates if c.candidate not in gone]
                for description, index in self._places(stack, ufrag):
                    generation.write_to(description, index)

    def _end(self, stack: TransportStack, ufrag: str, now: float) -> None:
        generation = stack.generations.get(ufrag)
        places = self._places(stack, ufrag)
        if generation is None or not places:
            return
        generation.is_gathered = True
        for description, index in places:
            description.end_candidates(index)
        init = CandidateInit("", *_name_of(places[0]), ufrag)
        self._core.tasks.fire(None, _ICE_CANDIDATE, init)

    def _places(self, stack: TransportStack, ufrag: str) -> list[_Place]:
        """Where candidates of the generation belong; nowhere once no description has it.

        There are no early candidates: gathering starts in the task that applies the description.
        A generation without a description was rolled back, and nobody may hear of it.
        """
        if stack.is_discarded:
            return []
        found = [(each, each.place_of(ufrag)) for each in self._core.descriptions.locals()]
        return [(description, index) for description, index in found if index is not None]

    def _report_error(self, stack: TransportStack, event: CandidateError, now: float) -> None:
        if not stack.is_discarded:
            self._core.tasks.fire(None, EventType.ICE_CANDIDATE_ERROR, event)

    def _tell_of_pair(
        self,
        stack: TransportStack,
        event: PairAdded | PairRemoved | NominationProposed,
        now: float,
    ) -> None:
        if not stack.is_discarded:
            self._core.tasks.fire(stack.ice, _PAIR_EVENTS[type(event)], event.pair)

    def _change_role(self, stack: TransportStack, event: RoleChanged, now: float) -> None:
        stack.ice.role = event.role


def _name_of(place: _Place) -> tuple[str | None, int]:
    """The m-section, as signalling calls it."""
    description, index = place
    return description.model.media[index].mid, index
