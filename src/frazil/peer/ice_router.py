"""From what ICE reports to the tasks that make it visible, and to the driver what cannot wait."""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

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

_FOR_DRIVER: Final = frozenset(
    (AddressesNeeded, GatheringStateChanged, NameFound, RelayStreamRequested)
)
_TASKS: Final[dict[type, Callable[[IceTasks, TransportStack, Any], None]]] = {
    IceTransportChanged: IceTasks.change,
    GatheringStateChanged: IceTasks.change_gathering,
    CandidateGathered: IceTasks.surface,
    CandidatesEnded: IceTasks.end,
    CandidateError: IceTasks.report_error,
    PairAdded: IceTasks.tell_of_pair,
    PairRemoved: IceTasks.tell_of_pair,
    NominationProposed: IceTasks.tell_of_pair,
    RoleChanged: IceTasks.change_role,
}
"""What queues the task of each report."""
ICE_REPORTS: Final = frozenset((*_TASKS, *_FOR_DRIVER))
"""What :meth:`IceRouter.route` takes."""


class IceRouter:
    """Hands each report to the part that queues its tasks, in the order of the reports."""

    __slots__ = ("_ice", "_request")

    def __init__(self, ice: IceTasks, request: Request) -> None:
        self._ice = ice
        self._request = request

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        kind = type(event)
        if kind in _FOR_DRIVER:
            self._request(stack, event)
        if kind in _TASKS:
            _TASKS[kind](self._ice, stack, event)
