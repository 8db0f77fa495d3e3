"""A network of virtual hosts, deterministic down to the last packet.

>>> async def main(net: VirtualNetwork) -> None:
...     alice = net.host("alice", "10.0.0.1")
...     bob = net.host("bob", "10.0.0.2", "2001:db8::2")
...     net.connect(alice, bob, Conditions(delay_s=0.05, loss=0.01))
...     net.block(alice, bob, after_s=20, for_s=6)
"""

import asyncio
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Final, TypeAlias
from weakref import WeakSet

from frazil.address import canonical_ip
from frazil.testing.blackout import Blackout, Blackouts, Place
from frazil.testing.capture import Capture
from frazil.testing.conditions import Conditions
from frazil.testing.host import VirtualHost, is_loopback
from frazil.testing.link import Link, Links
from frazil.testing.nat.firewall import OPEN, Firewall
from frazil.testing.nat.kind import PORT_RESTRICTED_CONE, NatKind
from frazil.testing.nat.router import Router
from frazil.testing.packet import Fate, Packet, TransportProtocol
from frazil.testing.realm import Realm
from frazil.testing.stun import StunServer
from frazil.testing.tcp import VirtualListener, VirtualStream
from frazil.testing.transit import Transit
from frazil.testing.turn import TurnServer
from frazil.testing.udp import VirtualUdpSocket
from frazil.types import Address

Endpoint: TypeAlias = VirtualHost | Router | str
"""A host or router, the name of one, or an IP address, which stands for just that interface."""


