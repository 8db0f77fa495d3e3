"""The driver's half of gathering: sockets on the interfaces, and whom to ask from them."""

import asyncio
from collections.abc import Callable
from typing import Final

from frazil.aio.ice_option import IceOptions, TcpGathering
from frazil.aio.local_address import LocalAddresses
from frazil.aio.network import Interface
from frazil.aio.pending_gathering import PendingGathering, refusal
from frazil.aio.socket_set import SocketSet
from frazil.aio.tcp_port import SILENT
from frazil.ice import Disclosure, TcpType
from frazil.peer.configuration import IceTransportPolicy
from frazil.peer.event import GatheringRequested
from frazil.peer.ice_server import servers_of
from frazil.peer.transport_set import TransportSet
from frazil.types import Address

_UNTOLD: Final = Disclosure(hosts=())


class GatheringDriver:
    """Gives transports their local addresses and servers when they ask for them.

    Args:
        transports: Those that ask.
        flush: Called when they may have something to say.
        local: Says from which addresses to gather, and what the peer is told of them.
        pending: Does what takes its time.
        options: What to gather.
    """

    __slots__ = ("_flush", "_local", "_options", "_pending", "_transports")

    def __init__(
        self,
        transports: TransportSet,
        flush: Callable[[], None],
        local: LocalAddresses,
        pending: PendingGathering,
        options: IceOptions,
    ) -> None:
        self._transports = transports
        self._flush = flush
        self._local = local
        self._pending = pending
        self._options = options

    def begin(self, request: GatheringRequested, sockets: SocketSet, now: float) -> None:
        """Open sockets on every usable address and look the servers up, all at once.

        Under the policy ``relay`` only TURN servers learn of the addresses of this host; without
        such a server there is nothing to open.
        """
        name, transports = request.transport, self._transports
        self._pending.begin(name)
        hidden = request.policy is IceTransportPolicy.RELAY
        servers = servers_of(request.servers)
        if hidden:
            servers = [each for each in servers if each.url.is_turn]
        if not self._local.has_udp:
            servers = [each for each in servers if each.url.is_stream]
        needed = servers or not hidden
        interfaces = self._local.choose() if needed else []
        hosts = [each.address for each in interfaces]
        transports.gather_from(name, hosts, [each.url.url for each in servers], now)
        if not sockets.is_empty:  # they are from before a restart, and one of them may be in use
            present = self._local.present()
            if present is not None:
                for address in sockets.close_all_but(present):
                    transports.remove_local_address(name, address, now)
        for server in servers if hosts else ():
            transports.expect_server(name, server.url.url)
            self._pending.look_up(name, server, hosts, sockets)
        for interface in interfaces if self._local.has_udp else ():
            self._add(request, interface, sockets, now)
        tcp = TcpGathering(self._options.tcp)
        direct = interfaces if self._local.has_udp and not hidden else []
        watch = _Watch(name, transports, self._flush)
        for interface in direct if tcp.connects else ():
            active = sockets.active(interface.address, watch)
            for remote in active.close_silent(now):  # they are from before a restart
                transports.lose_stream(name, active.local, remote, SILENT, now)
            transports.add_local_tcp(name, active.local, TcpType.ACTIVE, now, _UNTOLD)
        if direct and tcp.listens:
            self._pending.listen(name, direct, sockets, watch, self._add_passive)
        else:
            transports.local_addresses_done(name, now)

    def _add_passive(self, name: str, interface: Interface, local: Address, now: float) -> None:
        disclosure = self._disclosure(name, interface, now)
        self._transports.add_local_tcp(name, local, TcpType.PASSIVE, now, disclosure)

    def _add(
        self, request: GatheringRequested, interface: Interface, sockets: SocketSet, now: float
    ) -> None:
        """Open a socket on one address; if it refuses, others may serve."""
        transports, name, host = self._transports, request.transport, interface.address
        hidden = request.policy is IceTransportPolicy.RELAY
        try:
            socket = sockets.open(host)
        except OSError as error:
            transports.local_address_failed(name, host, refusal("UDP", host, error), now)
            return
        disclosure = _UNTOLD if hidden else self._disclosure(name, interface, now)
        transports.add_local_address(name, socket.local, now, hidden=hidden, disclosure=disclosure)

    def _disclosure(self, name: str, interface: Interface, now: float) -> Disclosure:
        """What the peer is told; nothing if a name is wanted and not to be had."""
        try:
            return self._local.disclosure(interface)
        except OSError as error:
            host = interface.address
            text = f"no mDNS name for {host}: {error}"
            self._transports.local_address_failed(name, host, text, now)
            return _UNTOLD


class _Watch:
    """What the streams of the candidates of one transport ask and tell."""

    __slots__ = ("_flush", "_name", "_transports")

    def __init__(self, name: str, transports: TransportSet, flush: Callable[[], None]) -> None:
        self._name = name
        self._transports = transports
        self._flush = flush

    def is_validated(self, local: Address, remote: Address) -> bool:
        return self._transports.is_validated(self._name, local, remote)

    def datagram_sizes(self) -> range:
        return self._transports.datagram_sizes(self._name)

    def lose(self, local: Address, remote: Address, text: str) -> None:
        now = asyncio.get_running_loop().time()
        self._transports.lose_stream(self._name, local, remote, text, now)
        self._flush()
