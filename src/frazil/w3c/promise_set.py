"""The futures that the asynchronous methods of a connection return."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from frazil.aio.driver import Driver
from frazil.peer.description_init import DescriptionInit
from frazil.peer.operation import Operation
from frazil.w3c.description import RTCSessionDescription
from frazil.w3c.target import is_in_listener

T = TypeVar("T")
R = TypeVar("R")


class PromiseSet:
    """Gives each operation its future, and knows for which of them coroutine listeners may wait.

    Args:
        driver: Settles the futures.
        loop: Where listeners run.
    """

    __slots__ = ("_driver", "_loop", "_of_listeners")

    def __init__(self, driver: Driver, loop: asyncio.AbstractEventLoop) -> None:
        self._driver = driver
        self._loop = loop
        self._of_listeners: list[asyncio.Future[Any]] = []

    def completion(self, method: str, operation: Operation[None]) -> "asyncio.Future[None]":
        """The future of what ``method`` does, without a result."""
        return self._promise(method, operation, _nothing)

    def description(
        self, method: str, operation: Operation[DescriptionInit]
    ) -> "asyncio.Future[RTCSessionDescription]":
        """The future of the description that ``method`` creates."""
        return self._promise(method, operation, RTCSessionDescription._of)

    def abandon(self) -> None:
        """The connection is closed, and what is pending stays so, as in a browser.

        A listener that waits for it is cancelled there: nobody else could end its task.
        """
        for future in tuple(self._of_listeners):
            future.cancel()

    def _promise(
        self, method: str, operation: Operation[T], convert: Callable[[T], R]
    ) -> "asyncio.Future[R]":
        future = self._driver.promise(method, operation, convert)
        if not future.done() and is_in_listener(self._loop):
            self._of_listeners.append(future)
            future.add_done_callback(self._of_listeners.remove)
        return future


def _nothing(value: None) -> None:
    return value
