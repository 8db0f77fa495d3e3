"""What became of a datagram."""

from enum import StrEnum
from typing import NamedTuple

from frazil.types import Address


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


class Packet(NamedTuple):
    """A datagram whose fate is known.

    Attributes:
        sent_at: When it was sent, in seconds of the loop's clock.
        at: When its fate was sealed.
        source: Where it came from.
        destination: Where it was meant to go.
        data: Its payload.
        fate: What became of it. A datagram that is delivered twice is there twice.
    """

    sent_at: float
    at: float
    source: Address
    destination: Address
    data: bytes
    fate: Fate

    def __str__(self) -> str:
        source, destination = (
            f"{self.source[0]} {self.source[1]}",
            "{} {}".format(*self.destination),
        )
        size = f"{len(self.data)} bytes"
        return f"{self.sent_at:.6f} {source} > {destination}, {size}, {self.fate} {self.at:.6f}"
