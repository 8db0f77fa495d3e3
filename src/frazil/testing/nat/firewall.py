"""What a router does not let through, whoever asks."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from frazil.types import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """Rules by the port of the remote side, for both directions.

        >>> CAFE = Firewall(udp_ports={53, 443, 3478})

    Attributes:
        udp_ports: The remote ports that inside hosts may exchange datagrams with; None for all.
    """

    udp_ports: Collection[int] | None = None

    def admits(self, remote: Address) -> bool:
        """Whether datagrams to and from ``remote`` may pass."""
        return self.udp_ports is None or remote[1] in self.udp_ports


OPEN: Final = Firewall()
"""Everything passes."""
NO_UDP: Final = Firewall(udp_ports=())
"""No datagram passes."""
