"""A small Internet of network namespaces: two homes behind routers, and a place for servers."""

from ipaddress import ip_interface
from typing import Self

from support.conntrack import forget_connections
from support.namespace import End, Namespace, join
from support.nat_rule import NatKind, nat_rules


class Internet:
    """What lies between the homes.

    Packets to addresses that nobody has vanish, as they do in the real one.

    Attributes:
        namespace: Where its servers run.
        first: A home.
        second: Another one.
    """

    server_ip = "192.0.2.1"
    second_server_ip = "192.0.2.2"
    dead_ip = "192.0.2.99"
    """Nobody answers here."""

    def __init__(self) -> None:
        self.namespace = Namespace()
        self._nowhere = Namespace()
        for ip in (self.server_ip, self.second_server_ip):
            self.namespace.run("ip", "address", "add", f"{ip}/32", "dev", "lo")
        join(
            End(self.namespace, "nowhere", "100.64.0.1/30"),
            End(self._nowhere, "internet", "100.64.0.2/30"),
        )
        self.namespace.run("ip", "route", "add", "default", "via", "100.64.0.2")
        _forward(self.namespace)
        self.first = Home(self, "first", "198.51.100.0", "192.168.1.2")
        self.second = Home(self, "second", "203.0.113.0", "10.20.0.2")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.first.close()
        self.second.close()
        self._nowhere.close()
        self.namespace.close()

    def reset(self) -> None:
        """Undo what happened to the homes, but for their changes of address."""
        for home in (self.first, self.second):
            home.heal()
            home.become(NatKind.PORT_RESTRICTED)


class Home:
    """A host behind a router.

    Attributes:
        host: The network of the host.
        public_ip: The address that the world sees.
        private_ip: The address of the host.
    """

    def __init__(self, internet: Internet, name: str, prefix: str, private_ip: str) -> None:
        self.host = Namespace()
        self._router = Namespace()
        self._upstream = _neighbour(prefix, 1)
        self.public_ip = _neighbour(prefix, 2)
        self.private_ip = private_ip
        self._gateway = _neighbour(private_ip, -1)
        join(
            End(internet.namespace, name, f"{self._upstream}/24"),
            End(self._router, "wan", f"{self.public_ip}/24"),
        )
        join(
            End(self._router, "lan", f"{self._gateway}/24"),
            End(self.host, "eth0", f"{private_ip}/24"),
        )
        self._router.run("ip", "route", "add", "default", "via", self._upstream)
        self.host.run("ip", "route", "add", "default", "via", self._gateway)
        _forward(self._router)
        self._kind = NatKind.PORT_RESTRICTED
        self._first_port = 10_000
        self.become(self._kind)

    def become(self, kind: NatKind) -> None:
        """Put another router in place of this one."""
        self._kind = kind
        self._apply()

    def forget(self) -> None:
        """Let the router lose all its mappings; new ones get other ports."""
        self._first_port = 30_000 - self._first_port
        self._apply()

    def move_router(self) -> None:
        """Give the router another public address."""
        old, self.public_ip = self.public_ip, _neighbour(self.public_ip, 1)
        self._router.run("ip", "address", "delete", f"{old}/24", "dev", "wan")
        self._router.run("ip", "address", "add", f"{self.public_ip}/24", "dev", "wan")
        self._router.run("ip", "route", "add", "default", "via", self._upstream)
        self._apply()

    def move_host(self) -> None:
        """Give the host another private address."""
        old, self.private_ip = self.private_ip, _neighbour(self.private_ip, 1)
        self.host.run("ip", "address", "delete", f"{old}/24", "dev", "eth0")
        self.host.run("ip", "address", "add", f"{self.private_ip}/24", "dev", "eth0")
        self.host.run("ip", "route", "add", "default", "via", self._gateway)
        self._apply()

    def blackout(self) -> None:
        """Lose all packets in both directions, from now on."""
        self._router.run("nft", "-f", "-", stdin=_BLACKOUT)

    def heal(self) -> None:
        """Undo :meth:`blackout`."""
        self._router.run("nft", "-f", "-", stdin=_NO_BLACKOUT)

    def close(self) -> None:
        """Let go of the networks."""
        self._router.close()
        self.host.close()

    def _apply(self) -> None:
        rules = nat_rules(self._kind, self.private_ip, self._first_port)
        self._router.run("nft", "-f", "-", stdin=rules)
        forget_connections(self._router)


def _neighbour(ip: str, steps: int) -> str:
    return str(ip_interface(ip).ip + steps)


def _forward(namespace: Namespace) -> None:
    with namespace.entered(), open("/proc/sys/net/ipv4/ip_forward", "w") as switch:
        switch.write("1")


_BLACKOUT = """
table inet blackout {
    chain arrival {
        type filter hook prerouting priority raw
        iifname { "wan", "lan" } drop
    }
}
"""
_NO_BLACKOUT = "table inet blackout; delete table inet blackout"  # the first makes the second legal
