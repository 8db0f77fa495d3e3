"""One allocation of the TURN server for tests: what it permits, and for how long (RFC 8656)."""

from dataclasses import dataclass, field

from frazil.types import Address

PERMISSION_LIFETIME_S = 300.0
CHANNEL_LIFETIME_S = 600.0


@dataclass(slots=True)
class TurnAllocation:
    """What the server keeps for one client.

    Attributes:
        client: The address of the client: allocations are known by it.
        username: Who made it.
        relayed: The addresses that it relays from, one for each family.
        expires_at: When the server forgets it.
        transaction_id: Of the request that made it, which may arrive again.
        permissions: When each permitted IP address expires.
        channels: The peer of each channel, and when it expires.
        relayed_bytes: Of datagrams, both ways.
    """

    client: Address
    username: str
    relayed: list[Address]
    expires_at: float
    transaction_id: bytes
    permissions: dict[str, float] = field(default_factory=dict)
    channels: dict[int, tuple[Address, float]] = field(default_factory=dict)
    relayed_bytes: int = 0

    def permits(self, ip: str, now: float) -> bool:
        """Whether datagrams from and to ``ip`` pass."""
        return self.permissions.get(ip, now) > now

    def permit(self, ip: str, now: float) -> None:
        """Let datagrams from and to ``ip`` pass."""
        self.permissions[ip] = now + PERMISSION_LIFETIME_S

    def peer_of(self, number: int, now: float) -> Address | None:
        """The peer of a channel."""
        peer, expires_at = self.channels.get(number, (None, now))
        return peer if expires_at > now else None

    def channel_of(self, peer: Address, now: float) -> int | None:
        """The channel to a peer."""
        for number in self.channels:
            if self.peer_of(number, now) == peer:
                return number
        return None

    def bind(self, number: int, peer: Address, now: float) -> bool:
        """Bind a channel, and permit its peer, unless one of them is bound to another."""
        if self.peer_of(number, now) not in (None, peer):
            return False
        if self.channel_of(peer, now) not in (None, number):
            return False
        self.channels[number] = (peer, now + CHANNEL_LIFETIME_S)
        self.permit(peer[0], now)
        return True

    def address_of_family(self, ip: str) -> Address | None:
        """The relayed address from which ``ip`` can be reached."""
        is_ipv6 = ":" in ip
        return next((each for each in self.relayed if (":" in each[0]) == is_ipv6), None)
