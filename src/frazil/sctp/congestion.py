"""What decides how much may be in flight, and how fast it is sent."""

from typing import Final, Protocol

from frazil.sctp.delivery import Burst, Sample

INITIAL_WINDOW_PACKETS: Final = 10
"""As in TCP (RFC 6928); RFC 9260 itself still has 4404 bytes."""

MIN_WINDOW_PACKETS: Final = 4
"""Below this too few acknowledgements come to learn from (RFC 9260 section 7.2.3)."""


class CongestionController(Protocol):
    """Knows nothing of chunks and timers: it is told what happened, and is asked for two numbers.

    All sizes are bytes of DATA chunks, headers included, so that tiny messages cannot hide a large
    packet rate.

    Attributes:
        window: How many bytes may be in flight (``cwnd``).
        pacing_rate: Bytes per second at which they are sent; infinite for no pacing.
    """

    window: int
    pacing_rate: float

    def on_idle_end(self, now: float) -> None:
        """Something is about to be sent while nothing is in flight."""

    def on_lost(self, size: int, latest: Burst, lost_since: int, now: float) -> None:
        """``size`` bytes were found lost; :meth:`on_acked` for the same batch follows.

        Args:
            size: How many bytes.
            latest: When the last of them was sent.
            lost_since: Bytes found lost since then, these included.
            now: The time.
        """

    def on_acked(self, sample: Sample, now: float) -> None:
        """A batch of acknowledgements arrived."""

    def on_timeout(self, flight: int, *, is_persistent: bool) -> None:
        """The retransmission timer expired; what was in flight is taken for lost.

        Args:
            flight: Bytes that were in flight.
            is_persistent: Whether it expired before, with no acknowledgement in between.
        """

    def on_spurious(self) -> None:
        """All that was taken for lost since the last recovery began had arrived: undo."""

    def restart(self) -> None:
        """The path is another one: begin as with the first packet (RFC 9260 section 7.2)."""
