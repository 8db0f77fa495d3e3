"""The operations chain: one operation at a time (webrtc-pc, chain an asynchronous operation)."""

from collections.abc import Callable
from typing import Any, TypeVar

from frazil.errors import InvalidStateError
from frazil.peer.event import OperationSettled
from frazil.peer.operation import Operation, Steps
from frazil.peer.task import TaskQueue

T = TypeVar("T")


class OperationChain:
    """Serialises operations; an operation leaves the chain before its promise settles."""

    __slots__ = ("_entries", "_is_closed", "_on_empty", "_tasks")

    def __init__(self, tasks: TaskQueue, on_empty: Callable[[], None]) -> None:
        """Report to ``on_empty`` whenever the last operation has left."""
        self._entries: list[tuple[Operation[Any], Steps[Any]]] = []
        self._tasks = tasks
        self._on_empty: Callable[[], None] | None = on_empty
        self._is_closed = False

    @property
    def is_empty(self) -> bool:
        """Whether no operation runs or waits."""
        return not self._entries

    def add(self, body: Steps[T]) -> Operation[T]:
        """Append an operation; if it is the first it starts before this returns."""
        operation: Operation[T] = Operation()
        if self._is_closed:
            operation.reject(InvalidStateError("the connection is closed; create a new one"))
            body.close()
            return operation
        self._entries.append((operation, body))
        if len(self._entries) == 1:
            self._advance(None)
        return operation

    def close(self) -> None:
        """Drop all operations; their promises never settle."""
        self._is_closed = True
        self._on_empty = None
        entries, self._entries = self._entries, []
        for _, body in entries:
            body.close()

    def _advance(self, now: float | None) -> None:
        """Run the head to its next wait; whenever it ends, start the one behind it."""
        while self._entries:
            operation, body = self._entries[0]
            try:
                if now is None:
                    next(body)
                else:
                    body.send(now)
            except StopIteration as stop:
                operation.resolve(stop.value)
            except Exception as error:
                operation.reject(error)
            else:
                self._tasks.queue(self._advance)
                return
            del self._entries[0]
            if self._tasks.is_running:
                self._tasks.emit(OperationSettled(operation))
            now = None
        if self._on_empty is not None:
            self._on_empty()
