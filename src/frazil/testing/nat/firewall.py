"""What a router does not let through, whoever asks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from frazil.testing.packet import TransportProtocol
from frazil.types import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """Rules by the port of the remote side, for both directions.

        >>> CAFE = Firewall(udp_ports={53, 443, 3478}, tcp_ports={80, 443})

    Attributes:
        udp_ports: The remote ports that inside hosts may exchange datagrams with; None for all.
        tcp_ports: The remote ports that they may have streams with; None for all.
    """

    udp_ports: Collection[int] | None = None
    tcp_ports: Collection[int] | None = None

    def admits(self, protocol: TransportProtocol, remote: Address) -> bool:
        """Whether packets to and from ``remote`` may pass."""
        ports = self.udp_ports if protocol is TransportProtocol.UDP else self.tcp_ports
        return ports is None or remote[1] in ports


OPEN: Final = Firewall()
"""Everything passes."""
NO_UDP: Final = Firewall(udp_ports=())
"""No datagram passes."""
WEB_ONLY: Final = Firewall(udp_ports=(), tcp_ports=(80, 443))
"""Streams to the ports of the web pass, nothing else does."""
