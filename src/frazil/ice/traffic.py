"""What was carried: one of these for each transport, and one for each of its pairs."""

from frazil.compiled import mypyc_attr


@mypyc_attr(acyclic=True)
class Traffic:
    """Datagrams other than STUN, and their bytes (webrtc-stats 8.4 RTCTransportStats, 8.6).

    It is brought up to date once per batch.

    Attributes:
        packets_sent: Datagrams handed to the network.
        bytes_sent: Their payload: neither IP nor UDP headers count.
        packets_received: Datagrams from an authenticated address, handed to DTLS.
        bytes_received: Their payload.
        sent_at: When the latest was sent.
        received_at: When the latest arrived.
    """

    __slots__ = (
        "bytes_received",
        "bytes_sent",
        "packets_received",
        "packets_sent",
        "received_at",
        "sent_at",
    )

    def __init__(self) -> None:
        self.packets_sent = 0
        self.bytes_sent = 0
        self.packets_received = 0
        self.bytes_received = 0
        self.sent_at: float | None = None
        self.received_at: float | None = None

    def note_sent(self, packets: int, size: int, now: float) -> None:
        """A batch of ``packets`` with ``size`` bytes together leaves."""
        self.packets_sent += packets
        self.bytes_sent += size
        self.sent_at = now

    def note_received(self, packets: int, size: int, now: float) -> None:
        """A batch of ``packets`` with ``size`` bytes together arrived."""
        self.packets_received += packets
        self.bytes_received += size
        self.received_at = now
