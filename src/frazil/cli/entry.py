"""What a demo has to tell, piece by piece, in the order in which it happens.

Instants are seconds since the demo began. Every entry reaches every kind of display in the same
form; how it looks is the display's business.
"""

from dataclasses import dataclass
from typing import TypeAlias

from frazil.trace import StateChange


@dataclass(frozen=True, slots=True)
class StepBegan:
    """The demo goes on to something else."""

    at: float
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class StateMoved:
    """A state machine of one peer moved.

    Attributes:
        at: When, in seconds since the demo began.
        peer: Whose machine it is.
        change: From where to where, and why. Its own ``at`` is on the connection's clock.
    """

    at: float
    peer: str
    change: StateChange


@dataclass(frozen=True, slots=True)
class MessageSent:
    """A peer handed a message to its channel."""

    at: float
    peer: str
    text: str


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A peer got a message.

    Attributes:
        at: When, in seconds since the demo began.
        peer: Who got it.
        text: The message.
        after_s: How long it was on its way.
    """

    at: float
    peer: str
    text: str
    after_s: float


@dataclass(frozen=True, slots=True)
class PathChanged:
    """The path between the peers was cut, or healed."""

    at: float
    blocked: bool
    text: str


@dataclass(frozen=True, slots=True)
class Noted:
    """An observation worth a line."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The end: whether all was as expected.

    Attributes:
        at: When, in seconds since the demo began.
        summary: What was checked, in one sentence.
        differences: What was not as expected, one sentence each.
    """

    at: float
    summary: str
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether there are no differences."""
        return not self.differences


Entry: TypeAlias = (
    StepBegan | StateMoved | MessageSent | MessageArrived | PathChanged | Noted | Judged
)
