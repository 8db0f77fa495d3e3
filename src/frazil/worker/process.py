"""One worker process, as the pool sees it."""

import asyncio
import atexit
import multiprocessing
import os
import socket
from collections.abc import Callable
from itertools import count
from multiprocessing.connection import wait
from typing import Any, Final

from frazil import errors
from frazil.aio.pulse import Pulse
from frazil.errors import DOMException, FrazilError, OperationError, RTCError, RTCErrorDetail
from frazil.worker.error import HandlerError, WorkerError
from frazil.worker.gauge import forget_gauges
from frazil.worker.link import Link
from frazil.worker.message import (
    Accepted,
    CandidateGathered,
    EndCause,
    Ended,
    Message,
    MessageError,
    NotReady,
    Ready,
    Refused,
    StateChanged,
)
from frazil.worker.service import serve
from frazil.worker.session import WorkerSession
from frazil.worker.setup import WorkerSetup

START_TIMEOUT_S: Final = 60.0
"""How long a process may take to import the handler: machine learning takes its time."""
REQUEST_TIMEOUT_S: Final = 30.0
"""How long the answer to a request may take."""
EXIT_TIMEOUT_S: Final = 15.0
"""How long a process may take to close its connections and end, before it is killed."""
_CHILDREN: Final[set[Any]] = getattr(multiprocessing.process, "_children", set())
"""What multiprocessing ends, by number, when the program does; no public name leads to it."""


