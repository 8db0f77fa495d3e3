"""The settings of one transport, all layers together."""

from dataclasses import dataclass, field
from typing import Final

from frazil.dtls import DtlsConfig
from frazil.ice import IceConfig
from frazil.sctp import SctpConfig

MAX_EARLY_DATAGRAMS: Final = 4
"""DTLS datagrams kept while no fingerprint is known: a ClientHello comes in two or three."""
MAX_EARLY_PACKETS: Final = 10
"""SCTP packets kept while no association is negotiated: an initial window. Where DTLS is connected
already, the end that answers may send before the other one has the answer."""
MAX_RELAY_SERVERS: Final = 32
"""TURN servers asked in one generation."""
MAX_MISSING_RELAYS: Final = 64
"""Lost relays that are asked for again in later rounds of gathering; the newest count."""


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """The timers and limits of one transport.

    Attributes:
        ice: Timers of checks, liveness, consent and patience.
        dtls: Datagram size and handshake timers.
        relay_patience_s: How long gathering waits for one TURN server to relay.
        sctp: Packet size, buffers and timers.
        snap: Whether descriptions announce how SCTP begins (draft-hancke-tsvwg-snap). If the peer
            does so as well, channels open two round trips sooner; others do not notice.

    Raises:
        TypeError: A value has the wrong type.
    """

    ice: IceConfig = field(default_factory=IceConfig)
    dtls: DtlsConfig = field(default_factory=DtlsConfig)
    relay_patience_s: float = 10.0
    sctp: SctpConfig = field(default_factory=SctpConfig)
    snap: bool = True

    def __post_init__(self) -> None:
        for name, kind in (("ice", IceConfig), ("dtls", DtlsConfig), ("sctp", SctpConfig)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} must be of the class {kind.__name__}, not {value!r}")
        if not isinstance(self.snap, bool):
            raise TypeError(f"snap must be a bool, not {self.snap!r}")
        if not isinstance(self.relay_patience_s, int | float):
            raise TypeError(f"relay_patience_s must be a number, not {self.relay_patience_s!r}")
