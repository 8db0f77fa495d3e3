"""What the parts of one connection share."""

from frazil.peer.aggregate import Aggregates
from frazil.peer.description import DescriptionSlots
from frazil.peer.history import History
from frazil.peer.task import TaskQueue
from frazil.trace import Trace


class Core:
    """The queue, the record and the slots that more than one part writes."""

    __slots__ = ("aggregates", "descriptions", "history", "tasks", "trace")

    def __init__(
        self,
        tasks: TaskQueue,
        history: History,
        trace: Trace,
        descriptions: DescriptionSlots,
        aggregates: Aggregates,
    ) -> None:
        self.tasks = tasks
        self.history = history
        self.trace = trace
        self.descriptions = descriptions
        self.aggregates = aggregates
