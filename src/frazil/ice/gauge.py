"""Measures the pairs that are not in use, where the quickest is wanted."""

from itertools import islice

from frazil.ice.check import CheckKind
from frazil.ice.check_table import CheckTable
from frazil.ice.config import MAX_STANDBY_CHECKS
from frazil.ice.generation import Generation
from frazil.ice.selection import Selection


class Gauge:
    """Sends a check on the best of the other pairs at every interval.

    It rests unless the nominated pair is in use and lives: before that there are checks enough.
    """

    __slots__ = ("_interval_s", "_next_at", "_selection", "_table")

    def __init__(self, table: CheckTable, selection: Selection, interval_s: float) -> None:
        self._table = table
        self._selection = selection
        self._interval_s = interval_s
        self._next_at = 0.0

    def _rests(self, generation: Generation) -> bool:
        return (
            not generation.is_measured
            or generation.agreement.pair is not self._selection.pair
            or not self._selection.is_alive
        )

    def next_timeout(self, generation: Generation) -> float | None:
        """When the next round is due."""
        return None if self._rests(generation) else self._next_at

    def handle_timeout(self, generation: Generation, now: float) -> None:
        """Send a round, if it is due."""
        if self._rests(generation) or now < self._next_at:
            return
        self._next_at = now + self._interval_s
        others = (
            pair
            for pair in generation.checklist
            if pair.is_valid and pair is not self._selection.pair and not pair.is_barred
        )
        for pair in islice(others, MAX_STANDBY_CHECKS):
            self._table.start(pair, generation, CheckKind.STANDBY, now)
