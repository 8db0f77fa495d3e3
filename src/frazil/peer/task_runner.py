"""The side of an engine that its driver calls to run tasks."""

from collections.abc import Sized
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.peer.event import PeerEvent
from frazil.peer.task import TaskQueue
from frazil.peer.transport_set import TransportSet

BACKLOG_LIMIT: Final = 4096
"""Waiting tasks above which the driver should run tasks before it reads from the network."""


@mypyc_attr(allow_interpreted_subclasses=True)
class TaskRunner:
    """Runs the tasks of an engine, one at a time.

    Attributes:
        waiting: The tasks that :meth:`run_task` has to do; always the same object.
    """

    __slots__ = ("_tasks", "_transports", "waiting")

    def __init__(self, tasks: TaskQueue, transports: TransportSet) -> None:
        self._tasks = tasks
        self._transports = transports
        self.waiting: Sized = tasks.waiting

    @property
    def is_congested(self) -> bool:
        """Whether the driver should run tasks before it reads from the network again."""
        return len(self.waiting) > BACKLOG_LIMIT

    def run_task(self, now: float) -> list[PeerEvent]:
        """Run one task: its slots are written, and its events are to be dispatched in order."""
        events = self._tasks.run(now)
        self._transports.drain()
        return events
