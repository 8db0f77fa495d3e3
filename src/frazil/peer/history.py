"""The record of every state change of a connection, newest last."""

from typing import Any, Final

from frazil.trace import Reason, StateChange, Trace

HISTORY_LIMIT: Final = 512
"""State changes kept; a flapping network makes two per flap and machine."""
_SIZE: Final = len(StateChange._fields) - 1 + len(Reason._fields)
"""The parts of a change: its reason is taken apart, too."""


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
        """The changes still held, oldest first."""
        parts = self._parts
        return [_change(parts[at : at + _SIZE]) for at in range(0, len(parts), _SIZE)]

    def record(self, at: float, machine: str, old: str, new: str, reason: Reason) -> None:
        """Append one change."""
        parts = self._parts
        values = (machine, old, new, *reason)
        parts.append(at)
        parts += values
        if len(parts) > HISTORY_LIMIT * _SIZE:
            del parts[:_SIZE]
        self._trace.record_values(at, "peer", "state-changed", values)


def _change(parts: list[Any]) -> StateChange:
    at, machine, old, new, *reason = parts
    return StateChange(at, machine, old, new, Reason(*reason))
