"""The W3C task queue: each task writes its slots first, then its events fire, in one turn."""

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from frazil.peer.event import EventType, Fired, PeerEvent

Task: TypeAlias = Callable[[float], None]
"""Called with the current time; fires its events through the queue it was given to."""


class TaskQueue:
    """Runs tasks one at a time and collects the events that each of them fires.

    Attributes:
        waiting: The tasks that wait; others only look.
    """

    __slots__ = ("_closed", "_events", "_follow_ups", "_running", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[Task] = deque()
        self._follow_ups: list[Task] = []
        self._events: list[PeerEvent] = []
        self._running = False
        self._closed = False

    def __len__(self) -> int:
        """How many tasks wait."""
        return len(self.waiting)

    @property
    def is_running(self) -> bool:
        """Whether the code that asks was called by a task."""
        return self._running

    def queue(self, task: Task, times: int = 1) -> None:
        """Run ``task`` after all tasks that wait now, so many times."""
        if not self._closed:
            if times == 1:
                self.waiting.append(task)
            else:
                self.waiting.extend([task] * times)

    def follow(self, task: Task) -> None:
        """Run ``task`` as the next task.

        For tasks that W3C queues from within a task and that must come before whatever the network
        brought meanwhile: an ``open`` event goes before the first message.
        """
        if self._running:
            self._follow_ups.append(task)
        else:
            self.queue(task)

    def fire(self, target: object, kind: EventType, payload: object = None) -> None:
        """Dispatch an event when the running task has written all its slots."""
        self._events.append(Fired(target, kind, payload))

    def emit(self, event: PeerEvent) -> None:
        """Hand out ``event`` in its place among the events of the running task."""
        self._events.append(event)

    def run(self, now: float) -> list[PeerEvent]:
        """Run one task; the events it fired, in order."""
        if not self.waiting:
            return []
        task = self.waiting.popleft()
        self._running = True
        try:
            task(now)
        finally:
            self._running = False
            events, self._events = self._events, []
            if self._follow_ups:
                self.waiting.extendleft(reversed(self._follow_ups))
                self._follow_ups.clear()
        return events

    def close(self) -> None:
        """Forget what waits and accept nothing more: W3C tasks abort on a closed connection."""
        self._closed = True
        self.waiting.clear()
