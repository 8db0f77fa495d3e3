"""Where a peer can be: behind which NATs, and behind which firewall."""

from dataclasses import dataclass
from typing import Final

from frazil.testing import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    NO_UDP,
    OPEN,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    WEB_ONLY,
    Dependence,
    Firewall,
    NatKind,
    VirtualHost,
    VirtualNetwork,
)

_STRICTNESS = list(Dependence)


@dataclass(frozen=True, slots=True)
class Place:
    """A site with one host.

    Attributes:
        name: What the page calls it.
        nats: What the host is behind, the nearest first.
        firewall: What the outermost router lets through.
    """

    name: str
    nats: tuple[NatKind, ...] = ()
    firewall: Firewall = OPEN

    @property
    def has_udp(self) -> bool:
        """Whether datagrams get in and out at all."""
        return self.firewall.udp_ports is None

    @property
    def mapping(self) -> Dependence:
        """Several NATs in a row map as the worst of them does."""
        return _strictest([nat.mapping for nat in self.nats])

    @property
    def filtering(self) -> Dependence:
        """Several NATs in a row filter as the worst of them does."""
        return _strictest([nat.filtering for nat in self.nats])

    def install(self, net: VirtualNetwork, resident: str, number: int) -> VirtualHost:
        """Build it; places with different numbers share no address."""
        if not self.nats:
            return net.host(resident, f"198.51.100.{number}")
        router = None
        *inner, outer = self.nats
        router = net.nat(
            f"provider of {resident}", f"203.0.113.{number}", kind=outer, firewall=self.firewall
        )
        for depth, kind in enumerate(reversed(inner)):
            name, address = f"home {depth} of {resident}", f"100.64.{depth}.{number}"
            router = net.nat(name, address, kind=kind, behind=router)
        return net.host(resident, f"192.168.{number}.2", behind=router)


def _strictest(dependences: list[Dependence]) -> Dependence:
    return max(dependences, key=_STRICTNESS.index, default=Dependence.ENDPOINT_INDEPENDENT)


PLACES: Final = (
    Place("no NAT"),
    Place("full cone", (FULL_CONE,)),
    Place("address-restricted", (ADDRESS_RESTRICTED_CONE,)),
    Place("port-restricted", (PORT_RESTRICTED_CONE,)),
    Place("symmetric", (SYMMETRIC,)),
    Place("symmetric, random ports", (SYMMETRIC_RANDOM,)),
    Place("double NAT", (PORT_RESTRICTED_CONE, ADDRESS_RESTRICTED_CONE)),
    Place("UDP blocked", (FULL_CONE,), NO_UDP),
    Place("only TCP 443", (FULL_CONE,), WEB_ONLY),
)
