"""The settings of one association."""

from dataclasses import dataclass
from typing import Final

from frazil.setting import check_types

MAX_STREAMS: Final = 65535
"""Stream 65535 does not exist in WebRTC (RFC 8831 section 6.2), so identifiers end at 65534."""

_PORT_LIMIT: Final = 65536


@dataclass(frozen=True, slots=True)
class SctpConfig:
    """What an association may use and how patient it is. Durations are seconds.

    Attributes:
        local_port: Our SCTP port. Leave it: descriptions say 5000 (RFC 8841).
        remote_port: The peer's SCTP port; a connection takes it from the peer's description.
        mtu: The largest SCTP packet we send, in bytes. The default leaves room for a DTLS record
            with an AEAD cipher (37 bytes) inside a UDP payload of 1200 bytes.
        outbound_streams: How many streams we ask to send on.
        inbound_streams: How many streams the peer may send on.
        receive_window: Bytes we hold for messages that are incomplete or out of order. A message
            larger than this cannot be received.
        rto_initial_s: The retransmission timeout before the first round trip was measured.
        rto_min_s: The least time the retransmission timeout exceeds the smoothed round trip by.
            It has to outlast a peer that delays its SACK by 200 ms.
        rto_max_s: The longest retransmission timeout; after a blackout of any length traffic
            resumes within this time.
        max_init_retransmits: How often INIT and COOKIE ECHO are repeated. None is for ever: whether
            the path is lost is for ICE to say.
        max_retransmits: How many timeouts in a row, with no sign of life in between, end the
            association. None leaves that to ICE as well.
        heartbeat_s: How long an idle association waits before it asks for a sign of life. Consent
            watches the path all the time; this only tells that the peer still has an association.
        sack_delay_s: How long a single packet may wait for its acknowledgement. Long enough for a
            reply that carries the SACK along, short against every peer's retransmission timeout.
        interleaving: Whether to offer message interleaving (RFC 8260).

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range.
    """

    local_port: int = 5000
    remote_port: int = 5000
    mtu: int = 1160
    outbound_streams: int = MAX_STREAMS
    inbound_streams: int = MAX_STREAMS
    receive_window: int = 5 * 1024 * 1024
    rto_initial_s: float = 0.5
    rto_min_s: float = 0.22
    rto_max_s: float = 5.0
    max_init_retransmits: int | None = None
    max_retransmits: int | None = None
    heartbeat_s: float = 60.0
    sack_delay_s: float = 0.02
    interleaving: bool = True

    def __post_init__(self) -> None:
        check_types(self)
        for port in (self.local_port, self.remote_port):
            _require(0 < port < _PORT_LIMIT, "a port is 1 to 65535")
        for streams in (self.outbound_streams, self.inbound_streams):
            _require(0 < streams <= MAX_STREAMS, "a number of streams is 1 to 65535")
        _require(512 <= self.mtu <= 16384 and self.mtu % 4 == 0, "mtu is 512 to 16384, in fours")
        _require(self.receive_window >= 4096, "receive_window is at least 4096 bytes")
        _require(0 < self.rto_min_s <= self.rto_max_s, "0 < rto_min_s <= rto_max_s")
        _require(0 < self.rto_initial_s <= self.rto_max_s, "0 < rto_initial_s <= rto_max_s")
        _require((self.max_init_retransmits or 0) >= 0, "max_init_retransmits is not negative")
        _require((self.max_retransmits or 0) >= 0, "max_retransmits is not negative")
        _require(self.heartbeat_s > 0, "heartbeat_s is positive")
        _require(0 < self.sack_delay_s <= 0.5, "sack_delay_s is at most 0.5 (RFC 9260 6.2)")


def _require(condition: bool, rule: str) -> None:
    """Raise ``ValueError`` unless ``condition`` holds."""
    if not condition:
        raise ValueError(rule)
