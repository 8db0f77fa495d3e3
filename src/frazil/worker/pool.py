"""A server over several processes."""

import asyncio
import inspect
import os
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import Any, Final, Self

from frazil.aio import IceOptions
from frazil.aio.port_range import check_ports
from frazil.aio.pulse import Pulse
from frazil.aio.selection import IpHandlingPolicy
from frazil.errors import InvalidStateError
from frazil.peer.reader import read_configuration
from frazil.session.config import SessionConfig
from frazil.w3c import RTCSessionDescription
from frazil.w3c.argument import given
from frazil.worker.error import WorkerError
from frazil.worker.process import WorkerProcess
from frazil.worker.session import WorkerSession
from frazil.worker.setup import Handler, WorkerSetup
from frazil.worker.signaling import read_offer

PLACE_TIMEOUT_S: Final = 10.0
"""How long an offer waits for a worker while none is ready."""
FIRST_DELAY_S: Final = 0.1
"""How long a worker that ended has to wait for its successor; doubled if that ends soon, too."""
MAX_DELAY_S: Final = 30.0
STEADY_AFTER_S: Final = 10.0
"""A worker that lasted so long did not end because of its start."""


class WorkerPool:
    """Worker processes that share the connections of one server.

    Each has its own event loop and its own UDP port, and serves every connection with ``handler``,
    which gets a real ``RTCPeerConnection``. Offers come to one place and are answered there::

        async def handler(pc):
            pc.on("datachannel", lambda channel: channel.on("message", channel.send))
            await pc.wait_closed()


        async def main():
            async with WorkerPool(handler, workers=4, ports=range(40000, 40004)) as pool:
                ...
                answer = await pool.answer(offer)

    A connection lasts until its handler returns. Earlier it is closed when the peer says goodbye
    or is away for a minute, when it fails, and by ``close()`` here; ``wait_closed()`` in
    the handler then returns, and a handler that still goes on is cancelled after five seconds.

    A worker that ends by itself is replaced; its sessions end with a :class:`WorkerError`.
    Exceptions of handlers and ends of workers are told to the exception handler of the event loop.
    Leaving the ``async with`` block closes all connections with a goodbye; see :meth:`drain` for
    a softer end. Workers cannot start processes with :mod:`multiprocessing` themselves.

    Args:
        handler: A coroutine function with the connection as its argument, found by its name in its
            module: each worker imports it. So the module of a program that is run itself needs
            its ``if __name__ == "__main__":``.
        workers: How many processes; one for each processor unless told.
        ports: A UDP port for each worker, so no fewer than ``workers``; free ones unless told. A
            worker whose port another program has, on all addresses in use, does not start.
        configuration: The W3C dictionary of each connection, without ``certificates``: their keys
            cannot be sent to a process.
        ice: How candidates are gathered.
        session: Timers and limits of each connection.

    Raises:
        TypeError: ``handler`` is no coroutine function, another argument has the wrong type, or
            something cannot be sent to a process.
        InvalidSyntaxError, InvalidAccessError, NotSupportedError: The configuration is wrong, as
            for ``RTCPeerConnection``.
        ValueError: ``workers`` is less than one, there are fewer ports than workers, or ``ice``
            has a range of ports without theirs.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        workers: int | None = None,
        ports: range | None = None,
        configuration: Mapping[str, Any] | None = None,
        ice: IceOptions | None = None,
        session: SessionConfig | None = None,
    ) -> None:
        if not inspect.iscoroutinefunction(handler):
            raise TypeError(f"the handler must be a coroutine function, not {handler!r}")
        if workers is None:
            workers = os.cpu_count() or 1
        if not isinstance(workers, int):
            raise TypeError(f"workers must be an int, not {workers!r}")
        if workers < 1:
            raise ValueError(f"a pool of {workers} workers")
        if ports is not None:
            check_ports(ports)
            if len(ports) < workers:
                raise ValueError(f"{len(ports)} ports for {workers} workers: each needs one")
        own_ports = [0 if ports is None else ports[number] for number in range(workers)]
        options = given("ice", ice, IceOptions())
        allowed = None if options.ip_handling == IpHandlingPolicy.NO_UDP else options.ports
        if allowed is not None and not all(port in allowed for port in own_ports):
            raise ValueError(f"ports must give each worker one of those of ice, {allowed!r}")
        settings = given("session", session, SessionConfig())
        read_configuration(configuration).check_traits(options.policy.traits(settings.ice))
        self._setups = [
            WorkerSetup(handler, port, dict(configuration or {}), options, settings)
            for port in own_ports
        ]
        self._setups[0].check()
        self._workers: list[WorkerProcess] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._numbers = count(1)
        self._pulse = Pulse()
        self._is_accepting = False

    @property
    def sessions(self) -> list[WorkerSession]:
        """The sessions of all workers that are not over."""
        return [session for worker in self._workers for session in worker.sessions.values()]

    @property
    def pids(self) -> list[int]:
        """The processes of the workers that take offers, for the operating system."""
        return [worker.pid for worker in self._workers if worker.is_ready]

    # --- its life -----------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start the workers.

        Raises:
            WorkerError: One did not start: the handler cannot be imported, or the port is taken.
            RuntimeError: The pool was started before.
        """
        if self._workers:
            raise RuntimeError("a pool starts only once")
        self._workers = [WorkerProcess(*each) for each in enumerate(self._setups)]
        starts = [asyncio.create_task(worker.start()) for worker in self._workers]
        try:
            await asyncio.gather(*starts)
        except BaseException:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
            await self._stop()
            raise
        self._keepers = [
            asyncio.create_task(self._keep(number), name=f"keeper of worker {number}")
            for number in range(len(self._workers))
        ]
        self._is_accepting = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def drain(self, timeout: float | None = None) -> bool:  # noqa: ASYNC109
        """Take no more offers, and wait until every session is over.

        Args:
            timeout: Seconds to wait at most; ``None`` waits as long as it takes.

        Returns:
            Whether none is left.
        """
        self._is_accepting = False
        self._pulse.beat()
        waits = [asyncio.create_task(session.wait_closed()) for session in self.sessions]
        if waits:
            try:
                await asyncio.wait(waits, timeout=timeout)
            finally:
                for wait in waits:
                    wait.cancel()
        return not self.sessions

    async def close(self) -> None:
        """Close all connections with a goodbye, and end the workers. Idempotent."""
        self._is_accepting = False
        self._pulse.beat()
        for keeper in self._keepers:
            keeper.cancel()
        if self._keepers:
            await asyncio.wait(self._keepers)
        await self._stop()

    async def _stop(self) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    # --- offers -------------------------------------------------------------------------------

    async def answer(self, offer: object) -> RTCSessionDescription:
        """Answer an offer in one message, which holds all candidates.

        The offer has to hold those of the peer: the connection is told that no more will come, so
        that it fails if none of them leads anywhere.

        Raises:
            InvalidStateError: The pool is not open, or the session is over already.
            HandlerError, WorkerError, DOMException, TypeError: As of :meth:`accept`.
        """
        session = await self.accept(offer, gather=True)
        try:
            await session.addIceCandidate()  # the offer has them all
        except BaseException:
            session.abandon()
            raise
        assert session.localDescription is not None
        return session.localDescription

    async def accept(self, offer: object, *, gather: bool = False) -> WorkerSession:
        """Give an offer to the worker with the fewest sessions, and wait for its answer.

        Args:
            offer: The description of the peer, or its dictionary.
            gather: Wait for all candidates and put them into the answer. Otherwise they come
                through the session, as those of the peer may.

        Raises:
            InvalidStateError: The pool is not open, or the session is over already.
            HandlerError: The handler raised an exception before there was an answer.
            WorkerError: No worker is ready, or the one that was chosen ended or does not answer.
            DOMException, TypeError: The offer cannot be applied.
        """
        read_offer(offer)
        worker = await self._place()
        session = worker.open_session(next(self._numbers))
        try:
            await session.negotiate(offer, gather=gather)
        except BaseException:
            session.abandon()
            raise
        return session

    async def _place(self) -> WorkerProcess:
        """The worker for another session."""
        try:
            async with asyncio.timeout(PLACE_TIMEOUT_S):
                await self._pulse.wait_until(lambda: bool(self.pids) or not self._is_accepting)
        except TimeoutError:
            raise WorkerError("no worker is ready") from None
        if not self._is_accepting:
            raise InvalidStateError("the pool takes no offers")
        ready = [worker for worker in self._workers if worker.is_ready]
        return min(ready, key=lambda worker: len(worker.sessions))

    # --- replacement --------------------------------------------------------------------------

    async def _keep(self, number: int) -> None:
        """Put another process in the place of each one that ends."""
        loop = asyncio.get_running_loop()
        delay = FIRST_DELAY_S
        while True:
            started_at = loop.time()
            error = await self._workers[number].wait_ended()
            self._report(error)
            if loop.time() - started_at >= STEADY_AFTER_S:
                delay = FIRST_DELAY_S
            while not self._workers[number].is_ready:
                await asyncio.sleep(delay)
                delay = min(2 * delay, MAX_DELAY_S)
                await self._replace(number)

    async def _replace(self, number: int) -> None:
        worker = WorkerProcess(number, self._setups[number])
        try:
            await worker.start()
        except (WorkerError, OSError) as error:
            self._report(error)
        else:
            self._workers[number] = worker
            self._pulse.beat()

    def _report(self, error: Exception) -> None:
        context = {"message": "a worker process ended", "exception": error, "pool": self}
        asyncio.get_running_loop().call_exception_handler(context)

    def __repr__(self) -> str:
        return f"<WorkerPool of {len(self._setups)}, {len(self.sessions)} sessions>"
