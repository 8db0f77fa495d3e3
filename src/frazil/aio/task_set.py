"""The tasks of one connection: every one has an owner, and an end."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class TaskSet:
    """Tasks that are cancelled, and waited for, when the connection closes.

    Args:
        loop: Where they run.
    """

    __slots__ = ("_ended", "_loop", "_tasks")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tasks: list[asyncio.Task[None]] = []
        self._ended: asyncio.Future[None] | None = None

    def start(self, work: Coroutine[Any, Any, None], name: str) -> "asyncio.Task[None]":
        """Begin a task; its exceptions are the loop's business."""
        task = self._loop.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._tasks.remove(task)
        if self._ended is not None and not self._tasks:
            self._ended.set_result(None)

    def close(self) -> "asyncio.Future[None]":
        """Cancel every task; done when none is left. On a closed loop none goes on anyway."""
        if self._ended is None:
            self._ended = self._loop.create_future()
            if not self._tasks or self._loop.is_closed():
                self._ended.set_result(None)
                return self._ended
            for task in self._tasks:
                task.cancel()
        return self._ended
