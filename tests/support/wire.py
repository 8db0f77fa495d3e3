"""What a packet of a virtual network is, and where it goes, to somebody who only looks."""

from typing import NamedTuple

from frazil.testing import Packet, TransportProtocol
from frazil.types import Address

_DTLS = {bytes([first]) for first in range(20, 64)}


class Path(NamedTuple):
    """The two addresses of a pair as one end knows them."""

    local: Address
    remote: Address


def is_dtls(packet: Packet) -> bool:
    """Whether it carries DTLS (RFC 7983), not wrapped on the way to or from a relay."""
    return packet.protocol is TransportProtocol.UDP and packet.data[:1] in _DTLS


def sender_view(packet: Packet) -> Path:
    """The path on which the sender sent it."""
    return Path(packet.source, packet.destination)


def receiver_view(packet: Packet) -> Path:
    """The path on which the receiver got it."""
    last = packet.hops[-1] if packet.hops else packet
    return Path(last.destination, last.source)
