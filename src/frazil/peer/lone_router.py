"""What the session of a transport without a connection reports, made visible at the transport."""

from functools import partial

from frazil.ice import Candidate, CandidateError
from frazil.peer.candidate_init import CandidateInit
from frazil.peer.core import Core
from frazil.peer.event import EventType
from frazil.peer.ice_router import IceRouter
from frazil.peer.ice_task import IceTasks
from frazil.peer.stack import TransportStack
from frazil.session.event import DatagramReceived, SessionEvent

MID = ""
"""The m-section of a candidate that belongs to none."""


class LoneIceTasks(IceTasks):
    """Candidates are surfaced at the transport, since there is neither connection nor SDP."""

    __slots__ = ()

    def _surface(self, stack: TransportStack, candidate: Candidate, ufrag: str, now: float) -> None:
        generation = stack.generations.get(ufrag)
        if generation is None:
            return  # a listener that was called before has begun to gather again
        line = generation.add(candidate)
        init = CandidateInit(line, MID, 0, ufrag, candidate.url, candidate.relay_protocol)
        stack.ice.local_candidates.append(init)
        self._core.tasks.fire(stack.ice, EventType.ICE_CANDIDATE, init)

    def _end(self, stack: TransportStack, ufrag: str, now: float) -> None:
        self._core.tasks.fire(stack.ice, EventType.ICE_CANDIDATE, CandidateInit("", MID, 0, ufrag))

    def _report_error(self, stack: TransportStack, event: CandidateError, now: float) -> None:
        self._core.tasks.fire(stack.ice, EventType.ICE_CANDIDATE_ERROR, event)


class LoneRouter(IceRouter):
    """Knows ICE, and the datagrams of the application."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        super().__init__(LoneIceTasks(core))
        self._core = core

    def route(self, stack: TransportStack, event: SessionEvent) -> None:
        """Queue what ``event`` asks for."""
        if isinstance(event, DatagramReceived):
            self._core.tasks.queue(partial(self._deliver, stack, event))
        else:
            super().route(stack, event)

    def _deliver(self, stack: TransportStack, event: DatagramReceived, now: float) -> None:
        self._core.tasks.fire(stack.ice, EventType.MESSAGE, event.data)
