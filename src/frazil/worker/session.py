"""A connection in a worker, as its pool sees it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextvars import copy_context
from typing import Any, Final, Protocol

from frazil.aio.pulse import Pulse
from frazil.errors import FrazilError, InvalidStateError
from frazil.states.enums import RTCIceConnectionState, RTCPeerConnectionState
from frazil.w3c import Event, RTCIceCandidate, RTCPeerConnectionIceEvent, RTCSessionDescription
from frazil.w3c.target import EventHandler, EventTarget
from frazil.worker.message import (
    CandidateGathered,
    CandidateSignalled,
    Closing,
    EndCause,
    Message,
    Offered,
    StateChanged,
)
from frazil.worker.signaling import read_candidate, read_offer

MAX_CANDIDATES: Final = 100
"""Gathered candidates that wait for somebody to take them; of more the oldest are forgotten."""


class Courier(Protocol):
    """Who brings messages to the worker of a session."""

    def send(self, message: Message) -> None:
        """Send without waiting; lost if the worker is gone."""

    async def request(self, session: "WorkerSession", make: Callable[[int], Message]) -> str:
        """Send what ``make`` makes of the number of a request; the answer, if there is one.

        Raises:
            InvalidStateError: The session is over before there is an answer.
            HandlerError: It is over because the handler raised an exception.
            WorkerError: The worker is gone, or does not answer.
            DOMException, TypeError: As the connection in the worker has raised it.
        """


class WorkerSession(EventTarget):
    """One connection that lives in a worker.

    It signals like an ``RTCPeerConnection``, and shows its states; what is said on its channels is
    the business of the handler in the worker::

        session = await pool.accept(offer)
        send(session.localDescription)
        async for candidate in session:  # until the session is over
            send(candidate)

    Attributes:
        number: Counts the sessions of the pool, from 1.
        worker: The number of the worker it lives in, from 0.
    """

    __slots__ = (
        "_answer",
        "_candidates",
        "_cause",
        "_connection_state",
        "_context",
        "_courier",
        "_error",
        "_ice_state",
        "_pulse",
        "number",
        "worker",
    )

    onclose = EventHandler("The session is over; an extension. See :attr:`cause`.")
    onconnectionstatechange = EventHandler("``connectionState`` changed.")
    onicecandidate = EventHandler("A candidate is to be signalled.")
    oniceconnectionstatechange = EventHandler("``iceConnectionState`` changed.")

    def __init__(self, number: int, worker: int, courier: Courier) -> None:
        tasks: set[asyncio.Task[Any]] = set()
        super().__init__(tasks)
        self.number = number
        self.worker = worker
        self._courier = courier
        self._context = copy_context()
        self._pulse = Pulse()
        self._candidates: deque[RTCIceCandidate] = deque(maxlen=MAX_CANDIDATES)
        self._answer: RTCSessionDescription | None = None
        self._cause: EndCause | None = None
        self._error: FrazilError | None = None
        self._connection_state = RTCPeerConnectionState.NEW
        self._ice_state = RTCIceConnectionState.NEW

    # --- what it shows ------------------------------------------------------------------------

    @property
    def connectionState(self) -> RTCPeerConnectionState:
        """The state of the connection; ``closed`` once the session is over."""
        return self._connection_state

    @property
    def iceConnectionState(self) -> RTCIceConnectionState:
        """The state of ICE; ``closed`` once the session is over."""
        return self._ice_state

    @property
    def localDescription(self) -> RTCSessionDescription | None:
        """The last answer; ``None`` before the first. Candidates that trickle are not added."""
        return self._answer

    @property
    def cause(self) -> EndCause | None:
        """Why the session is over; ``None`` while it is not."""
        return self._cause

    @property
    def error(self) -> FrazilError | None:
        """A :class:`HandlerError` or :class:`WorkerError`; ``None`` if nothing went wrong."""
        return self._error

    # --- signalling ---------------------------------------------------------------------------

    async def negotiate(self, offer: object, *, gather: bool = False) -> RTCSessionDescription:
        """Answer another offer of the peer: an ICE restart, or more m-sections.

        Args:
            offer: The description, or its dictionary.
            gather: Wait for all candidates and put them into the answer.

        Raises:
            InvalidStateError: The session is over.
            HandlerError: The handler raised an exception before there was an answer.
            WorkerError: The worker is gone or does not answer.
            DOMException, TypeError: The offer cannot be applied.
        """
        sdp = read_offer(offer)
        answer = await self._ask(lambda request: Offered(request, self.number, sdp, bool(gather)))
        self._answer = RTCSessionDescription(answer, "answer")
        return self._answer

    async def addIceCandidate(self, candidate: object = None) -> None:
        """Take a candidate of the peer; ``None`` says that there are no more.

        Raises:
            TypeError, DOMException: As of ``RTCPeerConnection``.
            InvalidStateError: The session is over.
            HandlerError: The handler raised an exception before the candidate was taken.
            WorkerError: The worker is gone or does not answer.
        """
        init = read_candidate(candidate)
        members = init.candidate, init.sdp_mid, init.sdp_m_line_index, init.username_fragment
        await self._ask(lambda request: CandidateSignalled(request, self.number, *members))

    async def _ask(self, make: Callable[[int], Message]) -> str:
        if self._cause is not None:
            raise self.over()
        return await self._courier.request(self, make)

    async def __aiter__(self) -> AsyncIterator[RTCIceCandidate]:
        """The candidates for the peer, as they are gathered, until the session is over.

        One with an empty line says that a generation has no more. Each is given to one iteration.
        """
        while True:
            await self._pulse.wait_until(lambda: bool(self._candidates) or self._cause is not None)
            if not self._candidates:
                return
            yield self._candidates.popleft()

    # --- the end ------------------------------------------------------------------------------

    async def close(self) -> None:
        """Have the connection closed, and wait until the handler has ended. Idempotent."""
        self.abandon()
        await self.wait_closed()

    def abandon(self) -> None:
        """Have it closed without waiting: nobody will know of it."""
        if self._cause is None:
            self._courier.send(Closing(self.number))

    async def wait_closed(self) -> None:
        """Wait until the session is over, for whatever reason."""
        await self._pulse.wait_until(lambda: self._cause is not None)

    def over(self) -> FrazilError:
        """The exception that tells that the session is over."""
        return InvalidStateError(f"session {self.number} is over: {self._cause}")

    # --- what the worker says -----------------------------------------------------------------

    def candidate_gathered(self, message: CandidateGathered) -> None:
        """There is a candidate for the peer."""
        candidate = RTCIceCandidate(
            message.candidate,
            message.sdp_mid,
            message.sdp_m_line_index,
            message.username_fragment,
        )
        self._candidates.append(candidate)
        self._pulse.beat()
        self._dispatch(RTCPeerConnectionIceEvent("icecandidate", self, candidate))

    def state_changed(self, message: StateChanged) -> None:
        """The states are these; what has changed is fired.

        Raises:
            ValueError: One of them is none.
        """
        ice, connection = self._ice_state, self._connection_state
        self._ice_state = RTCIceConnectionState(message.ice)
        self._connection_state = RTCPeerConnectionState(message.connection)
        self._pulse.beat()
        if self._ice_state is not ice:
            self._dispatch(Event("iceconnectionstatechange", self))
        if self._connection_state is not connection:
            self._dispatch(Event("connectionstatechange", self))

    def end(self, cause: EndCause, error: FrazilError | None) -> None:
        """It is over, and the states are ``closed``. Fires ``close``, and nothing else."""
        if self._cause is not None:
            return
        self._cause, self._error = cause, error
        self._connection_state = RTCPeerConnectionState.CLOSED
        self._ice_state = RTCIceConnectionState.CLOSED
        self._pulse.beat()
        self._dispatch(Event("close", self))

    def _dispatch(self, event: Event) -> None:
        """Fire it for whoever asked for the session, not for whoever started the pool."""
        self._context.copy().run(super()._dispatch, event)

    def __repr__(self) -> str:
        state = self._cause or self._connection_state
        return f"<WorkerSession {self.number} in worker {self.worker}: {state}>"
