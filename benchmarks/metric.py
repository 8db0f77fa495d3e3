"""What a benchmark measures, and what it found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from effort import Effort
from stack import BASELINE, Stack

Sample: TypeAlias = Mapping[str, float]
"""The value of each column, by its key; a column that cannot be measured here is not there."""


class Subject(Protocol):
    """What has a row in a table: a stack, or two of them."""

    @property
    def name(self) -> str:
        """What the table calls it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity: its key in a sample and in JSON, and its title with the unit."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One table.

    Attributes:
        name: The name of the module, and the key in JSON.
        title: What is measured, and where.
        columns: The quantities.
        measure: Takes one sample of one subject; raises ``WorkerError``.
        rounds: At most so many, for what takes long and varies little.
        subjects: Who has a row, given the stacks that are here.
        note: What the reader has to know.
        baseline: The name of the subject that the others are compared with.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    measure: Callable[[Any, Effort], Sample]
    rounds: int | None = None
    subjects: Callable[[Sequence[Stack]], Sequence[Subject]] = list
    note: str = ""
    baseline: str = BASELINE.name


@dataclass(slots=True)
class Results:
    """What one metric found.

    Attributes:
        metric: The metric.
        samples: By subject, one per round; ``None`` where the measurement failed.
        failures: By subject, why measurements failed.
    """

    metric: Metric
    samples: dict[str, list[Sample | None]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
