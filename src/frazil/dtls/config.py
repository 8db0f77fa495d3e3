"""Timers and sizes of a DTLS endpoint. Durations are in seconds."""

from dataclasses import dataclass

from frazil.setting import check_types


@dataclass(frozen=True, slots=True)
class DtlsConfig:
    """How an endpoint behaves.

    Attributes:
        mtu: The largest datagram of a handshake flight in bytes, at least 256. Payload is sealed
            one to one and is the caller's to size.
        handshake_timeout_s: From the start to ``failed`` if the handshake does not end. If we
            answered a peer that is not lite, the time begins when it has checked a pair or sent a
            record: before that it may not have our answer. Longer than the consent to send lasts
            (30 s): if it is the path that fails, ICE is to say so.
        retransmit_initial_s: From a flight to its first repetition. RFC 6347 4.2.4.1 suggests one
            second and allows less; ICE has shown the path to work and a repetition is two packets,
            so interactive use gains far more than it costs.
        retransmit_max_s: The interval doubles up to this.

    Raises:
        TypeError: A value has the wrong type.
        ValueError: A value is out of range.
    """

    mtu: int = 1200
    handshake_timeout_s: float = 40.0
    retransmit_initial_s: float = 0.1
    retransmit_max_s: float = 1.6

    def __post_init__(self) -> None:
        check_types(self)
        if self.mtu < 256:
            raise ValueError("a DTLS handshake needs datagrams of at least 256 bytes")
        if not 0 < self.retransmit_initial_s <= self.retransmit_max_s:
            raise ValueError("retransmission intervals must be positive and not shrink")
        if self.handshake_timeout_s <= 0:
            raise ValueError("the handshake needs some time")
