"""The congestion window (RFC 9260 section 7)."""

INITIAL_WINDOW_PACKETS = 10
"""As in TCP (RFC 6928); RFC 9260 itself still has 4404 bytes."""

MIN_THRESHOLD_PACKETS = 4
GROWTH_LIMIT_PACKETS = 8
"""Slow start credits at most this many packets per SACK, which is how many we acknowledge at once.

RFC 9260 section 7.2.1 says one; with SACKs per batch that would make slow start linear. Counting
acknowledged bytes still defeats split acknowledgements (RFC 3465).
"""

MAX_BURST_PACKETS = 32
"""How far the flight may grow beyond what it was when the last SACKs arrived.

After an idle period this is the burst that restarts the clock of SACKs, so the window itself need
not decay with time (RFC 9260 section 7.2.1).
"""


class CongestionWindow:
    """Decides how many bytes may be in flight.

    All sizes are bytes of DATA chunks, headers included, so that tiny messages cannot hide a large
    packet rate. The unit, here called packet, is what one packet can hold.

    Attributes:
        window: ``cwnd``.
        threshold: ``ssthresh``.
        burst_limit: The flight size that must not be exceeded before another SACK arrives.
        recovery_ends: In fast recovery the TSN whose acknowledgement ends it, otherwise None.
    """

    __slots__ = ("_packet_size", "_partial", "burst_limit", "recovery_ends", "threshold", "window")

    def __init__(self, packet_size: int) -> None:
        self._packet_size = packet_size
        self._partial = 0
        self.window = INITIAL_WINDOW_PACKETS * packet_size
        self.threshold = 1 << 62  # "arbitrarily high" (RFC 9260 section 7.2.1)
        self.burst_limit = MAX_BURST_PACKETS * packet_size
        self.recovery_ends: int | None = None

    def permit_burst(self, flight: int) -> None:
        """A batch of SACKs arrives while ``flight`` bytes are out."""
        self.burst_limit = flight + MAX_BURST_PACKETS * self._packet_size

    def acknowledged(self, size: int, *, fully_used: bool) -> None:
        """``size`` bytes were newly acknowledged by one SACK and the cumulative TSN advanced.

        Args:
            size: Newly acknowledged bytes.
            fully_used: Whether the flight had filled the window when the SACK arrived.
        """
        if self.recovery_ends is not None:
            return
        if self.window < self.threshold:
            if fully_used:
                credit = min(size, GROWTH_LIMIT_PACKETS * self._packet_size)
                self.window = min(self.window + credit, self.threshold)
            return
        self._partial += size  # congestion avoidance: one packet per window (section 7.2.2)
        if self._partial >= self.window:
            self._partial -= self.window
            if fully_used:
                self.window += self._packet_size

    def lost(self, highest_tsn: int) -> bool:
        """A chunk was lost: halve the window, once per window of data.

        Args:
            highest_tsn: The highest TSN outstanding; recovery lasts until it is acknowledged.

        Returns:
            Whether this began a fast recovery (RFC 9260 section 7.2.4).
        """
        if self.recovery_ends is not None:
            return False
        self._halve_threshold()
        self.window = self.threshold
        self._partial = 0
        self.recovery_ends = highest_tsn
        return True

    def recovered(self, cumulative_tsn: int) -> None:
        """Everything up to ``cumulative_tsn`` was acknowledged; fast recovery may be over."""
        if self.recovery_ends is not None and cumulative_tsn >= self.recovery_ends:
            self.recovery_ends = None

    def timed_out(self) -> None:
        """The retransmission timer expired: one packet, then slow start (RFC 9260 7.2.3)."""
        self._halve_threshold()
        self.window = self._packet_size
        self._partial = 0
        self.recovery_ends = None

    def restart(self) -> None:
        """The path is another one, or came back: begin as with the first packet."""
        self.window = INITIAL_WINDOW_PACKETS * self._packet_size
        self._partial = 0
        self.recovery_ends = None
        self.permit_burst(0)

    def _halve_threshold(self) -> None:
        self.threshold = max(self.window // 2, MIN_THRESHOLD_PACKETS * self._packet_size)
