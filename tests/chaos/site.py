"""Where a peer is and what it has to be reached by: data only, drawn from one source."""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from chaos.plan import Name
from frazil.testing import FULL_CONE, PORT_RESTRICTED_CONE, SYMMETRIC, NatKind


class Nat(Name):
    """What kind of NAT a peer is behind."""

    NONE = "none"
    FULL_CONE = "full-cone"
    PORT_RESTRICTED = "port-restricted"
    SYMMETRIC = "symmetric"

    @property
    def kind(self) -> NatKind | None:
        """How it behaves; ``None`` where there is no NAT."""
        return _KINDS.get(self)


_KINDS: Final = {
    Nat.FULL_CONE: FULL_CONE,
    Nat.PORT_RESTRICTED: PORT_RESTRICTED_CONE,
    Nat.SYMMETRIC: SYMMETRIC,
}


class Relay(Name):
    """How a peer goes to the TURN server."""

    NONE = "none"
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    ALL = "all"
    """By each of them at the same time."""

    @property
    def is_secured(self) -> bool:
        """Whether by TLS, too."""
        return self in (Relay.TLS, Relay.ALL)


@dataclass(frozen=True, slots=True)
class Site:
    """What is around one peer.

    Attributes:
        nat: What its interfaces are behind.
        has_udp: Whether datagrams pass to and from it.
        tcp: Which TCP candidates it gathers.
        relay: How it goes to the TURN server.
        is_hidden: Whether it wants to be reached by the relay only.
    """

    nat: Nat = Nat.NONE
    has_udp: bool = True
    tcp: str = "active"
    relay: Relay = Relay.NONE
    is_hidden: bool = False


class Country(Name):
    """What way there is between two peers when nothing is wrong."""

    OPEN = "open"
    """A direct one by UDP."""
    RELAYED = "relayed"
    """One by a relay, and mostly no other."""
    STREAMS = "streams"
    """A direct one by TCP, and another by UDP or not."""

    def draw(self, random: Random) -> tuple[Site, Site]:
        """Sites of Alice and of Bob between which there is that way."""
        match self:
            case Country.OPEN:
                return _draw_open(random), _draw_open(random)
            case Country.RELAYED:
                sites = [_draw_relayed(random), _draw_reachable(random)]
            case Country.STREAMS:
                sites = [_draw_connecting(random), _draw_listening(random)]
        random.shuffle(sites)
        alice, bob = sites
        return alice, bob


def draw_secured(sites: tuple[Site, Site], random: Random) -> tuple[Site, Site]:
    """The sites, some of which go to the TURN server by TLS as well, or only."""
    if random.random() < 0.7:
        return sites
    alice, bob = (_draw_secured(each, random) for each in sites)
    return alice, bob


def _draw_secured(site: Site, random: Random) -> Site:
    if site.relay is Relay.NONE:
        return site
    return replace(site, relay=random.choice((site.relay, Relay.TLS, Relay.TLS, Relay.ALL)))


def _draw_open(random: Random) -> Site:
    return Site(Nat.FULL_CONE if random.random() < 0.3 else Nat.NONE)


def _draw_relayed(random: Random) -> Site:
    """One that can be reached from every place with UDP."""
    site = Site(
        random.choice((Nat.NONE, Nat.SYMMETRIC, Nat.SYMMETRIC)),
        relay=random.choice((Relay.UDP, Relay.UDP, Relay.TCP)),
        is_hidden=random.random() < 0.3,
    )
    if site.relay is Relay.TCP:
        return replace(site, nat=Nat.SYMMETRIC, has_udp=random.random() < 0.3)
    return site


def _draw_reachable(random: Random) -> Site:
    """One that reaches every relay."""
    if random.random() < 0.3:
        return _draw_relayed(random)
    return Site(random.choice(list(Nat)))


def _draw_connecting(random: Random) -> Site:
    """One that connects to who listens, and may listen itself."""
    return Site(
        random.choice((Nat.NONE, Nat.FULL_CONE, Nat.SYMMETRIC)),
        has_udp=random.random() < 0.5,
        tcp=random.choice(("active", "both")),
    )


def _draw_listening(random: Random) -> Site:
    return Site(has_udp=random.random() < 0.7, tcp=random.choice(("passive", "both")))
