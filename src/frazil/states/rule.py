"""Rules that reduce the states of many transports to one state, written as data.

Every text that ever defined such a state speaks in the same three phrases: *any* transport is in
these states, *all* are, *none* is. A :class:`Rule` holds one such sentence, so a table of rules
reads like the text it comes from and can be run, compared and printed.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S_co = TypeVar("S_co", bound=StrEnum, covariant=True)

_ANYTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule(Generic[S_co]):
    """One sentence: the result is ``state`` if all three conditions hold.

    An empty condition asks for nothing. ``all_of`` alone also holds when there are no transports.

    Attributes:
        state: The result.
        any_of: At least one input is one of these.
        all_of: Every input is one of these.
        none_of: No input is one of these.
    """

    state: S_co
    any_of: frozenset[str] = _ANYTHING
    all_of: frozenset[str] = _ANYTHING
    none_of: frozenset[str] = _ANYTHING

    def holds(self, states: AbstractSet[str]) -> bool:
        """Whether the three conditions are true of ``states``."""
        return (
            (not self.any_of or not self.any_of.isdisjoint(states))
            and (not self.all_of or states <= self.all_of)
            and self.none_of.isdisjoint(states)
        )

    def __str__(self) -> str:
        phrases = [
            f"{word} {_join(states)}"
            for word, states in (
                ("any", self.any_of),
                ("all", self.all_of),
                ("none", self.none_of),
            )
            if states
        ]
        return ", ".join(phrases) or "otherwise"


def matching(rules: Sequence[Rule[S_co]], states: AbstractSet[str]) -> Iterator[S_co]:
    """The results of the rules that hold for ``states``, in the order of the rules."""
    return (rule.state for rule in rules if rule.holds(states))


def _join(states: AbstractSet[str]) -> str:
    *head, last = sorted(str(state) for state in states)
    return f"{', '.join(head)} or {last}" if head else last
