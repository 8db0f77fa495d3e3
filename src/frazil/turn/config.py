"""The settings of one relay, and the limits that hold for all."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from frazil.stun import long_term_key

DEFAULT_LIFETIME_S: Final = 600
"""What a client asks for and a server grants if nobody says otherwise (RFC 8656 3.2)."""
MAX_USERNAME_SIZE: Final = 508
"""Bytes of UTF-8 (RFC 8489 14.3)."""
MAX_PERMISSIONS: Final = 100
"""How many addresses may be permitted at the same time."""
MAX_CHANNELS: Final = 100
"""How many channels may be bound in the life of an allocation. A number is never given to another
peer, so that a late datagram cannot be taken for someone else's; peers beyond it are reached by
indications."""
MAX_HELD: Final = 16
"""How many datagrams wait for one permission."""

_MAX_LIFETIME_S: Final = 0xFFFFFFFF


class RelayFamily(StrEnum):
    """Which relayed addresses to ask for (RFC 8656 7.1)."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    BOTH = "both"
    """IPv4, and IPv6 as well if the server can."""


class RelayProtocol(StrEnum):
    """How messages get to a TURN server (webrtc-pc, RTCIceServerTransportProtocol)."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class TurnConfig:
    """How to get a relay from one server. Durations are seconds.

    Attributes:
        username: The name at the server, at most 508 bytes of UTF-8.
        password: The password, or the time-limited one of :func:`frazil.turn.rest_credentials`.
        lifetime_s: How long an allocation is to outlive its last refresh.
        family: Which addresses to ask for.
        protocol: How messages get to the server.
        accepts_redirect: Whether a redirection is reported as such. It is a failure for who has
            been redirected already: servers must not play ping-pong with a client.

    Raises:
        ValueError: The username or password is empty, too long, or contains what RFC 8265 forbids.
        TypeError: The lifetime is not 1 to 4294967295.
    """

    username: str
    password: str = field(repr=False)
    lifetime_s: int = DEFAULT_LIFETIME_S
    family: RelayFamily = RelayFamily.IPV4
    protocol: RelayProtocol = RelayProtocol.UDP
    accepts_redirect: bool = True

    def __post_init__(self) -> None:
        long_term_key(self.username, "any realm", self.password)
        if len(self.username.encode()) > MAX_USERNAME_SIZE:
            raise ValueError(f"a username has at most {MAX_USERNAME_SIZE} bytes")
        if not 1 <= self.lifetime_s <= _MAX_LIFETIME_S:
            raise TypeError(f"lifetime_s is 1 to {_MAX_LIFETIME_S}")

    @property
    def is_reliable(self) -> bool:
        """Whether the way to the server is a stream, which repeats by itself."""
        return self.protocol is not RelayProtocol.UDP