class VirtualNetwork:
    """Hosts, the routers and links between them, and what happens on the way.

    Every host reaches every other, unless a router is between them: each direction between two
    hosts is a :class:`Link`, with the :attr:`default` conditions unless :meth:`connect` says
    otherwise. All randomness comes from the seed, separately for every host, router and link: the
    same program does the same again, and traffic on one link does not change what happens on
    another. Keys and signatures of DTLS are not among it: they come from OpenSSL, and are a few
    bytes shorter or longer each time, which on a link with a rate moves what follows by some
    microseconds.

    Hosts of two networks never meet; where one writes to the other there is a ``RuntimeWarning``.

    Time is that of the running event loop: :class:`frazil.testing.VirtualLoop` for virtual time.

    Args:
        seed: Another seed is another run of the dice.
        default: What links are like that nobody has set up.

    Attributes:
        names: What :meth:`VirtualHost.resolve` knows: addresses by name.
    """

    def __init__(self, seed: int = 0, default: Conditions | None = None) -> None:
        self.names: dict[str, list[str]] = {}
        self._seed = seed
        self._internet = Realm()
        self._hosts: dict[str, VirtualHost] = {}
        self._routers: dict[str, Router] = {}
        self._servers: list[StunServer | TurnServer] = []
        self._links = Links(default or Conditions(), self._random, self._owners)
        self._blackouts = Blackouts()
        self._capture = Capture()
        self._transit = Transit(self._links, self._blackouts, self._capture, self._miss)
        self._is_closed = False
        self._has_warned = False
        _NETWORKS.add(self)

    # --- hosts and routers --------------------------------------------------------------------

    def host(self, name: str, *addresses: str, behind: Router | None = None) -> VirtualHost:
        """A new host with an interface for each address.

        Args:
            name: What to call it.
            addresses: IP literals.
            behind: The router behind which they are; on the internet, if there is none.

        Raises:
            ValueError: The name is taken or looks like an address, or an address is not an IP
                literal or belongs to another host.
        """
        with self._new_host(name, addresses, behind) as host:
            return host

    def nat(
        self,
        name: str,
        *public: str,
        kind: NatKind = PORT_RESTRICTED_CONE,
        firewall: Firewall = OPEN,
        behind: Router | None = None,
    ) -> Router:
        """A new NAT. What is behind it knows only its own addresses, and may use any.

            >>> def two_homes(net: VirtualNetwork) -> None:
            ...     carrier = net.nat("carrier", "198.51.100.1", "198.51.100.2", kind=SYMMETRIC)
            ...     home = net.nat("home", "100.64.0.7", behind=carrier)
            ...     alice = net.host("alice", "192.168.1.2", behind=home)
            ...     office = net.nat("office", "203.0.113.5", kind=FULL_CONE, firewall=CAFE)
            ...     bob = net.host("bob", "192.168.1.2", behind=office)
            ...     net.connect(carrier, office, Conditions(delay_s=0.03))

        Each leg of the way, here from ``alice`` to ``home``, to ``carrier``, to ``office`` and to
        ``bob``, is a link of its own. A block between ``alice`` and ``bob`` works all the same.

        Args:
            name: What to call it.
            public: The addresses at which its outside sees what is behind it.
            kind: How it behaves.
            firewall: What it lets through at all.
            behind: The router behind which it is itself; on the internet, if there is none.

        Raises:
            ValueError: The name is taken or looks like an address, or there is no address, or
                one is not an IP literal or belongs to another node.
        """
        if not public:
            raise ValueError("a NAT needs a public address")
        return self._router(name, public, kind, firewall, behind)

    def firewall(
        self,
        name: str,
        rules: Firewall = OPEN,
        *,
        kind: NatKind = PORT_RESTRICTED_CONE,
        behind: Router | None = None,
    ) -> Router:
        """A new firewall. What is behind it keeps its addresses, and lets in only answers.

            >>> def hotel(net: VirtualNetwork) -> None:
            ...     alice = net.host("alice", "203.0.113.9", behind=net.firewall("hotel", NO_UDP))

        Args:
            name: What to call it.
            rules: What it lets through at all.
            kind: Whose filtering and timeout it has.
            behind: The router behind which it is itself; on the internet, if there is none.

        Raises:
            ValueError: The name is taken or looks like an address.
        """
        return self._router(name, (), kind, rules, behind)

    def stun_server(self, address: str, port: int = 3478, *, name: str = "") -> StunServer:
        """A new host with a STUN server on it.

        Args:
            address: The address of the server.
            port: Its port.
            name: The name of the host, which then also resolves to the address.

        Raises:
            ValueError: The name is taken or looks like an address, or the address is no IP literal
                or belongs to another host.
            OverflowError: The port is not within 0 and 65535.
        """
        with self._new_host(name or f"stun {address}", [address]) as host:
            server = StunServer(host, port)
        if name:
            self.names[name] = [address]
        self._servers.append(server)
        return server

    def turn_server(
        self,
        *addresses: str,
        port: int = 3478,
        name: str = "",
        user: str = "user",
        password: str = "password",
    ) -> TurnServer:
        """A new host with a TURN server on it.

        Args:
            addresses: It listens on the first; with a second one, of the other family, it relays
                for both.
            port: Its port.
            name: The name of the host, which then also resolves to the first address.
            user: Whom it relays for.
            password: The user's password.

        Raises:
            ValueError: The name is taken or looks like an address, or there is no address, or one
                is not an IP literal or belongs to another host.
            OverflowError: The port is not within 0 and 65535.
        """
        if not addresses:
            raise ValueError("a TURN server needs an address")
        with self._new_host(name or f"turn {addresses[0]}", addresses) as host:
            server = TurnServer(host, port, user, password)
        if name:
            self.names[name] = [addresses[0]]
        self._servers.append(server)
        return server

    def sockets(self) -> list[VirtualUdpSocket | VirtualStream | VirtualListener]:
        """All that is open on any host: UDP sockets, streams, listeners."""
        return [
            opened
            for host in self._hosts.values()
            for opened in (*host.sockets(), *host.tcp.open_ends())
        ]

    def close(self) -> None:
        """Close the servers, lose what is on its way, carry nothing any more. Idempotent."""
        self._is_closed = True
        self._transit.close()
        for server in self._servers:
            server.close()
        for host in self._hosts.values():
            host.tcp.abandon()

    # --- links --------------------------------------------------------------------------------

    @property
    def default(self) -> Conditions:
        """The conditions, from now on, of links that nobody has set up."""
        return self._links.default

    @default.setter
    def default(self, conditions: Conditions) -> None:
        self._links.default = conditions

    def connect(
        self, a: Endpoint, b: Endpoint, conditions: Conditions, back: Conditions | None = None
    ) -> None:
        """Set the conditions between two places, from now on.

        Args:
            a: One end.
            b: The other end. What is set for an address wins over what is set for its host.
            conditions: From ``a`` to ``b``, and back as well unless ``back`` is given.
            back: From ``b`` to ``a``.

        Raises:
            LookupError: There is no such host or router on this network.
        """
        self.link(a, b).conditions = conditions
        self.link(b, a).conditions = back or conditions

    def connect_all(self, conditions: Conditions) -> None:
        """Set the conditions of every link, whether it has been used yet or not."""
        self._links.reset(conditions)

    def link(self, source: Endpoint, destination: Endpoint) -> Link:
        """The direction from one place to another: its conditions and counters.

        The link of an address counts what goes from or to just that interface; that of its host
        counts it, too. Until conditions are set for an address, what it sends and gets goes by the
        link of its host: under the conditions there, and through the same queue.

        Raises:
            LookupError: There is no such host or router on this network.
        """
        return self._links.link(self._place(source), self._place(destination))

    # --- blackouts ----------------------------------------------------------------------------

    def block(
        self,
        a: Endpoint | None = None,
        b: Endpoint | None = None,
        *,
        one_way: bool = False,
        protocol: TransportProtocol | None = None,
        after_s: float = 0.0,
        for_s: float = math.inf,
    ) -> None:
        """Let nothing pass between two places; what is on the way and would arrive is lost too.

        Args:
            a: One end; None is anywhere.
            b: The other end; None is anywhere. So ``block(alice)`` cuts ``alice`` off.
            one_way: Block only what goes from ``a`` to ``b``.
            protocol: Block only what is of this protocol: many networks let no UDP through.
            after_s: When it begins, from now.
            for_s: How long it lasts; for ever, or until :meth:`heal`, by default.

        Raises:
            LookupError: There is no such host or router on this network.
        """
        source, destination = self._place_or_none(a), self._place_or_none(b)
        now = asyncio.get_running_loop().time()
        from_at = now + after_s
        there = Blackout(source, destination, from_at, from_at + for_s, protocol)
        self._blackouts.add(there, now)
        if not one_way:
            self._blackouts.add(there._replace(source=destination, destination=source), now)

    def heal(self, a: Endpoint | None = None, b: Endpoint | None = None) -> None:
        """Undo what :meth:`block` did between the same two places; all of it, if none is given.

        Raises:
            LookupError: There is no such host or router on this network.
        """
        if a is None and b is None:
            self._blackouts.lift_all()
        else:
            self._blackouts.lift(self._place_or_none(a), self._place_or_none(b))

    # --- observation --------------------------------------------------------------------------

    @property
    def counters(self) -> Counter[Fate]:
        """How many datagrams met which :class:`frazil.testing.Fate`."""
        return self._capture.counters

    @property
    def packets(self) -> tuple[Packet, ...]:
        """The last :data:`~frazil.testing.capture.MAX_PACKETS` datagrams whose fate is known.

        They are in the order in which it was sealed. Each prints as one line of a capture.
        """
        return self._capture.packets

    def listen(self, listener: Callable[[Packet], None]) -> None:
        """Call ``listener`` with every further datagram as soon as its fate is sealed."""
        self._capture.listen(listener)

    # --- helpers ------------------------------------------------------------------------------

    def _miss(self, destination: Address) -> None:
        """Warn, once, of a packet to a host that is on another network."""
        others = [each for each in _NETWORKS if each is not self and not each._is_closed]
        if self._has_warned or is_loopback(destination[0]):
            return
        name = next(filter(None, (each._listener(destination) for each in others)), None)
        if name is not None and self._listener(destination) is None:
            self._has_warned = True
            warnings.warn(
                f"{destination[0]} is {name} on another VirtualNetwork, where nothing arrives from "
                "this one: make all hosts that are to meet with one VirtualNetwork",
                RuntimeWarning,
                stacklevel=2,
            )

    def _listener(self, address: Address) -> str | None:
        """The name of a host that has a socket at an address, in whichever realm."""
        hosts = self._hosts.values()
        return next((each.name for each in hosts if each.listener(address) is not None), None)

    def _random(self, purpose: str) -> Random:
        return Random(f"{self._seed} {purpose}")

    @contextmanager
    def _new_host(
        self, name: str, addresses: Sequence[str], behind: Router | None = None
    ) -> Iterator[VirtualHost]:
        """A new host, of which nothing is left if it cannot be made what it is to be."""
        self._refuse_taken(name)
        host = VirtualHost(
            name,
            internet=self._internet,
            names=self.names,
            random=self._random(f"host {name}"),
            carry=self._transit.carry,
        )
        try:
            for address in addresses:
                host.add_interface(address, behind=behind)
            yield host
        except BaseException:
            for interface in host.interfaces():
                host.remove_interface(interface.address)
            raise
        self._hosts[name] = host

    def _router(
        self,
        name: str,
        public: Sequence[str],
        kind: NatKind,
        firewall: Firewall,
        behind: Router | None,
    ) -> Router:
        self._refuse_taken(name)
        router = Router(
            name,
            public,
            kind=kind,
            firewall=firewall,
            outside=self._internet if behind is None else behind.inside,
            random=self._random(f"router {name}"),
        )
        self._routers[name] = router
        return router

    def _refuse_taken(self, name: str) -> None:
        if name in self._hosts or name in self._routers or _is_ip(name):
            raise ValueError(f"{name!r} cannot be the name of another host or router")

    def _place(self, endpoint: Endpoint) -> str:
        if not isinstance(endpoint, str):
            name = endpoint.name
            if endpoint not in (self._hosts.get(name), self._routers.get(name)):
                raise LookupError(f"{endpoint!r} is on another network")
            return name
        if endpoint in self._hosts or endpoint in self._routers:
            return endpoint
        if _is_ip(endpoint):
            return canonical_ip(endpoint)
        raise LookupError(f"no host or router is called {endpoint!r}")

    def _owners(self, place: str) -> list[str]:
        """The names of those who have an address, in whichever realm; nobody has a name."""
        realms = [self._internet, *(each.inside for each in self._routers.values())]
        owners = [realm.owner(place) for realm in realms]
        return [owner.name for owner in owners if owner is not None]

    def _place_or_none(self, endpoint: Endpoint | None) -> Place:
        return None if endpoint is None else self._place(endpoint)


_NETWORKS: Final[WeakSet[VirtualNetwork]] = WeakSet()
"""All there are, to tell who tries to reach one from another."""


def _is_ip(text: str) -> bool:
    try:
        canonical_ip(text)
    except ValueError:
        return False
    return True
