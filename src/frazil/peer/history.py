"""The record of every state change of a connection, newest last."""

from typing import Final

from frazil.trace import Reason, StateChange, Trace

HISTORY_LIMIT: Final = 512
"""State changes kept; a flapping network makes two per flap and machine."""


class History:
    """A bounded list of state changes; each is traced too."""

    __slots__ = ("_changes", "_trace")

    def __init__(self, trace: Trace) -> None:
        self._changes: list[StateChange] = []
        self._trace = trace

    @property
    def changes(self) -> list[StateChange]:
        """The changes still held, oldest first."""
        return list(self._changes)

    def record(self, at: float, machine: str, old: str, new: str, reason: Reason) -> None:
        """Append one change."""
        change = StateChange(at, machine, old, new, reason)
        self._changes.append(change)
        if len(self._changes) > HISTORY_LIMIT:
            del self._changes[0]
        self._trace.record_change("peer", "state-changed", change)
