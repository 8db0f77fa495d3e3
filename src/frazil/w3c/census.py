"""Who wants to hear of every connection that this process makes."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Census(Generic[T]):
    """Tells listeners of each newcomer, and keeps none of them."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: tuple[Callable[[T], None], ...] = ()

    def listen(self, listener: Callable[[T], None]) -> None:
        """Call ``listener`` with every further newcomer, which is ready for use."""
        self._listeners = (*self._listeners, listener)

    def forget(self, listener: Callable[[T], None]) -> None:
        """Call it no more.

        Raises:
            ValueError: It does not listen.
        """
        listeners = list(self._listeners)
        listeners.remove(listener)
        self._listeners = tuple(listeners)

    def announce(self, newcomer: T) -> None:
        """Tell of somebody who has just come."""
        for listener in self._listeners:
            listener(newcomer)
