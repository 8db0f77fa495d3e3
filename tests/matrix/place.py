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
    Router,
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

    def _routers(self, net: VirtualNetwork, resident: str, number: int) -> list[Router]:
        """Build its routers, the outermost first; other numbers give other addresses."""
        found: list[Router] = []
        for depth, kind in enumerate(reversed(self.nats)):
            outside = f"100.64.{depth}.{number}" if found else f"203.0.113.{number}"
            router = net.nat(
                f"router {depth} of {resident}",
                outside,
                kind=kind,
                firewall=OPEN if found else self.firewall,
                behind=found[-1] if found else None,
            )
            found.append(router)
        return found

    def settle(self, net: VirtualNetwork, host: VirtualHost, number: int) -> list[Router]:
        """Give the host an interface there; these are the routers between it and the internet."""
        routers = self._routers(net, f"{host.name} {number}", number)
        address = f"192.168.{number}.2" if routers else f"198.51.100.{number}"
        host.add_interface(address, behind=routers[-1] if routers else None)
        return routers


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
