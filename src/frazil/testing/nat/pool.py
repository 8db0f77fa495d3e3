"""The public addresses of a NAT."""

from collections.abc import Sequence
from itertools import cycle
from random import Random

from frazil.testing.nat.kind import NatKind
from frazil.testing.nat.port import Ports
from frazil.testing.packet import TransportProtocol
from frazil.types import Address


class AddressPool:
    """The public addresses of one family, and their ports.

    Args:
        addresses: At least one, canonical.
        kind: Tells how an address and a port are chosen.
        random: The dice of the NAT.
    """

    __slots__ = ("_paired", "_pairs", "_ports", "_turns")

    def __init__(self, addresses: Sequence[str], kind: NatKind, random: Random) -> None:
        self._paired = kind.paired
        self._ports = {
            (protocol, address): Ports(kind.ports, random)
            for protocol in TransportProtocol
            for address in addresses
        }
        self._turns = cycle(addresses)
        self._pairs: dict[str, str] = {}

    def take(
        self, protocol: TransportProtocol, inside: Address, neighbour: Address | None
    ) -> Address | None:
        """A public address and port for an inside socket; None if no port is left there.

        Args:
            protocol: Each has ports of its own.
            inside: The socket.
            neighbour: What the socket on the port next to it has, if anything.
        """
        host, inside_port = inside
        address = self._choose(host)
        beside = neighbour[1] if neighbour is not None and neighbour[0] == address else None
        port = self._ports[protocol, address].take(inside_port, beside)
        return None if port is None else (address, port)

    def release(self, protocol: TransportProtocol, outside: Address) -> None:
        """Let a public address and port be taken again."""
        address, port = outside
        self._ports[protocol, address].release(port)

    def _choose(self, host: str) -> str:
        if not self._paired:
            return next(self._turns)
        if host not in self._pairs:
            self._pairs[host] = next(self._turns)
        return self._pairs[host]
