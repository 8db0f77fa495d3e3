"""A public port in use."""

from frazil.testing.nat.dependence import RemotePart
from frazil.testing.nat.kind import NatKind
from frazil.testing.packet import TransportProtocol
from frazil.types import Address


class Binding:
    """An inside socket and the public address at which some remote endpoints see it.

    Attributes:
        protocol: What it is for.
        inside: The address of the socket.
        outside: What remote endpoints see. The same as ``inside`` behind a mere firewall.
        expires_at: When it will be gone unless it is refreshed.
    """

    __slots__ = ("_expected", "_kind", "expires_at", "inside", "outside", "protocol")

    def __init__(
        self, protocol: TransportProtocol, inside: Address, outside: Address, kind: NatKind
    ) -> None:
        self.protocol = protocol
        self.inside = inside
        self.outside = outside
        self.expires_at = 0.0
        self._kind = kind
        self._expected: dict[RemotePart, float] = {}

    def __repr__(self) -> str:
        (inside, inside_port), (outside, outside_port) = self.inside, self.outside
        return f"<{self.protocol} binding {inside} {inside_port} at {outside} {outside_port}>"

    def refresh(self, remote: Address, now: float) -> None:
        """Live on, and let whoever is like ``remote`` write back."""
        self.expires_at = now + self._kind.lifetime_s(self.protocol)
        self._expected[self._kind.filtering.part(remote)] = self.expires_at

    def admits(self, remote: Address, now: float) -> bool:
        """Whether ``remote`` may write to it."""
        return now < self._expected.get(self._kind.filtering.part(remote), 0.0)
