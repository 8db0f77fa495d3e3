"""An event loop whose time passes only when nobody has anything to do.

>>> import asyncio
>>> async def wait_a_day():
...     await asyncio.sleep(86_400)
...     return asyncio.get_running_loop().time()
>>> with asyncio.Runner(loop_factory=VirtualLoop) as runner:
...     runner.run(wait_a_day())  # takes no time at all
86400.0
"""

import asyncio
import math
from collections.abc import Callable
from contextvars import Context
from heapq import heappush
from itertools import count
from typing import Any, Final, NoReturn, TypeVarTuple

from frazil.testing.pending import describe_tasks

Ts = TypeVarTuple("Ts")

_HOSTS: Final = (
    "use the hosts of a VirtualNetwork: "
    'RTCPeerConnection(network=net.host("alice", "10.0.0.1")), and queues for signalling'
)
_STAND_IN: Final = "in a test, put something in the place of what needs them"


class DeadlockError(RuntimeError):
    """Every task waits, and nothing is scheduled that could ever wake one."""


class OutsideWorldError(RuntimeError):
    """The program wants what is not in virtual time: real sockets, threads, processes, signals."""


class VirtualLoop(asyncio.BaseEventLoop):
    """An asyncio event loop in virtual time, which starts at 0.0 seconds.

    While callbacks are ready, the clock stands still. When none is, it jumps to the next timer,
    which then runs exactly at its instant. So ``asyncio.sleep``, ``asyncio.timeout`` and
    ``call_later`` behave as ever but never wait, and two runs of one program are alike. Timers for
    the same instant run in the order in which they were set, as they would where time passes
    between one call and the next.

    There is no outside world: no threads, no sockets, no subprocesses, no signals. Whatever asks
    for one raises :class:`OutsideWorldError`.

    Args:
        limit_s: How far the clock may go, so that a program ends that waits in vain while timers
            keep firing.

    Attributes:
        limit_s: The same; another one can be set at any time.

    Raises:
        DeadlockError: Out of ``run_until_complete``, when nothing is left that could make
            progress. Its text tells which tasks wait, and where.
        TimeoutError: Likewise, when the next timer is beyond the limit.
    """

    # BaseEventLoop leaves the waiting to a `_selector`, and keeps its timers in a heap.
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, limit_s: float = math.inf) -> None:
        super().__init__()
        self._selector = _Waiting(self)
        self.limit_s = limit_s
        self._numbers = count()
        self._set_time(0.0)

    def time(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Have ``callback`` called at an instant, after all that is to be called then already."""
        if self.is_closed():
            raise RuntimeError("the event loop is closed")
        timer = VirtualTimer(next(self._numbers), when, callback, args, self, context)
        heappush(self._scheduled, timer)
        return timer

    def timers(self) -> list[asyncio.TimerHandle]:
        """What is scheduled for later and not cancelled, the earliest first."""
        return sorted(timer for timer in self._scheduled if not timer.cancelled())

    def _jump(self) -> None:
        """Set the clock to the first timer, which is a live one."""
        next_at = self._scheduled[0].when()
        if next_at > self.limit_s:
            text = f"the program runs beyond {self.limit_s} s of virtual time"
            self.limit_s = math.inf  # whoever handles the error may use the loop to clean up
            raise TimeoutError(_with_tasks(text, self))
        self._set_time(next_at)

    def _set_time(self, now: float) -> None:
        self._now = now
        # The base class runs timers up to one resolution early. With the distance to the next
        # float, that is never early, and a timer for this very instant is due.
        self._clock_resolution = math.ulp(now)

    def _process_events(self, event_list: list[Any]) -> None:
        """There are no I/O events."""

    def _write_to_self(self) -> None:
        """Nothing to wake: only the loop's own thread is there to call ``call_soon_threadsafe``."""

    # --- the outside world --------------------------------------------------------------------

    def run_in_executor(self, executor: object, func: Callable[[*Ts], Any], *args: *Ts) -> NoReturn:
        """Refuse: a thread would know nothing of virtual time."""
        _refuse("threads (run_in_executor, asyncio.to_thread, getaddrinfo)", _STAND_IN)

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: a process would know nothing of virtual time."""
        _refuse("subprocesses", _STAND_IN)

    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: a process would know nothing of virtual time."""
        _refuse("subprocesses", _STAND_IN)

    def add_signal_handler(
        self, sig: int, callback: Callable[[*Ts], object], *args: *Ts
    ) -> NoReturn:
        """Refuse: signals come in real time."""
        _refuse("signals", _STAND_IN)

    def add_reader(self, fd: object, callback: Callable[[*Ts], Any], *args: *Ts) -> NoReturn:
        """Refuse: real sockets live in real time."""
        _refuse("real sockets (add_reader)", _HOSTS)

    def add_writer(self, fd: object, callback: Callable[[*Ts], Any], *args: *Ts) -> NoReturn:
        """Refuse: real sockets live in real time."""
        _refuse("real sockets (add_writer)", _HOSTS)

    def remove_reader(self, fd: object) -> bool:
        """Whether it was watched: never."""
        return False

    def remove_writer(self, fd: object) -> bool:
        """Whether it was watched: never."""
        return False

    async def create_datagram_endpoint(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: real sockets live in real time."""
        _refuse("real sockets (create_datagram_endpoint)", _HOSTS)

    async def create_connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: real sockets live in real time."""
        _refuse("real sockets (create_connection)", _HOSTS)

    async def create_server(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: real sockets live in real time."""
        _refuse("real sockets (create_server)", _HOSTS)


def _refuse(what: str, instead: str) -> NoReturn:
    raise OutsideWorldError(f"a VirtualLoop has no {what}; {instead}")


def _with_tasks(text: str, loop: VirtualLoop) -> str:
    return "\n  - ".join([text, *describe_tasks(loop)])


class VirtualTimer(asyncio.TimerHandle):
    """A timer that knows which of its instant it is."""

    __slots__ = ("_order",)

    _scheduled: bool  # what the base class counts among those to be cleared away when cancelled

    def __init__(
        self,
        number: int,
        when: float,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        super().__init__(when, callback, args, loop, context)
        self._order = when, number
        self._scheduled = True

    def __lt__(self, other: object) -> bool:
        return isinstance(other, VirtualTimer) and self._order < other._order


class _Waiting:
    """Stands where a real loop has its selector: to wait is to move the clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Called before every round of callbacks.

        Args:
            timeout: 0 if there are ready callbacks, None if there are no timers either.
        """
        if timeout is None:
            text = f"at {self._loop.time()} s everyone waits and nothing is scheduled"
            raise DeadlockError(_with_tasks(text, self._loop))
        if timeout > 0:
            self._loop._jump()
        return []
