"""From the trace of one connection to numbers."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, Protocol
from weakref import finalize, ref

from frazil.metrics.catalogue import (
    ABANDONED,
    CONNECT_DURATION,
    CONNECTIONS,
    DISCONNECTS,
    ESTABLISHED,
    FAILURES,
    RESTARTS,
    UNEXPLAINED,
    UNKNOWN,
)
from frazil.metrics.metric import Metric
from frazil.states.enums import RTCPeerConnectionState
from frazil.trace import TraceRecord
from frazil.w3c import RTCDtlsTransport, RTCPeerConnection

_State = RTCPeerConnectionState
_END: Final = frozenset({_State.CLOSED})


class Sink(Protocol):
    """Where numbers go: a monitoring system."""

    def take(self, metric: Metric, amount: float, labels: tuple[str, ...]) -> None:
        """Add to a counter or gauge, or observe a value, with one label value for each label."""


class Observer:
    """Watches one connection, without keeping it alive.

    Args:
        connection: In state ``new``.
        sink: What is told.
    """

    __slots__ = (
        "__weakref__",
        "_connection",
        "_described_at",
        "_has_connected",
        "_has_failed",
        "_loop",
        "_sink",
        "_state",
    )

    def __init__(self, connection: RTCPeerConnection, sink: Sink) -> None:
        self._connection = ref(connection)
        self._sink = sink
        self._loop = asyncio.get_running_loop()
        self._state: _State = connection.connectionState
        self._described_at: float | None = None
        self._has_connected = False
        self._has_failed = False
        _end_forgotten()
        sink.take(CONNECTIONS, 1, (self._state.value,))
        connection.trace.listen(self._take)
        # A connection that nobody closed is gone as well once nobody has it.
        finalize(connection, self._forget).atexit = False

    def _take(self, record: TraceRecord) -> None:
        observe = _OBSERVED.get((record.layer, record.event))
        if observe is not None:
            observe(self, record)

    def _described(self, record: TraceRecord) -> None:
        if self._described_at is None:
            self._described_at = record.at

    def _restarted(self, record: TraceRecord) -> None:
        self._sink.take(RESTARTS, 1, ())

    def _changed(self, record: TraceRecord) -> None:
        if record.facts["machine"] != "connection":
            return
        state = _State(str(record.facts["new"]))
        self._move(state)
        if state is _State.DISCONNECTED:
            self._sink.take(DISCONNECTS, 1, ())
        elif state is _State.FAILED:
            self._has_failed = True
            self._later(self._failed)
        elif state is _State.CONNECTED and not self._has_connected:
            self._has_connected = True
            if self._described_at is not None:
                self._sink.take(CONNECT_DURATION, record.at - self._described_at, ())
            self._later(self._established)
        elif state is _State.CLOSED and self._is_awaited:
            self._later(self._abandoned)

    @property
    def _is_awaited(self) -> bool:
        """Whether it is still open how the connection turns out."""
        return self._described_at is not None and not (self._has_connected or self._has_failed)

    def _move(self, state: _State) -> None:
        if self._state not in _END:
            self._sink.take(CONNECTIONS, -1, (self._state.value,))
        if state not in _END:
            self._sink.take(CONNECTIONS, 1, (state.value,))
        self._state = state

    def _forget(self) -> None:
        """Have the loop tell the sink: a finalizer may run while the sink's system holds a lock.

        ``call_soon_threadsafe`` itself takes none, so it may interrupt even itself.
        """
        if self._state not in _END:
            _forgotten.put(self)
            with suppress(RuntimeError):  # the loop is closed: the next connection does it
                self._loop.call_soon_threadsafe(_end_forgotten)

    def _end(self) -> None:
        self._move(_State.CLOSED)

    def _later(self, observe: Callable[[RTCPeerConnection], None]) -> None:
        """In another turn of the loop, when all that belongs to the change has been recorded."""
        connection = self._connection()
        if connection is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon(observe, connection)

    def _failed(self, connection: RTCPeerConnection) -> None:
        self._sink.take(FAILURES, 1, (_cause(connection) or UNEXPLAINED,))

    def _abandoned(self, connection: RTCPeerConnection) -> None:
        if code := _cause(connection):
            self._sink.take(ABANDONED, 1, (code,))

    def _established(self, connection: RTCPeerConnection) -> None:
        self._sink.take(ESTABLISHED, 1, _pair_in_use(connection))


_OBSERVED: Final[dict[tuple[str, str], Callable[[Observer, TraceRecord], None]]] = {
    ("peer", "description-applied"): Observer._described,
    ("peer", "state-changed"): Observer._changed,
    ("ice", "restart"): Observer._restarted,
}


_forgotten: Final[SimpleQueue[Observer]] = SimpleQueue()
"""Those whose connection is gone, though nobody closed it; finalizers may put into such a queue."""


def _end_forgotten() -> None:
    with suppress(Empty):
        while True:
            _forgotten.get_nowait()._end()


def _cause(connection: RTCPeerConnection) -> str | None:
    """The code of what is most likely wrong, besides that it was closed."""
    codes = (each.code for each in connection.explain().findings if not each.is_aside)
    return next((code for code in codes if code != "FZ-API-CLOSED"), None)


def _pair_in_use(connection: RTCPeerConnection) -> tuple[str, str, str]:
    """Types of both candidates and the protocol, of the first transport that has a pair."""
    for transport in _dtls_transports(connection):
        pair = transport.iceTransport.getSelectedCandidatePair()
        if pair is not None:
            local, remote = pair.local, pair.remote
            protocol = local.protocol or UNKNOWN
            return str(local.type or UNKNOWN), str(remote.type or UNKNOWN), str(protocol)
    return UNKNOWN, UNKNOWN, UNKNOWN


def _dtls_transports(connection: RTCPeerConnection) -> Iterator[RTCDtlsTransport]:
    if connection.sctp is not None:
        yield connection.sctp.transport
    for sender in connection.getSenders():
        if sender.transport is not None:
            yield sender.transport
