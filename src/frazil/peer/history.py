"""The record of every state change of a connection, newest last."""

from collections import deque
from typing import Final

from frazil.trace import Reason, StateChange, Trace

HISTORY_LIMIT: Final = 512
"""State changes kept; a flapping network makes two per flap and machine."""


class History:
    """A bounded list of state changes; each is traced too."""

    __slots__ = ("_changes", "_trace")

    def __init__(self, trace: Trace) -> None:
        self._changes: deque[StateChange] = deque(maxlen=HISTORY_LIMIT)
        self._trace = trace

    @property
    def changes(self) -> list[StateChange]:
        """The changes still held, oldest first."""
        return list(self._changes)

    def record(self, at: float, machine: str, old: str, new: str, reason: Reason) -> None:
        """Append one change."""
        change = StateChange(at, machine, old, new, reason)
        self._changes.append(change)
        self._trace.record_change("peer", "state-changed", change)
