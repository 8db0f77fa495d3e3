"""A network of virtual hosts, deterministic down to the last packet.

>>> async def main(net: VirtualNetwork) -> None:
...     alice = net.host("alice", "10.0.0.1")
...     bob = net.host("bob", "10.0.0.2", "2001:db8::2")
...     net.connect(alice, bob, Conditions(delay_s=0.05, loss=0.01))
...     net.block(alice, bob, after_s=20, for_s=6)
"""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

from frazil.aio.address import canonical_ip
from frazil.testing.arrival import Arrivals, Journey
from frazil.testing.blackout import Blackout, Blackouts, Ends, Place
from frazil.testing.conditions import Conditions
from frazil.testing.host import VirtualHost, VirtualUdpSocket, is_loopback
from frazil.testing.link import Link
from frazil.testing.packet import Fate, Packet
from frazil.testing.stun import StunServer
from frazil.types import Address, Datagram

MAX_PACKETS: Final = 10_000
"""How many packets :attr:`VirtualNetwork.packets` remembers."""
_IPV4_HEADERS: Final = 28
_IPV6_HEADERS: Final = 48

Endpoint: TypeAlias = VirtualHost | str
"""A host, the name of one, or an IP address, which stands for just that interface."""


class VirtualNetwork:
    """Hosts, the links between them, and what happens on the way.

    Every host reaches every other: each direction between two hosts is a :class:`Link`, made
    with :attr:`default` conditions unless :meth:`connect` says otherwise. All randomness comes
    from the seed, separately for every host and link: the same program does the same again, and
    traffic on one link does not change what happens on another.

    Time is that of the running event loop: :class:`frazil.testing.VirtualLoop` for virtual time.

    Args:
        seed: Another seed is another run of the dice.
        default: What links are like that nobody has set up.

    Attributes:
        default: The conditions of links that are not made yet.
        names: What :meth:`VirtualHost.resolve` knows: addresses by name.
        counters: How many datagrams met which :class:`frazil.testing.Fate`.
    """

    def __init__(self, seed: int = 0, default: Conditions | None = None) -> None:
        self.default = default or Conditions()
        self.names: dict[str, list[str]] = {}
        self.counters: Counter[Fate] = Counter()
        self._seed = seed
        self._hosts: dict[str, VirtualHost] = {}
        self._owners: dict[str, VirtualHost] = {}
        self._servers: list[StunServer] = []
        self._links: dict[tuple[str, str], Link] = {}
        self._blackouts = Blackouts()
        self._arrivals = Arrivals(self._land)
        self._closed = False
        self._packets: deque[Packet] = deque(maxlen=MAX_PACKETS)
        self._listeners: list[Callable[[Packet], None]] = []

    # --- hosts --------------------------------------------------------------------------------

    def host(self, name: str, *addresses: str) -> VirtualHost:
        """A new host with an interface for each address.

        Raises:
            ValueError: The name is taken or looks like an address, or an address is not an IP
                literal or belongs to another host.
        """
        if name in self._hosts or _is_ip(name):
            raise ValueError(f"{name!r} cannot be the name of another host")
        host = VirtualHost(
            name,
            owners=self._owners,
            names=self.names,
            random=self._random(f"host {name}"),
            carry=self._carry,
        )
        for address in addresses:
            host.add_interface(address)
        self._hosts[name] = host
        return host

    def stun_server(self, address: str, port: int = 3478, *, name: str = "") -> StunServer:
        """A new host with a STUN server on it.

        Args:
            address: The address of the server.
            port: Its port.
            name: The name of the host, which then also resolves to the address.
        """
        host = self.host(name or f"stun {address}", address)
        if name:
            self.names[name] = [address]
        server = StunServer(host, port)
        self._servers.append(server)
        return server

    def sockets(self) -> list[VirtualUdpSocket]:
        """The open sockets of all hosts."""
        return [socket for host in self._hosts.values() for socket in host.sockets()]

    def close(self) -> None:
        """Close the servers, lose what is on its way, carry nothing any more. Idempotent."""
        self._closed = True
        self._arrivals.clear()
        for server in self._servers:
            server.close()

    # --- links --------------------------------------------------------------------------------

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
            LookupError: There is no such host.
        """
        self.link(a, b).conditions = conditions
        self.link(b, a).conditions = back or conditions

    def link(self, source: Endpoint, destination: Endpoint) -> Link:
        """The direction from one place to another: its conditions and counters.

        Raises:
            LookupError: There is no such host.
        """
        return self._link(self._place(source), self._place(destination))

    def _link(self, source: str, destination: str) -> Link:
        link = self._links.get((source, destination))
        if link is None:
            link = Link(self.default, self._random(f"link {source} > {destination}"))
            self._links[source, destination] = link
        return link

    # --- blackouts ----------------------------------------------------------------------------

    def block(
        self,
        a: Endpoint | None = None,
        b: Endpoint | None = None,
        *,
        one_way: bool = False,
        after_s: float = 0.0,
        for_s: float = math.inf,
    ) -> None:
        """Let nothing pass between two places; what is on the way and would arrive is lost too.

        Args:
            a: One end; None is anywhere.
            b: The other end; None is anywhere. So ``block(alice)`` cuts ``alice`` off.
            one_way: Block only what goes from ``a`` to ``b``.
            after_s: When it begins, from now.
            for_s: How long it lasts; for ever, or until :meth:`heal`, by default.

        Raises:
            LookupError: There is no such host.
        """
        source, destination = self._place_or_none(a), self._place_or_none(b)
        now = asyncio.get_running_loop().time()
        from_at = now + after_s
        self._blackouts.add(Blackout(source, destination, from_at, from_at + for_s), now)
        if not one_way:
            self._blackouts.add(Blackout(destination, source, from_at, from_at + for_s), now)

    def heal(self, a: Endpoint | None = None, b: Endpoint | None = None) -> None:
        """Undo what :meth:`block` did between the same two places; all of it, if none is given.

        Raises:
            LookupError: There is no such host.
        """
        if a is None and b is None:
            self._blackouts.lift_all()
        else:
            self._blackouts.lift(self._place_or_none(a), self._place_or_none(b))

    # --- observation --------------------------------------------------------------------------

    @property
    def packets(self) -> tuple[Packet, ...]:
        """The last :data:`MAX_PACKETS` datagrams whose fate is known, in the order it was sealed.

        Each prints as one line of a capture.
        """
        return tuple(self._packets)

    def listen(self, listener: Callable[[Packet], None]) -> None:
        """Call ``listener`` with every further datagram as soon as its fate is sealed."""
        self._listeners.append(listener)

    # --- the way of a datagram ----------------------------------------------------------------

    def _carry(
        self, sender: VirtualHost, source: Address, destination: Address, data: bytes
    ) -> None:
        """Send a datagram on its way, or seal its fate."""
        if self._closed:
            return
        now = asyncio.get_running_loop().time()
        owner = self._owner(sender, source, destination)
        if owner is None:
            self._seal(Packet(now, now, source, destination, data, Fate.UNROUTABLE))
            return
        ends = Ends(sender.name, source[0], owner.name, destination[0])
        journey = Journey(now, sender, source, destination, data, self._route(ends))
        fate = self._send_off(journey, ends)
        if fate is not None:
            self._seal(Packet(now, now, source, destination, data, fate), journey.link)

    def _owner(
        self, sender: VirtualHost, source: Address, destination: Address
    ) -> VirtualHost | None:
        """The host that a datagram reaches; this is where address translation would happen."""
        if (":" in source[0]) != (":" in destination[0]):
            return None
        if is_loopback(source[0]) or is_loopback(destination[0]):
            return sender if sender.has(destination[0]) else None
        return self._owners.get(destination[0])

    def _route(self, ends: Ends) -> Link:
        """The link that was set up most specifically."""
        for destination in (ends.destination, ends.receiver):
            for source in (ends.source, ends.sender):
                link = self._links.get((source, destination))
                if link is not None:
                    return link
        return self._link(ends.sender, ends.receiver)

    def _send_off(self, journey: Journey, ends: Ends) -> Fate | None:
        """Expect the arrival of a datagram, or tell why it will not arrive."""
        now, link = journey.sent_at, journey.link
        if self._blackouts.cover(ends, now):
            return Fate.BLOCKED
        left_at = link.admit(_wire_size(journey), now)
        if left_at is None:
            return Fate.OVERFLOWED
        arrivals = link.arrivals(left_at)
        for at in arrivals:
            self._arrivals.expect(journey, at)
        return None if arrivals else Fate.LOST

    def _land(self, journeys: list[Journey]) -> None:
        """Deliver what arrives in this instant: one batch for each socket."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        batches: dict[VirtualUdpSocket, list[Datagram]] = {}
        for journey in journeys:
            sent_at, _, source, destination, data, link = journey
            socket, fate = self._end(journey, now)
            if socket is not None:
                batches.setdefault(socket, []).append(Datagram(data, destination, source))
            self._seal(Packet(sent_at, now, source, destination, data, fate), link)
        for socket, batch in batches.items():
            # As from a real loop: an exception in one handler is reported and hurts no other.
            loop.call_soon(socket.hand_over, batch)

    def _end(self, journey: Journey, now: float) -> tuple[VirtualUdpSocket | None, Fate]:
        """Who gets a datagram that has arrived, and its fate."""
        _, sender, source, destination, _, _ = journey
        owner = self._owner(sender, source, destination)
        if owner is None:
            return None, Fate.UNHEARD
        if self._blackouts.cover(Ends(sender.name, source[0], owner.name, destination[0]), now):
            return None, Fate.BLOCKED
        socket = owner.listener(destination)
        return socket, Fate.UNHEARD if socket is None else Fate.DELIVERED

    def _seal(self, packet: Packet, link: Link | None = None) -> None:
        self.counters[packet.fate] += 1
        if link is not None:
            link.counters[packet.fate] += 1
        self._packets.append(packet)
        for listener in self._listeners:
            listener(packet)

    # --- helpers ------------------------------------------------------------------------------

    def _random(self, purpose: str) -> Random:
        return Random(f"{self._seed} {purpose}")

    def _place(self, endpoint: Endpoint) -> str:
        if isinstance(endpoint, VirtualHost):
            return endpoint.name
        if endpoint in self._hosts:
            return endpoint
        if _is_ip(endpoint):
            return canonical_ip(endpoint)
        raise LookupError(f"no host is called {endpoint!r}")

    def _place_or_none(self, endpoint: Endpoint | None) -> Place:
        return None if endpoint is None else self._place(endpoint)


def _is_ip(text: str) -> bool:
    try:
        canonical_ip(text)
    except ValueError:
        return False
    return True


def _wire_size(journey: Journey) -> int:
    """Bytes of the whole IP packet."""
    return len(journey.data) + (_IPV6_HEADERS if ":" in journey.source[0] else _IPV4_HEADERS)