class WorkerProcess:
    """A process with its link and its sessions.

    Args:
        number: Its place in the pool, from 0.
        setup: What it is given.

    Attributes:
        number: Its place in the pool.
        sessions: Those that are not over, by number.
    """

    def __init__(self, number: int, setup: WorkerSetup) -> None:
        self.number = number
        self.sessions: dict[int, WorkerSession] = {}
        self._setup = setup
        self._requests = count(1)
        self._waiting: dict[int, tuple[WorkerSession, asyncio.Future[str]]] = {}
        self._pulse = Pulse()
        self._is_ready = False
        self._fate = "ended"
        self._error: WorkerError | None = None
        self._is_stopping = False
        self._link: Link
        self._process: Any
        self._owner = os.getpid()
        self._listening: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """The process, for the operating system."""
        pid: int = self._process.pid
        return pid

    @property
    def is_ready(self) -> bool:
        """Whether it takes offers; without its link no more, though the process may go on."""
        return self._is_ready

    # --- its life -----------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the process, and wait until it has imported the handler and taken its port.

        Raises:
            WorkerError: It ended before it was ready, or took too long.
        """
        ours, theirs = socket.socketpair()
        self._process = multiprocessing.get_context("spawn").Process(
            target=serve, args=(theirs, self._setup), name=f"frazil-{self.number}", daemon=True
        )
        with theirs:
            self._link = await Link.over(ours)
            try:
                self._process.start()  # nothing more is awaited before it is listened to
            except BaseException:
                await self._link.close()
                raise
        atexit.register(self._kill_at_exit)  # an interpreter that ends waits for its processes
        self._listening = asyncio.create_task(self._listen(), name=f"worker {self.number}")
        try:
            await self._wait_ready()
        except BaseException:  # it may have become ready in the same moment
            await self.stop()
            raise

    async def _wait_ready(self) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._pulse.wait_until(lambda: self._is_ready or self._error is not None)
        except TimeoutError:
            text = f"worker {self.number} was not ready after {START_TIMEOUT_S:.0f} s"
            raise WorkerError(text) from None
        if self._error is not None:
            raise self._error

    def _kill_at_exit(self) -> None:
        """Leave no process behind; one that was forked from this one ends nothing."""
        if os.getpid() == self._owner:
            self._kill()

    def _kill(self) -> None:
        """End the process, unless it is gone: its number may be that of another one by now."""
        if self._process.exitcode is None and not wait((self._process.sentinel,), 0):
            self._process.kill()

    async def wait_ended(self) -> WorkerError:
        """Wait until the process is gone; what is to be said of it."""
        await self._pulse.wait_until(lambda: self._error is not None)
        assert self._error is not None
        return self._error

    async def stop(self) -> None:
        """Have it close its connections and end; on return the process is gone. Idempotent."""
        if self._listening is None:
            return  # it was never started
        self._is_stopping = True
        self._link.finish()
        await asyncio.wait((self._listening,), timeout=EXIT_TIMEOUT_S)
        if not self._listening.done():
            self._kill()
            await asyncio.wait((self._listening,))

    async def _listen(self) -> None:
        """Take messages as long as the process lives, and see it off."""
        try:
            while (message := await self._link.receive()) is not None:
                self._take(message)
        except (MessageError, ValueError, TypeError) as error:
            self._fate = f"sent what is no message ({error}) and was ended"
            self._kill()
        finally:
            self._is_ready = False
            try:
                await self._link.close()
                await asyncio.to_thread(self._bury)
            except BaseException:
                self._kill()  # nobody waits for it
                raise
            finally:
                self._end(f"worker {self.number} (process {self.pid}) {self._fate}: {self._exit()}")

    def _bury(self) -> None:
        """Wait for the process, which has lost its link, and insist if it does not end."""
        self._process.join(EXIT_TIMEOUT_S)
        self._kill()
        self._process.join()
        _CHILDREN.discard(self._process)  # join() does so only if it knows how the process ended
        forget_gauges(self.pid)
        atexit.unregister(self._kill_at_exit)

    def _exit(self) -> str:
        """How the process ended.

        Nobody knows where SIGCHLD is ignored, or something else has waited for it.
        """
        code = self._process.exitcode
        if code is None:
            return "exit code unknown"
        return f"exit code {code}" if code >= 0 else f"signal {-code}"

    def _end(self, text: str) -> None:
        self._error = WorkerError(text)
        for session in tuple(self.sessions.values()):
            if self._is_stopping:
                self._end_session(session, EndCause.CLOSED, None)
            else:
                self._end_session(session, EndCause.WORKER_ENDED, self._error)
        self._pulse.beat()

    # --- sessions -----------------------------------------------------------------------------

    def open_session(self, number: int) -> WorkerSession:
        """A session that has still to be negotiated."""
        session = self.sessions[number] = WorkerSession(number, self.number, self)
        return session

    def send(self, message: Message) -> None:
        """Send without waiting; lost if the process is gone."""
        self._link.send(message)

    async def request(self, session: WorkerSession, make: Callable[[int], Message]) -> str:
        """Send a request and wait for what comes of it; see :class:`Courier`."""
        number = next(self._requests)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = session, future
        try:
            self._link.send(make(number))
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                return await future
        except TimeoutError:
            text = f"worker {self.number} did not answer within {REQUEST_TIMEOUT_S:.0f} s"
            raise WorkerError(text) from None
        finally:
            del self._waiting[number]

    def _end_session(
        self, session: WorkerSession, cause: EndCause, error: FrazilError | None
    ) -> None:
        self.sessions.pop(session.number, None)
        session.end(cause, error)
        for asker, future in self._waiting.values():
            if asker is session and not future.done():
                future.set_exception(error or session.over())

    # --- what it says -------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        """Act on a message.

        Raises:
            MessageError: It is one that a worker does not send.
            ValueError: A name in it is none.
        """
        match message:
            case Ready():
                self._is_ready = True
                self._pulse.beat()
            case NotReady():
                self._fate = f"cannot serve ({message.text}) and ended"
            case Accepted() | Refused():
                self._settle(message)
            case CandidateGathered() | StateChanged() | Ended():
                session = self.sessions.get(message.session)
                if session is not None:
                    self._tell(session, message)
            case _:
                raise MessageError(f"{type(message).__name__} is not for the pool")

    def _settle(self, message: Accepted | Refused) -> None:
        _, future = self._waiting.get(message.request, (None, None))
        if future is None or future.done():
            return  # whoever asked has given up
        if isinstance(message, Accepted):
            future.set_result(message.sdp)
        else:
            future.set_exception(_exception(message))

    def _tell(
        self, session: WorkerSession, message: CandidateGathered | StateChanged | Ended
    ) -> None:
        match message:
            case CandidateGathered():
                session.candidate_gathered(message)
            case StateChanged():
                session.state_changed(message)
            case Ended():
                cause, error = EndCause(message.cause), None
                if message.error:
                    text = f"the handler of session {session.number} raised {message.error}"
                    error = HandlerError(text, message.traceback)
                    _report(error, session)
                self._end_session(session, cause, error)


def _exception(message: Refused) -> Exception:
    """The exception that was raised in the worker, as far as it is one of ours.

    Raises:
        ValueError: The detail is none.
    """
    if message.error == "RTCError":
        detail = RTCErrorDetail(message.detail)
        return RTCError(message.text, detail, sdp_line_number=message.sdp_line_number)
    kind = TypeError if message.error == "TypeError" else getattr(errors, message.error, None)
    if isinstance(kind, type) and issubclass(kind, TypeError | DOMException):
        return kind(message.text)
    return OperationError(f"{message.error}: {message.text}")


def _report(error: HandlerError, session: WorkerSession) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "exception in a handler", "exception": error, "session": session}
    )
