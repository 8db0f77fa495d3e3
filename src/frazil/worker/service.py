"""What runs in a worker process."""

import asyncio
import signal
import socket
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final

from frazil.aio import SharedPort
from frazil.aio.port_range import PORT_REFUSED
from frazil.aio.selection import IpHandlingPolicy
from frazil.errors import RTCError
from frazil.types import Datagram
from frazil.worker.attendance import Attendance
from frazil.worker.excerpt import MAX_TEXT, excerpt
from frazil.worker.link import Link
from frazil.worker.memory import Memory
from frazil.worker.message import (
    Accepted,
    CandidateSignalled,
    Closing,
    EndCause,
    Ended,
    Message,
    MessageError,
    NotReady,
    Offered,
    Ready,
    Refused,
)
from frazil.worker.setup import WorkerSetup

CLOSE_TIMEOUT_S: Final = 10.0
"""How long handlers may take to end when the worker has to."""


def serve(sock: socket.socket, setup: WorkerSetup) -> None:
    """Serve until the other end of ``sock`` is closed: the main function of a worker process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave_to_the_pool)
    asyncio.run(_serve(sock, setup))


def _leave_to_the_pool(number: int, frame: FrameType | None) -> None:
    """Ctrl-C, and the end of a service, come to every process of a group: the pool decides.

    Unlike ``SIG_IGN``, this is not what the processes inherit that a handler starts.
    """


async def _serve(sock: socket.socket, setup: WorkerSetup) -> None:
    link = await Link.over(sock)
    async with SharedPort(setup.port) as network:
        service = Service(link, network, setup)
        try:
            if service.begin():
                while (message := await link.receive()) is not None:
                    service.take(message)
        finally:
            await service.close()
            await link.close()


def _ignore(batch: list[Datagram]) -> None:
    """There is no connection yet."""


class Service:
    """All sessions of a worker.

    Args:
        link: To the pool.
        network: The one port.
        setup: How to serve.
    """

    def __init__(self, link: Link, network: SharedPort, setup: WorkerSetup) -> None:
        self._link = link
        self._network = network
        self._setup = setup
        self._memory = Memory()
        self._sessions: dict[int, Attendance] = {}
        self._newest = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self) -> bool:
        """Take the port, and tell the pool whether that went well.

        Connections would come without a candidate where another program has it.

        Returns:
            Whether offers are welcome.
        """
        obstacle = self._take_port()
        self._link.send(NotReady(obstacle) if obstacle else Ready())
        return not obstacle

    def _take_port(self) -> str:
        """Bind the port on each address that connections use now.

        Returns:
            Where it was refused, and why; empty if it could be had on some address, as connections
            need no more, or if there was nothing to bind.
        """
        port, ice = self._setup.port, self._setup.ice
        if not port or ice.ip_handling == IpHandlingPolicy.NO_UDP:
            return ""
        try:
            chosen = ice.selection.choose(self._network)
        except OSError:
            chosen = []  # connections do without candidates as long as nobody knows the addresses
        obstacle, is_bound = "", False
        for each in chosen:
            try:
                self._network.open_udp(each.address, port, _ignore).close()  # it stays bound
            except OSError as error:
                if error.errno in PORT_REFUSED:
                    obstacle = f"UDP port {port} of {each.address}: {error}"
            else:
                is_bound = True
        return "" if is_bound else obstacle

    def take(self, message: Message) -> None:
        """Act on a message of the pool.

        Raises:
            MessageError: It is one that a pool does not send.
        """
        match message:
            case Offered() | CandidateSignalled():
                if isinstance(message, Offered) and message.session > self._newest:
                    self._open(message)
                session = self._sessions.get(message.session)
                if session is not None:  # else it is over, and the pool is about to hear that
                    session.own(self._start(self._reply(message, session)))
            case Closing():
                found = self._sessions.get(message.session)
                if found is not None:
                    found.close()
            case _:
                raise MessageError(f"{type(message).__name__} is not for a worker")

    async def close(self) -> None:
        """Close every connection, and wait until the handlers have ended, within limits."""
        for session in self._sessions.values():
            session.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_TIMEOUT_S)

    def _open(self, offer: Offered) -> None:
        self._newest = offer.session
        try:
            session = Attendance(offer.session, self._setup, self._network, self._link)
        except Exception as error:
            self._refuse(offer.request, error)
            self._link.send(Ended(offer.session, EndCause.REFUSED, "", ""))
            return
        self._sessions[offer.session] = session
        self._memory.opened()
        self._start(self._attend(session))

    async def _attend(self, session: Attendance) -> None:
        await session.run()
        del self._sessions[session.number]
        self._memory.ended(len(self._sessions))

    async def _reply(self, message: Offered | CandidateSignalled, session: Attendance) -> None:
        try:
            if isinstance(message, Offered):
                sdp = await session.answer(message.sdp, gather=message.gather)
            else:
                sdp = ""
                await session.add_candidate(message)
            self._link.send(Accepted(message.request, sdp))
        except Exception as error:
            self._refuse(message.request, error)

    def _refuse(self, request: int, error: Exception) -> None:
        name, text = type(error).__name__, excerpt(str(error), MAX_TEXT)
        if isinstance(error, RTCError):
            refused = Refused(request, name, text, error.errorDetail, error.sdpLineNumber)
        else:
            refused = Refused(request, name, text, "", None)
        self._link.send(refused)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
