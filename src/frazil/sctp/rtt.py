"""The round trip time and the retransmission timeout that follows from it."""

import math
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.config import SctpConfig

_ALPHA: Final = 1 / 8
_BETA: Final = 1 / 4


@mypyc_attr(acyclic=True)
class RoundTrip:
    """Smoothed round trip time, its variation, and the timeout (RFC 9260 section 6.3.1).

    One departure: ``rto_min_s`` bounds the variation term, not the sum, so the timeout is always
    that much longer than the round trip and a peer's delayed SACK never looks like a loss.

    Attributes:
        smoothed_s: The smoothed round trip, None before the first measurement.
        least_s: The least one measured.
        rto_s: The retransmission timeout.
    """

    __slots__ = (
        "_initial_s",
        "_max_s",
        "_min_s",
        "_variation_s",
        "least_s",
        "rto_s",
        "smoothed_s",
    )

    def __init__(self, config: SctpConfig) -> None:
        self._min_s = config.rto_min_s
        self._initial_s = config.rto_initial_s
        self._max_s = config.rto_max_s
        self.forget()

    def forget(self) -> None:
        """The path is another one: nothing is known of it."""
        self._variation_s = 0.0
        self.smoothed_s: float | None = None
        self.least_s = math.inf
        self.rto_s = self._initial_s

    def measured(self, rtt_s: float) -> None:
        """Learn from a packet that was sent once and answered after ``rtt_s``."""
        if rtt_s < self.least_s:
            self.least_s = rtt_s
        smoothed_s = self.smoothed_s
        if smoothed_s is None:
            smoothed_s = rtt_s
            self._variation_s = rtt_s / 2
        else:
            difference_s = rtt_s - smoothed_s
            self._variation_s += _BETA * (abs(difference_s) - self._variation_s)
            smoothed_s += _ALPHA * difference_s
        self.smoothed_s = smoothed_s
        patience_s = 4 * self._variation_s
        rto_s = smoothed_s + (patience_s if patience_s > self._min_s else self._min_s)
        self.rto_s = rto_s if rto_s < self._max_s else self._max_s

    def back_off(self) -> None:
        """Double the timeout until the next measurement (Karn; RFC 9260 section 6.3.3 E2)."""
        self.rto_s = min(2 * self.rto_s, self._max_s)
