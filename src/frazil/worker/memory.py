"""Keeps the garbage collector away from connections that live."""

import gc
from typing import Final

FREEZE_EVERY: Final = 50
"""Sessions opened between two times that everything is put out of the collector's sight."""
COLLECT_EVERY: Final = 10_000
"""Sessions ended after which what they may have left behind is looked for."""


class Memory:
    """The policy of a worker for the garbage collector.

    The collector of CPython looks at everything there is whenever that has grown by a quarter,
    which with thousands of connections stops the process for seconds. Connections hold
    no reference cycles once they are closed, so nothing is lost by not looking at them. What
    handlers leave behind is found when the last session has ended, or very many have.
    """

    __slots__ = ("_ended", "_opened")

    def __init__(self) -> None:
        self._opened = 0
        self._ended = 0

    def opened(self) -> None:
        """Another session has begun."""
        self._opened += 1
        if self._opened % FREEZE_EVERY == 0:
            gc.freeze()

    def ended(self, left: int) -> None:
        """A session is over.

        Args:
            left: How many are not.
        """
        self._ended += 1
        if self._ended >= COLLECT_EVERY or (left == 0 and self._ended >= FREEZE_EVERY):
            self._ended = 0
            gc.unfreeze()
            gc.collect()
            gc.freeze()
