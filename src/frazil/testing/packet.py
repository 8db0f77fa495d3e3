"""What became of a datagram."""

from enum import StrEnum
from typing import NamedTuple

from frazil.types import Address


class TransportProtocol(StrEnum):
    """What an IP packet carries."""

    UDP = "udp"
    TCP = "tcp"


class Fate(StrEnum):
    """How the journey of a datagram ended."""

    DELIVERED = "delivered"
    LOST = "lost"
    OVERFLOWED = "overflowed"
    """The queue in front of the link was full."""
    BLOCKED = "blocked"
    """It met a blackout, when it was sent or when it would have arrived."""
    UNROUTABLE = "unroutable"
    """Nobody had that address when it was sent."""
    UNHEARD = "unheard"
    """It arrived where no socket, or no interface any more, was listening."""
    UNBOUND = "unbound"
    """It came to a router from the outside, to where no binding of an inside socket was."""
    FILTERED = "filtered"
    """It came to the binding of an inside socket that had not lately written to its sender."""
    FORBIDDEN = "forbidden"
    """A firewall lets nothing pass to, or from, that port."""
    EXHAUSTED = "exhausted"
    """A NAT had no public port, or no room, for another binding."""
    NO_HAIRPIN = "no-hairpin"
    """It was addressed to the public side of a NAT that does not lead back inside."""


class Hop(NamedTuple):
    """A datagram as it left a router on its way.

    Attributes:
        router: The name of the router.
        source: Where it came from, as seen from there on.
        destination: Where it was going from there on.
    """

    router: str
    source: Address
    destination: Address

    def __str__(self) -> str:
        return f"via {self.router} {_way(self.source, self.destination)}"


class Packet(NamedTuple):
    """A datagram whose fate is known.

    Attributes:
        sent_at: When it was sent, in seconds of the loop's clock.
        at: When its fate was sealed.
        source: Where it came from, as its sender sees it.
        destination: Where it was meant to go, as its sender sees it.
        data: Its payload.
        fate: What became of it. A datagram that is delivered twice is there twice.
        hops: The routers that it passed, and its addresses behind each.
        protocol: What it is. A TCP segment has a header of its own kind, which streams of a
            virtual network understand.
    """

    sent_at: float
    at: float
    source: Address
    destination: Address
    data: bytes
    fate: Fate
    hops: tuple[Hop, ...] = ()
    protocol: TransportProtocol = TransportProtocol.UDP

    def __str__(self) -> str:
        way = ", ".join([_way(self.source, self.destination), *map(str, self.hops)])
        kind = "tcp, " if self.protocol is TransportProtocol.TCP else ""
        size = f"{len(self.data)} bytes"
        return f"{self.sent_at:.6f} {way}, {kind}{size}, {self.fate} {self.at:.6f}"


def _way(source: Address, destination: Address) -> str:
    return "{} {} > {} {}".format(*source, *destination)
