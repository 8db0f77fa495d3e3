"""The pump: connects one sans-IO peer connection to sockets, an alarm and the event loop.

Every input ends in one flush: send what is to be sent, do what the connection asks for, set the one
alarm, and let the W3C tasks that wait run in a later turn of the loop. Calls of the application
only ask for a flush, so a hundred ``send()`` in a row leave as one batch.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from frazil.aio.alarm_clock import alarm_on
from frazil.aio.clock import clock_of
from frazil.aio.flush import Flush
from frazil.aio.gathering import GatheringDriver
from frazil.aio.ice_option import IceOptions
from frazil.aio.local_address import LocalAddresses
from frazil.aio.naming import Naming
from frazil.aio.network import Network
from frazil.aio.pending_gathering import PendingGathering
from frazil.aio.receiver import LAST_OF_STUN
from frazil.aio.roaming import Roaming
from frazil.aio.socket_set import SocketSet
from frazil.aio.task_set import TaskSet
from frazil.peer.event import (
    ChecksExpected,
    DriverRequest,
    EventType,
    Fired,
    GatheringRequested,
    LookupRequested,
    OperationSettled,
    PeerEvent,
    StreamReleased,
    StreamRequested,
)
from frazil.peer.operation import Operation
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transport_set import TransportSet
from frazil.trace import Trace
from frazil.types import Datagram, Transmit

T = TypeVar("T")
R = TypeVar("R")
Convert = Callable[[Any], Any]

MAX_TASKS_PER_TURN: Final = 128
"""How many messages one turn of the loop delivers before others have their turn."""
_STATELESS: Final = frozenset(
    (EventType.MESSAGE, EventType.BUFFERED_AMOUNT_LOW, EventType.ICE_CANDIDATE)
)
"""Events that no state comes with that could end: those that wait share a turn of the loop."""


class Engine(Protocol):
    """What a driver runs: a peer connection, or an ICE transport without one."""

    @property
    def transports(self) -> TransportSet:
        """The side that faces the network."""

    @property
    def trace(self) -> Trace:
        """Where decisions are recorded."""

    @property
    def tasks(self) -> TaskRunner:
        """Runs its tasks."""


class Driver:
    """Runs one :class:`Engine` on a :class:`Network`.

    Whatever input it follows from, the application is told in the :mod:`contextvars` context in
    which the driver was made: sockets, and what tells of the network, serve several connections.

    Args:
        peer: The connection.
        network: Where its sockets are opened.
        dispatch: Called with each event to fire; all slots are written already. It says whether
            anybody listens.
        after_task: Called after the events of a task, for those who wait for a condition. It says
            whether anybody was woken.
        options: How candidates are gathered.
    """

    def __init__(
        self,
        peer: Engine,
        network: Network,
        dispatch: Callable[[Fired], bool],
        after_task: Callable[[], bool],
        *,
        options: IceOptions,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._clock = clock_of(self._loop)
        self._trace = peer.trace
        self._transports = peer.transports
        self._runner = peer.tasks
        self._waiting = self._runner.waiting
        self._network = network
        self._options = options
        self._dispatch = dispatch
        self._after_task = after_task
        self._context = copy_context()
        self._tasks = TaskSet(self._loop)
        self._parts_flush = flush = Flush(self.flush)
        self._naming = Naming(self._transports, network, flush, self._tasks, options.mdns)
        local = LocalAddresses(network, options, self._naming)
        self._pending = pending = PendingGathering(
            self._transports, network, flush, self._tasks, options.tls_context
        )
        self._gathering = GatheringDriver(self._transports, flush, local, pending, options)
        self._sockets: dict[str, SocketSet] = {}
        self._roaming = Roaming(self._transports, network, local, self._sockets, flush, self._clock)
        self._promises: dict[Operation[Any], _Promise] = {}
        self._alarm = alarm_on(self._loop, self._on_alarm)
        self._turn: asyncio.Handle | None = None
        self._owes_alarm = False
        self._is_pumping = False
        self._is_closed = False

    # --- the application ----------------------------------------------------------------------

    def wake(self) -> float:
        """Ask for a turn of the loop that carries an input out; the time to hand to the input."""
        if not self._is_pumping:
            self._be_ready()
        return self._clock()

    def promise(
        self, method: str, operation: Operation[T], convert: Callable[[T], R]
    ) -> asyncio.Future[R]:
        """The future of what ``method`` does; ``convert`` makes its result of the operation's.

        It may be done on return: many errors are found at the call. It stays pending if the
        connection is closed first, as in a browser. What it does comes after whatever the loop had
        to do before the call, such as tasks that the application has just begun.
        """
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        if not self._is_pumping:
            self._be_ready()
        future: asyncio.Future[R] = self._loop.create_future()
        promise = _Promise(method, future, convert)
        if operation.is_settled:
            self._settle(promise, operation)
        else:
            self._promises[operation] = promise
        return future

    def close(self) -> "asyncio.Future[None]":
        """Send the goodbye and give back sockets, alarm and lookups.

        Returns:
            Done when the lookups have ended, too.
        """
        if not self._is_closed:
            self.flush()
            self._is_closed = True
            self._alarm.close()
            if self._turn is not None:
                self._turn.cancel()
            self._roaming.close()
            for sockets in self._sockets.values():
                sockets.close()
            self._sockets.clear()
            self._promises.clear()
            self._naming.close()
            self._parts_flush.close()
            self._dispatch, self._after_task = _nobody_listens, _nobody_waits
        return self._tasks.close()

    # --- the pump -----------------------------------------------------------------------------

    def flush(self) -> None:
        """Carry out whatever the connection has to say, and be ready for what comes next."""
        self._flush(self._clock())

    def _flush(self, now: float) -> None:
        if self._waiting:
            self._be_ready()
        self._exchange(now)
        if self._waiting:
            self._be_ready()

    def _be_ready(self) -> None:
        """Have the tasks that wait run in the next turn of the loop, and one flush behind them."""
        if self._turn is None and not self._is_closed:
            self._turn = self._loop.call_soon(self._begin_turn, context=self._context.copy())

    def _exchange(self, now: float) -> None:
        """Send what there is to send, serve the requests, and set the alarm.

        The alarm may wait for one turn that follows at once, and has more to say to it.
        """
        if self._is_closed:
            return
        if not self._transports.is_drained:
            self._drain(now)
        elif not self._owes_alarm:
            return
        self._owes_alarm = self._turn is not None and not self._owes_alarm
        if not self._owes_alarm:
            self._alarm.set(self._transports.next_timeout())

    def _drain(self, now: float) -> None:
        """Send what there is to send, and serve the requests."""
        transports = self._transports
        while True:
            for name, transmits in transports.poll_transmits(now):
                sockets = self._sockets.get(name)
                if sockets is not None:
                    sockets.send(transmits)
            if not transports.requests:
                break
            for request in transports.poll_requests():
                self._serve(request, now)

    def _receive(self, transport: str, datagrams: list[Datagram]) -> None:
        now = self._clock()
        if len(datagrams) == 1 and datagrams[0].data[:1] <= LAST_OF_STUN and self._turn is None:
            transmits = self._transports.take_usual(transport, datagrams[0], now)
            if transmits is not None:
                self._carry_out(transport, transmits)
                return
        self._transports.receive(transport, datagrams, now)
        if self._waiting and self._turn is None:
            # This is a turn of the loop, and one flush serves both.
            self._context.copy().run(self._run_tasks, now)
        else:
            self._flush(now)

    def _serve(self, request: DriverRequest, now: float) -> None:
        name = request.transport
        if isinstance(request, GatheringRequested):
            sockets = self._sockets.get(name)
            if sockets is None:
                receive = partial(self._receive, name)
                sockets = SocketSet(self._network, receive, self._options.ports)
                self._sockets[name] = sockets
            self._roaming.start()
            self._gathering.begin(request, sockets, now)
        elif isinstance(request, LookupRequested):
            self._naming.look_up(request, now)
        elif name not in self._sockets:
            pass  # it was discarded while the request was on its way
        elif isinstance(request, ChecksExpected):
            self._sockets[name].expect(request.ufrag)
        elif isinstance(request, StreamRequested):
            self._pending.open_stream(request, self._sockets[name])
        elif isinstance(request, StreamReleased):
            self._pending.close_stream(request, self._sockets[name])
        else:
            self._sockets.pop(name).close()

    def _carry_out(self, transport: str, transmits: list[Transmit]) -> None:
        """Send what follows from what is usual, and set the alarm: there is nothing else to do."""
        if transmits:
            sockets = self._sockets.get(transport)
            if sockets is not None:
                sockets.send(transmits)
        self._alarm.set(self._transports.next_timeout())

    def _on_alarm(self, now: float) -> None:
        """The earliest deadline has come."""
        usual = self._transports.ask_usual(now) if self._turn is None else None
        if usual is not None:
            transport, transmits = usual
            self._carry_out(transport, transmits)
            return
        self._transports.handle_timeout(now)
        self._flush(now)
        if self._alarm.at is None and not self._is_closed:  # it was early: nothing has changed
            self._alarm.set(self._transports.next_timeout())

    def _begin_turn(self) -> None:
        """The loop has come to what waits: tasks, or an input that none came of."""
        self._turn = None
        now = self._clock()
        if self._waiting:
            self._run_tasks(now)
        else:
            self._flush(now)

    def _run_tasks(self, now: float) -> None:
        """The tasks that are due, up to the first W3C task of whose state somebody hears.

        So whoever waits for a state looks at each before it changes again, while messages, and
        states that nobody waits for, do not cost a turn of the loop each. Nor do the tasks that
        come of sending what listeners wrote. With too many tasks, whatever they are, the network
        has to wait until they are done.
        """
        budget, is_heard = MAX_TASKS_PER_TURN, False
        self._is_pumping = True
        try:
            while self._waiting and not is_heard and budget > 0:
                budget, is_heard = self._run_some(budget, now)
                self._after_task()
                if is_heard:  # who was woken comes before the next state, even if packets are here
                    self._be_ready()
                now = self._clock()  # listeners may have taken long
                self._exchange(now)
        finally:
            self._is_pumping = False
        if self._waiting:
            self._be_ready()

    def _run_some(self, budget: int, now: float) -> tuple[int, bool]:
        """Run tasks up to the first of whose state somebody hears.

        Returns:
            What is left of the budget, and whether somebody heard.
        """
        runner, waiting = self._runner, self._waiting
        is_heard = False
        while waiting and (budget > 0 or runner.is_congested):
            budget -= 1
            if self._fire(runner.run_task(now)):
                is_heard = True
                if not runner.is_congested:
                    break
        return budget, is_heard

    def _fire(self, events: list[PeerEvent]) -> bool:
        """Hand out the events of one task, whose slots are written.

        Nobody hears of those that come after a listener closed the connection.

        Returns:
            Whether a state came with them, and anybody was told or woken.
        """
        has_moved = is_heard = False
        for event in events:
            if self._is_closed:
                return False
            if isinstance(event, OperationSettled):
                promise = self._promises.pop(event.operation, None)
                if promise is not None:
                    self._settle(promise, event.operation)
                    has_moved = is_heard = True
            elif event.type in _STATELESS:
                self._dispatch(event)
            else:
                has_moved = True
                is_heard = self._dispatch(event) or is_heard
        return has_moved and (is_heard or self._after_task())

    def _settle(self, promise: "_Promise", operation: Operation[Any]) -> None:
        error, future = operation.error, promise.future
        if error is not None:
            self._trace.record(
                self._clock(),
                "api",
                "rejected",
                method=promise.method,
                error=getattr(error, "name", type(error).__name__),
                text=str(error),
            )
        if future.done():
            return  # the application gave up waiting
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(promise.convert(operation.result()))


def _nobody_listens(_: Fired) -> bool:
    """No event is told of a closed connection."""
    return False


def _nobody_waits() -> bool:
    """Those who waited were woken when it was closed."""
    return False


class _Promise:
    """Who waits for an operation, and for what of it."""

    __slots__ = ("convert", "future", "method")

    def __init__(self, method: str, future: asyncio.Future[Any], convert: Convert) -> None:
        self.method = method
        self.future = future
        self.convert = convert
