"""What the parts of one connection share."""

from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType

from frazil.peer.aggregate import Aggregates
from frazil.peer.description import DescriptionSlots
from frazil.peer.history import History
from frazil.peer.task import TaskQueue
from frazil.trace import Trace


@dataclass(slots=True)
class Core:
    """The queue, the record and the slots that more than one part writes.

    Attributes:
        owner: Refers to the connection, which has the core.
    """

    owner: "ReferenceType[Any]"
    tasks: TaskQueue
    history: History
    trace: Trace
    descriptions: DescriptionSlots
    aggregates: Aggregates

    @property
    def target(self) -> Any:
        """The connection, as the target of its events."""
        return self.owner()
