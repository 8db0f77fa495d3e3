"""Where an address means something: the internet, or what lies behind one router (RFC 2663, 2.1).

Two homes may use the same private addresses: each is a realm of its own.
"""

from typing import Protocol

from frazil.types import Address


class Node(Protocol):
    """A host or a router: where a leg of a journey begins or ends."""

    @property
    def name(self) -> str:
        """What the network calls it; no two nodes share a name."""


class Gateway(Node, Protocol):
    """The router through which one leaves a realm."""

    @property
    def outside(self) -> "Realm":
        """The realm that it leads to."""

    def translates(self, address: str) -> bool:
        """Whether nodes outside see another address in the place of this one."""


class Realm:
    """An address space: who has which address, and the way out.

    Attributes:
        gateway: Gets what is addressed to nobody here; None where there is nothing outside.
    """

    __slots__ = ("_groups", "_owners", "gateway")

    def __init__(self, gateway: Gateway | None = None) -> None:
        self.gateway = gateway
        self._owners: dict[str, Node] = {}
        self._groups: dict[Address, list[str]] = {}

    def owner(self, address: str) -> Node | None:
        """The node that has a canonical address."""
        return self._owners.get(address)

    def claim(self, address: str, node: Node) -> None:
        """Give a canonical address to ``node``.

        One that the gateway does not translate leads to the gateway in the realm outside.

        Raises:
            ValueError: Another node has it, here or there.
        """
        owner = self.owner(address)
        if owner is not None:
            raise ValueError(f"{owner.name} already has {address}")
        if self.gateway is not None and not self.gateway.translates(address):
            self.gateway.outside.claim(address, self.gateway)
        self._owners[address] = node

    def release(self, address: str) -> None:
        """Take an address from the node that has it."""
        if self._owners.pop(address, None) is None:
            return
        if self.gateway is not None and not self.gateway.translates(address):
            self.gateway.outside.release(address)

    def join(self, group: Address, member: str) -> None:
        """Let ``member`` hear what is sent to a multicast group."""
        self._groups.setdefault(group, []).append(member)

    def leave(self, group: Address, member: str) -> None:
        """Undo :meth:`join`."""
        self._groups[group].remove(member)

    def members(self, group: Address, sender: str) -> list[str]:
        """Who hears what ``sender`` sends to a group: all that joined behind the same router.

        What is behind one router shares a link; hosts on the internet are each on their own.
        """
        members = self._groups.get(group, [])
        return [each for each in members if self.gateway is not None or each == sender]
