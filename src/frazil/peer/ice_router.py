"""From what ICE reports to the tasks that make it visible, and the wishes that cannot wait."""

from collections.abc import Callable
from typing import NamedTuple

from frazil.ice import (
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
from frazil.peer.ice_task import IceTasks
from frazil.peer.stack import TransportStack
from frazil.session.event import RelayStreamRequested, SessionEvent


class Wishes(NamedTuple):
    """What is told at once, outside of any task, because the driver has to act.

    Attributes:
        gather: A gatherer moved.
        stream: A stream to a TURN server is wanted.
    """

    gather: Callable[[TransportStack, GatheringStateChanged], None]
    stream: Callable[[TransportStack, RelayStreamRequested], None]


class IceRouter:
    """Hands each report to the part that queues its tasks, in the order of the reports."""

    __slots__ = ("_ice", "_wishes")

    def __init__(self, ice: IceTasks, wishes: Wishes) -> None:
        self._ice = ice
        self._wishes = wishes

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        match event:
            case IceTransportChanged():
                self._ice.change(stack, event)
            case GatheringStateChanged():
                self._wishes.gather(stack, event)
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
            case RelayStreamRequested():
                self._wishes.stream(stack, event)
