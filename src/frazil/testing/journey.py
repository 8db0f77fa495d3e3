"""A packet on its way."""

from collections.abc import Callable
from typing import NamedTuple

from frazil.testing.blackout import Blackout
from frazil.testing.host import VirtualHost, is_loopback
from frazil.testing.link import Way
from frazil.testing.packet import Fate, Hop, TransportProtocol
from frazil.testing.realm import Node, Realm
from frazil.types import Address


class Journey(NamedTuple):
    """A packet as its sender sees it.

    Attributes:
        blackouts: What is in force when it is sent; where it leads, routers have yet to say.
        report: Whoever of the sender's wants to learn its fate.
    """

    sent_at: float
    blackouts: tuple[Blackout, ...]
    sender: VirtualHost
    source: Address
    destination: Address
    data: bytes
    protocol: TransportProtocol
    report: Callable[[Fate], None] | None


class Leg(NamedTuple):
    """The part of a journey between two nodes, which lies in one realm.

    Attributes:
        journey: The whole of it.
        realm: Where it lies.
        node: Where it begins.
        source: Where the datagram comes from, as seen in the realm.
        destination: Where it is going, as seen in the realm.
        outward: Whether it may leave the realm by the gateway. What came in does not.
        hops: The routers that it has passed.
    """

    journey: Journey
    realm: Realm
    node: Node
    source: Address
    destination: Address
    outward: bool
    hops: tuple[Hop, ...] = ()

    def end(self) -> Node | None:
        """The node that it reaches as things are now."""
        node, target = self.node, self.destination[0]
        if (":" in self.source[0]) != (":" in target):
            return None
        if isinstance(node, VirtualHost) and (is_loopback(self.source[0]) or is_loopback(target)):
            return node if node.has(target) else None
        owner = self.realm.owner(target)
        return self.realm.gateway if owner is None and self.outward else owner


class Flight(NamedTuple):
    """A leg that is under way."""

    leg: Leg
    way: Way
