"""An operation: a promise without an event loop."""

from collections.abc import Generator
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[None, float, T]
"""The body of an operation that resolves with ``T``.

What it does before its first ``yield`` happens inside the call (or when its turn comes, if other
operations are ahead); each ``yield`` waits for the next task and gives its time; ``return``
resolves the promise, an exception rejects it.
"""


class Operation(Generic[T]):
    """The outcome, once there is one, of a call such as ``create_offer``.

    It may be settled when the call returns: W3C detects many errors synchronously. Otherwise an
    :class:`~frazil.peer.event.OperationSettled` comes out of a task. It stays pending for ever if
    the connection is closed first.

    Attributes:
        is_settled: Whether it has resolved or been rejected.
        error: Why it was rejected.
    """

    __slots__ = ("_value", "error", "is_settled")

    def __init__(self) -> None:
        self.is_settled = False
        self.error: Exception | None = None
        self._value: T | None = None

    @classmethod
    def rejected(cls, error: Exception) -> "Operation[T]":
        """An operation that failed before it began."""
        operation = cls()
        operation.reject(error)
        return operation

    def result(self) -> T:
        """The value it resolved with.

        Raises:
            Exception: ``error``, if it was rejected.
            RuntimeError: If it is still pending.
        """
        if self.error is not None:
            raise self.error
        if not self.is_settled:
            raise RuntimeError("the operation is still pending")
        return self._value  # type: ignore[return-value]  # settled: it is a T

    def resolve(self, value: T) -> None:
        """Settle with ``value``."""
        self._value = value
        self.is_settled = True

    def reject(self, error: Exception) -> None:
        """Settle with ``error``."""
        self.error = error
        self.is_settled = True
