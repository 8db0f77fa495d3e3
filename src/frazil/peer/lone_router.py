"""What the session of a transport without a connection reports, made visible at the transport."""

from collections.abc import Callable
from functools import partial

from frazil.ice import (
    Candidate,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceTransportChanged,
    NominationProposed,
    PairAdded,
    PairRemoved,
    RoleChanged,
)
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.core import Core
from frazil.peer.event import EventType
from frazil.peer.ice_task import IceTasks
from frazil.peer.stack import TransportStack
from frazil.session.event import DatagramReceived, SessionEvent

MID = ""
"""The m-section of a candidate that belongs to none."""


class LoneIceTasks(IceTasks):
    """Candidates are surfaced at the transport, since there is neither connection nor SDP."""

    def _surface(self, stack: TransportStack, candidate: Candidate, ufrag: str, now: float) -> None:
        init = CandidateInit(candidate.to_line(), MID, 0, ufrag, candidate.url)
        stack.ice.local_candidates.append(init)
        self._core.tasks.fire(stack.ice, EventType.ICE_CANDIDATE, init)

    def _end(self, stack: TransportStack, ufrag: str, now: float) -> None:
        self._core.tasks.fire(stack.ice, EventType.ICE_CANDIDATE, CandidateInit("", MID, 0, ufrag))

    def _report_error(self, stack: TransportStack, event: CandidateError, now: float) -> None:
        self._core.tasks.fire(stack.ice, EventType.ICE_CANDIDATE_ERROR, event)


class LoneRouter:
    """Queues the tasks of one transport, in the order of the reports."""

    __slots__ = ("_core", "_ice", "_on_gathering")

    def __init__(
        self,
        core: Core,
        on_gathering: Callable[[TransportStack, GatheringStateChanged], None],
    ) -> None:
        """Tell ``on_gathering`` at once, outside of any task, when the gatherer moves."""
        self._core = core
        self._ice = LoneIceTasks(core)
        self._on_gathering = on_gathering

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        match event:
            case DatagramReceived():
                self._core.tasks.queue(partial(self._deliver, stack, event))
            case IceTransportChanged():
                self._ice.change(stack, event)
            case GatheringStateChanged():
                self._on_gathering(stack, event)
                self._ice.change_gathering(stack, event)
            case CandidateGathered():
                self._ice.surface(stack, event)
            case CandidatesEnded():
                self._ice.end(stack, event)
            case CandidateError():
                self._ice.report_error(stack, event)
            case PairAdded() | PairRemoved() | NominationProposed():
                self._ice.tell_of_pair(stack, event)
            case RoleChanged():
                self._ice.change_role(stack, event)

    def _deliver(self, stack: TransportStack, event: DatagramReceived, now: float) -> None:
        self._core.tasks.fire(stack.ice, EventType.MESSAGE, event.data)
