"""A peer of a journey, and where it is."""

from chaos.relay import configured
from chaos.site import Site
from frazil import IceOptions
from frazil.testing import Router, TransportProtocol, VirtualStream
from support.scenario import Stage
from support.servers import STUN


class Traveller:
    """A peer whose network changes.

    Args:
        stage: Where it is.
        name: What it is called.
        side: 0 for Alice, 1 for Bob; part of its addresses.
        site: What is around it.
        recovers: Whether its connection restarts ICE by itself.

    Attributes:
        addresses: The ones that it has now, the oldest first.
        host: Its machine.
        peer: Its connection.
    """

    def __init__(self, stage: Stage, name: str, side: int, site: Site, *, recovers: bool) -> None:
        self._side = side
        self._site = site
        self._net = stage.net
        self._count = 0
        self._router = self._settle()
        self.addresses: list[str] = []
        self.host = stage.net.host(name)
        self.keep_rules()
        self.arrive()
        self.peer = stage.peer(
            name,
            host=self.host,
            configuration={
                "iceServers": [STUN, *configured(site.relay)],
                "iceTransportPolicy": "relay" if site.is_hidden else "all",
            },
            ice=IceOptions(tcp=site.tcp),
            recovery="restart" if recovers else "none",
        )

    def _settle(self) -> Router | None:
        kind = self._site.nat.kind
        if kind is None:
            return None
        return self._net.nat(f"nat {self._side}", f"203.0.113.{self._side + 1}", kind=kind)

    def keep_rules(self) -> None:
        """What never passes where it is does not."""
        if not self._site.has_udp:
            self._net.block(self.host, protocol=TransportProtocol.UDP)

    def arrive(self) -> None:
        """Get another interface."""
        self._count += 1
        if self._router is None:
            address = f"10.{self._side}.{self._count}.1"
        else:
            address = f"192.168.{self._side}.{self._count}"
        self.host.add_interface(address, behind=self._router)
        self.addresses.append(address)

    def leave(self) -> None:
        """Lose the oldest interface, if there is one."""
        if self.addresses:
            self.host.remove_interface(self.addresses.pop(0))

    def forget(self) -> None:
        """The NAT loses its bindings, if there is one."""
        if self._router is not None:
            self._router.forget()

    def break_streams(self) -> None:
        """All its streams end, as if the machine at the other end had restarted."""
        for end in self.host.tcp.open_ends():
            if isinstance(end, VirtualStream):
                end._abort()
