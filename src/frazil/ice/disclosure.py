"""What the peer is told of the addresses of this host."""

from dataclasses import dataclass
from typing import Final

from frazil.types import Address


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What the peer is told of one local address. Checks are sent from it in any case.

    Attributes:
        hosts: What host candidates show instead of the local IP address: public addresses that
            lead to it, or an mDNS name. ``None`` shows the address itself; none at all leaves
            the candidate out (RFC 8828 5.2, mode 3).
        reflected: Public addresses that lead to it besides, told as server-reflexive candidates.
    """

    hosts: tuple[str, ...] | None = None
    reflected: tuple[str, ...] = ()

    @property
    def conceals(self) -> bool:
        """Whether the peer must not learn the local address, from ``raddr`` either."""
        return self.hosts is not None

    def related(self, address: Address) -> Address:
        """What ``raddr`` and ``rport`` say of the local ``address`` (RFC 8839 5.1)."""
        return concealed(address) if self.conceals else address


OPEN: Final = Disclosure()
"""The address itself is told."""


def concealed(address: Address) -> Address:
    """What stands in ``raddr`` and ``rport`` for an address that is nobody's business."""
    return ("::" if ":" in address[0] else "0.0.0.0", 9)
