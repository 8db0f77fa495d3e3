"""How long to wait for acknowledgements: the tail loss probe, and T3-rtx after it."""

import math
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.rtt import RoundTrip

PEER_DELAY_S: Final = 0.2
"""How long a peer may keep the acknowledgement of a single packet back (RFC 9260 section 6.2)."""


@mypyc_attr(acyclic=True)
class RetransmissionTimer:
    """The deadlines that are set while something is in flight.

    Attributes:
        expires_at: When T3-rtx expires, None while nothing is outstanding (RFC 9260 section 6.3.2).
        moved_at: When something was sent or acknowledged last.
        expirations: How often T3-rtx expired, with no acknowledgement in between.
    """

    __slots__ = ("_probed", "_round_trip", "expirations", "expires_at", "moved_at")

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self.moved_at = -math.inf
        self._probed = False
        self.expirations = 0
        self.expires_at: float | None = None

    def sent(self, now: float) -> None:
        """Something is sent."""
        self.moved_at = now
        if self.expires_at is None:
            self.expires_at = now + self._round_trip.rto_s

    def restart(self, now: float) -> None:
        """The oldest chunk is another one, or is sent again (RFC 9260 section 6.3.2 R3, R4)."""
        self.expires_at = now + self._round_trip.rto_s

    def acked(self, now: float) -> None:
        """Something was acknowledged that had not been."""
        self.moved_at = now
        self._probed = False
        self.expirations = 0

    def stop(self) -> None:
        """Nothing is outstanding."""
        self.expires_at = None
        self.moved_at = -math.inf
        self._probed = False
        self.expirations = 0

    def probe_at(self, *, is_single: bool) -> float | None:
        """When to ask by a probe whether the last packets arrived (RFC 8985 section 7.2).

        Args:
            is_single: Whether one packet is in flight, whose acknowledgement may be delayed.

        Returns:
            None if T3-rtx comes first, a probe was not answered, or no round trip is known.
        """
        smoothed_s = self._round_trip.smoothed_s
        if self._probed or smoothed_s is None or self.expires_at is None:
            return None
        at = self.moved_at + 2 * smoothed_s + (PEER_DELAY_S if is_single else 0.0)
        return at if at < self.expires_at else None

    def probed(self, now: float) -> None:
        """The probe is sent; T3-rtx counts from here."""
        self._probed = True
        self.restart(now)

    def expire(self, now: float) -> bool:
        """Whether T3-rtx expired; if so it is set again, with twice the patience (6.3.3)."""
        if self.expires_at is None or now < self.expires_at:
            return False
        self.expirations += 1
        self._probed = True
        self._round_trip.back_off()
        self.restart(now)
        return True
