"""One connection of a worker, and the handler that serves it."""

import asyncio
import traceback
from typing import Final

from frazil.aio import Network
from frazil.errors import FrazilError
from frazil.states.enums import RTCIceConnectionState, RTCPeerConnectionState
from frazil.w3c import RTCIceCandidate, RTCPeerConnection
from frazil.worker.excerpt import MAX_TEXT, MAX_TRACEBACK, excerpt
from frazil.worker.link import Link
from frazil.worker.message import (
    CandidateGathered,
    CandidateSignalled,
    EndCause,
    Ended,
    StateChanged,
)
from frazil.worker.setup import WorkerSetup

CONNECT_TIMEOUT_S: Final = 60.0
"""How long a peer may be without a connection: from its offer on, or since it was lost.

W3C calls nothing failed before the end of candidates, which many peers never signal."""
HANDLER_TIMEOUT_S: Final = 5.0
"""How long a handler may go on after its connection was closed, before it is cancelled."""


class Attendance:
    """Serves one connection, from the offer to the end.

    It is over when the handler returns or raises, the peer says goodbye, does not come or does not
    come back, the connection fails, or the pool closes it. Whatever it is, the connection is closed
    first; a handler that waits for it then ends by itself, and any other is cancelled.

    Args:
        number: The number of the session.
        setup: The handler, and what the connection is made with.
        network: The one port.
        link: Where the pool is told.

    Attributes:
        number: The number of the session.

    Raises:
        Exception: No connection can be made; as of ``RTCPeerConnection``.
    """

    __slots__ = (
        "_cause",
        "_end",
        "_link",
        "_patience",
        "_pc",
        "_replies",
        "_setup",
        "_signaling",
        "_states",
        "number",
    )

    def __init__(self, number: int, setup: WorkerSetup, network: Network, link: Link) -> None:
        self.number = number
        self._setup = setup
        self._link = link
        self._cause: EndCause | None = None
        self._end = asyncio.Event()
        self._signaling = asyncio.Lock()  # what the peer signals takes effect in its order
        self._states = (RTCPeerConnectionState.NEW, RTCIceConnectionState.NEW)
        self._replies: set[asyncio.Task[None]] = set()
        self._pc = RTCPeerConnection(
            setup.configuration, network=network, ice=setup.ice, session=setup.session
        )
        self._pc.on("icecandidate", self._on_candidate)
        self._pc.on("connectionstatechange", self._on_state)
        self._pc.on("iceconnectionstatechange", self._on_state)
        self._pc.on("remoteclose", lambda cause: self._over(EndCause.REMOTE_CLOSE))
        self._patience = self._be_patient()

    # --- signalling ---------------------------------------------------------------------------

    async def answer(self, sdp: str, *, gather: bool) -> str:
        """The answer to an offer.

        Raises:
            DOMException, TypeError: It cannot be applied. A new session is over then.
        """
        pc = self._pc
        try:
            async with self._signaling:
                await asyncio.sleep(0)  # the handler comes first, so that it hears of everything
                await pc.setRemoteDescription({"type": "offer", "sdp": sdp})
                await pc.setLocalDescription()
                description = pc.localDescription  # another offer may follow meanwhile
            if gather:
                await pc.gathering_complete()
        except Exception:
            if pc.currentRemoteDescription is None:
                self._over(EndCause.REFUSED)
            raise
        assert description is not None
        return description.sdp

    async def add_candidate(self, message: CandidateSignalled) -> None:
        """Take a candidate of the peer.

        Raises:
            DOMException, TypeError: As of ``RTCPeerConnection``.
        """
        init = {
            "candidate": message.candidate,
            "sdpMid": message.sdp_mid,
            "sdpMLineIndex": message.sdp_m_line_index,
            "usernameFragment": message.username_fragment,
        }
        async with self._signaling:
            await self._pc.addIceCandidate(init)

    # --- its life -----------------------------------------------------------------------------

    def close(self) -> None:
        """Have it end."""
        self._over(EndCause.CLOSED)

    def own(self, reply: "asyncio.Task[None]") -> None:
        """Have a task end with the session: operations of a closed connection never settle."""
        self._replies.add(reply)
        reply.add_done_callback(self._replies.discard)

    async def run(self) -> None:
        """Serve to the end, and tell the pool of it."""
        handling = asyncio.create_task(self._handle(), name=f"handler of session {self.number}")
        handling.add_done_callback(lambda _: self._over(EndCause.RETURNED))
        await self._end.wait()
        self._patience.cancel()
        await self._pc.close()
        for reply in tuple(self._replies):
            reply.cancel()
        await asyncio.wait((handling,), timeout=HANDLER_TIMEOUT_S)
        handling.cancel()
        await asyncio.wait((handling,), timeout=HANDLER_TIMEOUT_S)
        self._tell_end(handling)

    async def _handle(self) -> None:
        await self._setup.handler(self._pc)

    def _be_patient(self) -> asyncio.TimerHandle:
        """Have the session end unless the peer is here soon."""
        loop = asyncio.get_running_loop()
        return loop.call_later(CONNECT_TIMEOUT_S, self._over, EndCause.NOT_CONNECTED)

    def _over(self, cause: EndCause) -> None:
        """The first cause counts."""
        if self._cause is None:
            self._cause = cause
            self._end.set()

    def _tell_end(self, handling: "asyncio.Task[None]") -> None:
        assert self._cause is not None
        cause, error, text = self._cause, "", ""
        raised = _raised(handling)
        if raised is not None and cause is EndCause.RETURNED:
            cause = EndCause.RAISED
        if cause is EndCause.RAISED or not _comes_of_the_end(raised):
            error = excerpt(traceback.format_exception_only(raised)[-1].strip(), MAX_TEXT)
            lines = [excerpt(line, MAX_TEXT) for line in traceback.format_exception(raised)]
            text = excerpt("".join(lines), MAX_TRACEBACK)
        self._link.send(Ended(self.number, cause, error, text))

    # --- what the connection says -------------------------------------------------------------

    def _on_candidate(self, candidate: RTCIceCandidate | None) -> None:
        if candidate is not None:
            self._link.send(
                CandidateGathered(
                    self.number,
                    candidate.candidate,
                    candidate.sdpMid,
                    candidate.sdpMLineIndex,
                    candidate.usernameFragment,
                )
            )

    def _on_state(self) -> None:
        pc = self._pc
        states = pc.connectionState, pc.iceConnectionState
        if states == self._states:
            return  # both events fire in one task, and the first has told
        was_connected = self._states[0] is RTCPeerConnectionState.CONNECTED
        self._states = states
        self._link.send(StateChanged(self.number, *states))
        if pc.connectionState is RTCPeerConnectionState.FAILED:
            self._over(EndCause.FAILED)
        elif pc.connectionState is RTCPeerConnectionState.CONNECTED:
            self._patience.cancel()
        elif was_connected:
            self._patience = self._be_patient()


def _raised(handling: "asyncio.Task[None]") -> BaseException | None:
    """What a handler raised, if it did."""
    if not handling.done():
        return TimeoutError(f"it goes on {HANDLER_TIMEOUT_S:.0f} s after it was cancelled")
    return None if handling.cancelled() else handling.exception()


def _comes_of_the_end(raised: BaseException | None) -> bool:
    """Whether nothing but the end of the connection is behind what a handler raised.

    That often comes as an exception where a handler uses it, and as a group out of a ``TaskGroup``.
    """
    if isinstance(raised, BaseExceptionGroup):
        return raised.split(FrazilError)[1] is None
    return isinstance(raised, FrazilError | None)
