"""How long a packet that others have overtaken may still be on its way (RFC 8985 section 6.2)."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.rtt import RoundTrip

REORDERING_PACKETS: Final = 3
"""Until packets were seen to overtake each other, three later ones prove a loss (DupThresh).

One SACK may cover a batch of packets, so packets are counted and not SACKs.
"""

MAX_STEPS: Final = 16
"""How many quarters of the least round trip the window grows to at most."""

_PERSISTENCE: Final = 16
"""For how many recoveries a window that has grown is kept (RFC 8985 section 6.2 step 4)."""


@mypyc_attr(acyclic=True)
class ReorderingWindow:
    """The patience with packets that seem lost, learned from those that were not."""

    __slots__ = ("_kept_for", "_steps", "is_reordering")

    def __init__(self) -> None:
        self.is_reordering = False
        self._steps = 1
        self._kept_for = 0

    def seen(self) -> None:
        """A packet arrived after one that was sent later."""
        self.is_reordering = True

    def widen(self) -> None:
        """A packet had been taken for lost and was not; tell it once per round trip."""
        self.is_reordering = True
        self._steps = min(self._steps + 1, MAX_STEPS)
        self._kept_for = _PERSISTENCE

    def recovered(self) -> None:
        """A recovery ended."""
        if self._kept_for:
            self._kept_for -= 1
            if not self._kept_for:
                self._steps = 1

    def wait_s(self, round_trip: RoundTrip, *, is_proven: bool) -> float:
        """How much longer than the round trip a packet may take.

        Args:
            round_trip: The measured path.
            is_proven: Whether enough later packets have arrived, or losses are being repaired.
        """
        if is_proven and not self.is_reordering:
            return 0.0
        smoothed_s = round_trip.smoothed_s or 0.0
        return min(self._steps * min(round_trip.least_s, smoothed_s) / 4, smoothed_s)
