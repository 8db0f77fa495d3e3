"""What a worker is told to do, whatever language it is written in."""

import json
from enum import StrEnum
from typing import Any, NamedTuple

from effort import Effort


class Role(StrEnum):
    """Which part of a job a worker has."""

    VERSION = "version"
    """None: it tells the version of its stack."""
    ALONE = "alone"
    """Both ends, in its process."""
    SENDER = "sender"
    """The end that offers."""
    RECEIVER = "receiver"
    """The end that answers."""


class Task(NamedTuple):
    """The last argument of every worker, as JSON.

    Attributes:
        role: Which part it has.
        job: The name of the job; for Python the module that has it.
        effort: How much to do.
        parameters: What the job needs to know besides.
    """

    role: Role
    job: str
    effort: Effort
    parameters: dict[str, Any]

    def to_json(self) -> str:
        """An object of objects: each field by its name."""
        return json.dumps({**self._asdict(), "effort": self.effort._asdict()})

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """The reverse of :meth:`to_json`."""
        fields = json.loads(text)
        return cls(
            Role(fields["role"]), fields["job"], Effort(**fields["effort"]), fields["parameters"]
        )
