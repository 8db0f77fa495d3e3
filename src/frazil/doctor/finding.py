"""What is wrong, in one sentence, and what to do, in another."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    PROBLEM = "problem"
    """Something that was asked for does not work."""
    WARNING = "warning"
    """Some connections will fail or take longer."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A conclusion.

    Attributes:
        level: How bad it is.
        code: To search for, the same for ever.
        text: What is wrong, one sentence.
        fix: What to do, one sentence; or empty.
    """

    level: Level
    code: str
    text: str
    fix: str = ""
