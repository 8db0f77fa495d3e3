"""From what ICE reports to the tasks that make it visible."""

from collections.abc import Callable
from typing import Any, Final

from frazil.ice import (
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
from frazil.peer.ice_task import IceTasks
from frazil.peer.stack import TransportStack
from frazil.session.event import SessionEvent

_TASKS: Final[dict[type, Callable[[IceTasks, TransportStack, Any], None]]] = {
    IceTransportChanged: IceTasks.change,
    GatheringStateChanged: IceTasks.change_gathering,
    CandidateGathered: IceTasks.surface,
    CandidatesLost: IceTasks.withdraw,
    CandidatesEnded: IceTasks.end,
    CandidateError: IceTasks.report_error,
    PairAdded: IceTasks.tell_of_pair,
    PairRemoved: IceTasks.tell_of_pair,
    NominationProposed: IceTasks.tell_of_pair,
    RoleChanged: IceTasks.change_role,
}
"""What queues the task of each report."""
ICE_REPORTS: Final = frozenset(_TASKS)
"""What :meth:`IceRouter.route` takes."""


class IceRouter:
    """Hands each report to the part that queues its tasks, in the order of the reports."""

    __slots__ = ("_ice",)

    def __init__(self, ice: IceTasks) -> None:
        self._ice = ice

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        kind = type(event)
        if kind in _TASKS:
            _TASKS[kind](self._ice, stack, event)
