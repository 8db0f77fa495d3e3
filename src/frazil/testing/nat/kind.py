"""What kind of NAT one is, in the terms of RFC 4787; and the popular names for some kinds."""

import math
from dataclasses import dataclass
from typing import Final

from frazil.testing.nat.dependence import Dependence
from frazil.testing.nat.port import PortAssignment
from frazil.testing.packet import TransportProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class NatKind:
    """How a NAT behaves.

        >>> HOTEL = NatKind(mapping=Dependence.ADDRESS_DEPENDENT, hairpin=False, timeout_s=30)

    ``dataclasses.replace(SYMMETRIC, timeout_s=30)`` makes a variant of a named kind.

    Attributes:
        mapping: Which remote endpoints see an inside socket at the same public port (4.1).
        filtering: Which remote endpoints may write to that port, once the inside socket has
            written to one (5).
        ports: How a public port is chosen (4.2).
        hairpin: Whether inside hosts reach each other by their public addresses (6). They then
            see those addresses also as the source (REQ-9).
        paired: Whether an inside host is always seen at the same one of several public addresses
            (REQ-2); if not, each new binding takes the next address.
        timeout_s: How long a binding lives, and a remote endpoint may answer, after the last
            datagram from the inside (REQ-5). RFC 4787 asks for no less than two minutes; many
            NATs forget after 30 seconds.
        tcp_timeout_s: The same for TCP, where RFC 5382 (REQ-5) asks for two hours and four minutes.
        refreshed_by_inbound: Whether datagrams from the outside keep a binding alive as well
            (REQ-6).
        max_bindings: How many bindings there can be at a time, if not as many as ports.

    Raises:
        ValueError: A timeout is not positive, or there is no room for a binding.
    """

    mapping: Dependence = Dependence.ENDPOINT_INDEPENDENT
    filtering: Dependence = Dependence.ADDRESS_AND_PORT_DEPENDENT
    ports: PortAssignment = PortAssignment.PRESERVING
    hairpin: bool = True
    paired: bool = True
    timeout_s: float = 120.0
    tcp_timeout_s: float = 7_440.0
    refreshed_by_inbound: bool = False
    max_bindings: float = math.inf

    def __post_init__(self) -> None:
        for name in ("timeout_s", "tcp_timeout_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} cannot be {getattr(self, name)}")
        if not self.max_bindings >= 1:
            raise ValueError(f"max_bindings cannot be {self.max_bindings}")

    def lifetime_s(self, protocol: TransportProtocol) -> float:
        """How long a binding for ``protocol`` lives."""
        return self.timeout_s if protocol is TransportProtocol.UDP else self.tcp_timeout_s


FULL_CONE: Final = NatKind(filtering=Dependence.ENDPOINT_INDEPENDENT)
"""Anyone may write to a public port that is in use."""
ADDRESS_RESTRICTED_CONE: Final = NatKind(filtering=Dependence.ADDRESS_DEPENDENT)
"""Any port of a host that was written to may write back."""
PORT_RESTRICTED_CONE: Final = NatKind(filtering=Dependence.ADDRESS_AND_PORT_DEPENDENT)
"""Only who was written to may write back. What most homes have."""
SYMMETRIC: Final = NatKind(
    mapping=Dependence.ADDRESS_AND_PORT_DEPENDENT, ports=PortAssignment.SEQUENTIAL
)
"""Every remote endpoint sees another public port, and only it may write to that."""
SYMMETRIC_RANDOM: Final = NatKind(
    mapping=Dependence.ADDRESS_AND_PORT_DEPENDENT, ports=PortAssignment.RANDOM
)
"""Likewise, and no port tells anything about the next."""
