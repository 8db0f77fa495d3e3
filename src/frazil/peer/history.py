"""The record of every state change of a connection, newest last."""

from typing import Any, Final

from frazil.trace import EVENTS, Reason, StateChange, Trace, facts_of_change

HISTORY_LIMIT: Final = 512
"""State changes kept; a flapping network makes two per flap and machine."""
_CHANGED: Final = EVENTS["peer"]["state-changed"]
_SIZE: Final = 1 + len(_CHANGED.facts)
"""The parts of a change: its instant, and the facts of its record."""


class History:
    """A bounded list of state changes; each is traced too."""

    __slots__ = ("_parts", "_trace")

    def __init__(self, trace: Trace) -> None:
        # What makes a change and its reason, one by one: objects that nobody asks for would weigh
        # twice as much, and the garbage collector would follow each.
        self._parts: list[Any] = []
        self._trace = trace

    @property
    def changes(self) -> list[StateChange]:
        """The changes still held, oldest first; any thread may ask."""
        parts = tuple(self._parts)  # made in one step; the last change may be still in the making
        last_at = len(parts) - _SIZE
        return [_change(parts[at : at + _SIZE]) for at in range(0, last_at + 1, _SIZE)]

    def record(
        self, at: float, machine: str, old: str, new: str, reason: Reason, rule: str = ""
    ) -> None:
        """Append one change; ``rule`` is its clause, if that is another than the reason's."""
        parts = self._parts
        facts = facts_of_change(machine, old, new, reason, rule)
        parts.append(at)
        parts.extend(facts)
        if len(parts) > HISTORY_LIMIT * _SIZE:
            del parts[:_SIZE]
        self._trace.write(at, _CHANGED, facts)


def _change(parts: tuple[Any, ...]) -> StateChange:
    at, machine, old, new, *reason = parts
    return StateChange(at, machine, old, new, Reason(*reason))
