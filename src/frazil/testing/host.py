"""A machine on the virtual network."""

import asyncio
import errno
import socket
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Protocol

from frazil.address import canonical_ip
from frazil.aio.network import (
    AcceptHandler,
    DatagramHandler,
    Interface,
    InterfaceWatch,
    Network,
    StreamHandlers,
    Tls,
)
from frazil.testing.nat.router import Router
from frazil.testing.packet import Fate, TransportProtocol
from frazil.testing.realm import Realm
from frazil.testing.tcp.sender import Report
from frazil.testing.tcp.stack import PortCycle, TcpStack
from frazil.testing.tcp.stream import VirtualListener, VirtualStream, os_error
from frazil.testing.udp import VirtualMulticastSocket, VirtualUdpSocket
from frazil.types import Address


class Carry(Protocol):
    """Sends a packet on its way."""

    def __call__(
        self,
        sender: "VirtualHost",
        source: Address,
        destination: Address,
        data: bytes,
        protocol: TransportProtocol = TransportProtocol.UDP,
        report: Report | None = None,
        /,
    ) -> None:
        """Carry ``data``, and tell ``report`` what became of it."""


class VirtualHost(Network):
    """A machine with interfaces, on which a peer connection can run: its network.

    Made by :meth:`frazil.testing.VirtualNetwork.host`.

    Attributes:
        name: What the network calls it.
        tcp: Its streams.
    """

    def __init__(
        self,
        name: str,
        *,
        internet: Realm,
        names: dict[str, list[str]],
        random: Random,
        carry: Carry,
    ) -> None:
        self.name = name
        self._internet = internet
        self._names = names
        self._random = random
        self._carry = carry
        self._interfaces: dict[str, Interface] = {}
        self._realms: dict[str, Realm] = {}
        self._interface_names: set[str] = set()  # all that there have ever been
        self._interface_numbers = count()
        self._down: dict[str, list[tuple[str, Realm]]] = {}
        self._stranded: set[str] = set()
        self._watchers: list[_Watch] = []
        self._sockets: dict[Address, VirtualUdpSocket] = {}
        self._ports = PortCycle()
        self.tcp = TcpStack(self._ship)

    def __repr__(self) -> str:
        return f"<host {self.name}: {', '.join(self._interfaces) or 'offline'}>"

    # --- the network as this host sees it -----------------------------------------------------

    def interfaces(self) -> list[Interface]:
        """All addresses that the host has right now."""
        return list(self._interfaces.values())

    def source_address(self, remote: str) -> str:
        """The host's oldest address of the family that has a route: there its default route is.

        Raises:
            OSError: It has none.
            ValueError: ``remote`` is not an IP literal.
        """
        remote = canonical_ip(remote)
        for interface in self.interfaces():
            same_family = (":" in interface.address) == (":" in remote)
            is_way = interface.is_loopback == is_loopback(remote)
            if same_family and is_way and self.has_route(interface.address):
                return interface.address
        raise os_error(errno.ENETUNREACH)

    def watch_interfaces(self, on_change: Callable[[], None]) -> InterfaceWatch:
        """Have ``on_change`` called in the instant in which addresses or routes change."""
        return _Watch(self._watchers, on_change)

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> VirtualUdpSocket:
        """Bind a UDP socket to one of the host's addresses.

        What arrives in one virtual instant is handed over in one call.

        Raises:
            OSError: The host does not have that address, or the port is taken.
            ValueError: ``host`` is not an IP literal.
            OverflowError: The port is not within 0 and 65535.
        """
        local = self._free(canonical_ip(host), port)
        opened = VirtualUdpSocket(self, local, on_datagrams, partial(self._carry, self))
        self._sockets[local] = opened
        return opened

    def open_multicast(
        self, host: str, group: Address, on_datagrams: DatagramHandler
    ) -> VirtualUdpSocket:
        """Join a multicast group on the link of one address, which only one socket can.

        Raises:
            OSError: The host does not have that address, or the port is taken.
            ValueError: ``host`` is not an IP literal.
        """
        local = self._free(canonical_ip(host), group[1])
        opened = VirtualMulticastSocket(
            self, local, on_datagrams, partial(self._carry, self), group
        )
        self._sockets[local] = opened
        return opened

    def _free(self, address: str, port: int) -> Address:
        if not 0 <= port <= 65_535:
            raise OverflowError(f"port {port}")
        if address not in self._interfaces:
            raise os_error(errno.EADDRNOTAVAIL)
        local = (address, port or self._ports.next_free(address, self._sockets))
        if local in self._sockets:
            raise os_error(errno.EADDRINUSE)
        return local

    async def connect_tcp(
        self,
        remote: Address,
        handlers: StreamHandlers,
        *,
        local: str | None = None,
        tls: Tls | None = None,
    ) -> VirtualStream:
        """Open a stream; see :class:`frazil.aio.Network`. TLS is a matter of names only here.

        Raises:
            OSError: Nobody answers, or refuses, or is not who he should be (``ssl.SSLError``), or
                the host does not have that address, or no route from there.
        """
        source = canonical_ip(local) if local is not None else self.source_address(remote[0])
        if not self.has(source):
            raise os_error(errno.EADDRNOTAVAIL)
        if not self.has_route(source):
            raise os_error(errno.ENETUNREACH)
        server_name = tls.server_name if tls is not None else None
        return await self.tcp.connect(source, remote, handlers, server_name)

    async def listen_tcp(
        self, host: str, port: int, accept: AcceptHandler, *, certificate_name: str | None = None
    ) -> VirtualListener:
        """Bind a TCP port; see :class:`frazil.aio.Network`.

        Args:
            host: One of the host's addresses.
            port: 0 takes any free port.
            accept: Called for each stream that arrives.
            certificate_name: Whom the certificate names, on a port for TLS.

        Raises:
            OSError: The host does not have that address, or the port is taken.
            ValueError: ``host`` is not an IP literal.
        """
        address = canonical_ip(host)
        if not self.has(address):
            raise os_error(errno.EADDRNOTAVAIL)
        return self.tcp.listen(address, port, accept, certificate_name)

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of ``host`` according to the network's ``names``.

        Raises:
            OSError: There is no such name.
        """
        try:
            return [(canonical_ip(host), port)]
        except ValueError:
            found = self._names.get(host)
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, f"no virtual name {host!r}")
        return [(canonical_ip(address), port) for address in found]

    def random_bytes(self, n: int) -> bytes:
        """The next ``n`` bytes of this host's own source, which the network's seed determines."""
        return self._random.randbytes(n)

    # --- interfaces come and go ---------------------------------------------------------------

    def add_interface(
        self, address: str, name: str | None = None, *, behind: Router | None = None
    ) -> Interface:
        """Give the host an address, on a new interface unless ``name`` tells which.

        Sockets that were bound to it before it went away work again, but are in no multicast group.
        Every host may have the loopback addresses; they lead to itself.

        Args:
            address: An IP literal.
            name: The name of the interface.
            behind: The router behind which it is; on the internet, if there is none. A host may
                have addresses in several places, as a phone has on Wi-Fi and on a mobile network.

        Raises:
            ValueError: It is not an IP literal, a host already has it, or the interface is off.
        """
        address = canonical_ip(address)
        realm = behind.inside if behind is not None else self._internet
        if name is None:
            name = "lo" if is_loopback(address) else self._new_name()
        if name in self._down:
            raise ValueError(f"{name} of {self.name} is off")
        interface = Interface(name, address)
        self._give(interface, realm)
        return interface

    def _new_name(self) -> str:
        names = (f"eth{number}" for number in self._interface_numbers)
        return next(each for each in names if each not in self._interface_names)

    def remove_interface(self, address: str) -> None:
        """Take an address from the host: sockets bound to it go deaf and mute, without a word.

        Raises:
            LookupError: The host does not have it.
        """
        address = canonical_ip(address)
        del self._interfaces[address]
        for each in self.sockets():
            if isinstance(each, VirtualMulticastSocket) and each.local[0] == address:
                each.leave()
        realm = self._realms.pop(address)
        self._stranded.discard(address)
        if not is_loopback(address):
            realm.release(address)
        self._changed()

    def remove_route(self, address: str) -> None:
        """Let no way lead from an address to other hosts, until :meth:`add_route`.

        So it is in the first seconds on many networks. What is sent from there is lost; what
        others send arrives.

        Raises:
            LookupError: The host does not have it, or there was no way.
        """
        address = canonical_ip(address)
        if not self.has_route(address):
            raise LookupError(f"{self.name} has no route from {address}")
        self._stranded.add(address)
        self._changed()

    def add_route(self, address: str) -> None:
        """Undo :meth:`remove_route`.

        Raises:
            LookupError: There is nothing to undo.
        """
        self._stranded.remove(canonical_ip(address))
        self._changed()

    def take_down(self, name: str) -> None:
        """Switch the interface ``name`` off: all its addresses are gone until it is up again.

        Raises:
            LookupError: The host has no such interface, or it is off.
        """
        gone = [each for each in self.interfaces() if each.name == name]
        if not gone:
            raise LookupError(f"{self.name} has no interface {name} that is up")
        self._down[name] = [(each.address, self._realms[each.address]) for each in gone]
        for each in gone:
            self.remove_interface(each.address)

    def bring_up(self, name: str) -> None:
        """Switch the interface ``name`` on again, with the addresses that it had.

        Raises:
            LookupError: It is not off.
            ValueError: A host has one of its addresses now; it stays off.
        """
        given: list[str] = []
        try:
            for address, realm in self._down[name]:
                self._give(Interface(name, address), realm)
                given.append(address)
        except ValueError:
            for address in given:
                self.remove_interface(address)
            raise
        del self._down[name]

    def _give(self, interface: Interface, realm: Realm) -> None:
        address = interface.address
        if self.has(address):
            raise ValueError(f"{self.name} already has {address}")
        if not is_loopback(address):
            realm.claim(address, self)
        self._interface_names.add(interface.name)
        self._interfaces[address] = interface
        self._realms[address] = realm
        self._changed()

    def _changed(self) -> None:
        if self._watchers:
            loop = asyncio.get_running_loop()
            for watch in self._watchers:
                loop.call_soon(watch.tell)

    def realm(self, address: str) -> Realm:
        """Where one of its addresses means something.

        Raises:
            LookupError: The host does not have it.
        """
        return self._realms[address]

    def has(self, address: str) -> bool:
        """Whether the host has this address right now."""
        return address in self._interfaces

    def has_route(self, address: str) -> bool:
        """Whether something can be sent from this address right now."""
        return self.has(address) and address not in self._stranded

    # --- sockets ------------------------------------------------------------------------------

    def sockets(self) -> list[VirtualUdpSocket]:
        """The open sockets, the oldest first."""
        return list(self._sockets.values())

    def listener(self, local: Address) -> VirtualUdpSocket | None:
        """The open socket that is bound to ``local``."""
        return self._sockets.get(local)

    def forget(self, closed: VirtualUdpSocket) -> None:
        """Free the port of a socket that has just closed."""
        del self._sockets[closed.local]

    def _ship(self, source: Address, destination: Address, data: bytes, report: Report) -> None:
        if self.has_route(source[0]):
            self._carry(self, source, destination, data, TransportProtocol.TCP, report)
        else:
            report(Fate.UNROUTABLE)


class _Watch:
    """Somebody's wish to know when the addresses change; a :class:`frazil.aio.InterfaceWatch`."""

    __slots__ = ("_all", "_on_change")

    def __init__(self, all_watches: "list[_Watch]", on_change: Callable[[], None]) -> None:
        self._all = all_watches
        self._on_change = on_change
        all_watches.append(self)

    def tell(self) -> None:
        """Call, unless closed meanwhile."""
        if self in self._all:
            self._on_change()

    def close(self) -> None:
        """Call nobody any more. Idempotent."""
        if self in self._all:
            self._all.remove(self)


def is_loopback(address: str) -> bool:
    """Whether a canonical address leads back to the host that uses it."""
    return address.startswith("127.") or address == "::1"
