"""From what ICE reports to the tasks that make it visible, and to the driver what cannot wait."""

from collections.abc import Callable
from typing import TypeAlias

from frazil.ice import (
    AddressesNeeded,
    CandidateError,
    CandidateGathered,
    CandidatesEnded,
    GatheringStateChanged,
    IceTransportChanged,
    NameFound,
    NominationProposed,
    PairAdded,
    PairRemoved,
    RoleChanged,
)
from frazil.peer.ice_task import IceTasks
from frazil.peer.stack import TransportStack
from frazil.session.event import RelayStreamRequested, SessionEvent

Request: TypeAlias = Callable[[TransportStack, SessionEvent], None]
"""Is told at once, outside of any task, of what the driver may have to act upon."""


class IceRouter:
    """Hands each report to the part that queues its tasks, in the order of the reports."""

    __slots__ = ("_ice", "_request")

    def __init__(self, ice: IceTasks, request: Request) -> None:
        self._ice = ice
        self._request = request

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        match event:
            case IceTransportChanged():
                self._ice.change(stack, event)
            case GatheringStateChanged():
                self._request(stack, event)
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
            case AddressesNeeded() | NameFound() | RelayStreamRequested():
                self._request(stack, event)
