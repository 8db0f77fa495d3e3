"""The settings of one transport, all layers together."""

from dataclasses import dataclass, field

from frazil.dtls import DtlsConfig
from frazil.ice import IceConfig

MAX_EARLY_DATAGRAMS = 4
"""DTLS datagrams kept while the peer's fingerprint is unknown: a ClientHello comes in two or three."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """The timers and limits of one transport.

    Attributes:
        ice: Timers of checks, liveness, consent and patience.
        dtls: Datagram size and handshake timers.
        interleaving: Whether large messages may let small ones pass (RFC 8260).
    """

    ice: IceConfig = field(default_factory=IceConfig)
    dtls: DtlsConfig = field(default_factory=DtlsConfig)
    interleaving: bool = True
