"""What the parts of one connection share."""

from dataclasses import dataclass

from frazil.peer.aggregate import Aggregates
from frazil.peer.description import DescriptionSlots
from frazil.peer.history import History
from frazil.peer.task import TaskQueue
from frazil.trace import Trace


@dataclass(slots=True)
class Core:
    """The queue, the record and the slots that more than one part writes."""

    tasks: TaskQueue
    history: History
    trace: Trace
    descriptions: DescriptionSlots
    aggregates: Aggregates
