"""The driver's half of gathering: sockets on the interfaces, the servers and ways to them."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from frazil.aio.ice_option import IceOptions, TcpGathering
from frazil.aio.local_address import LocalAddresses
from frazil.aio.network import Interface, Network, Tls
from frazil.aio.relay_stream import UNANSWERED, RelayStream
from frazil.aio.socket_set import SocketSet
from frazil.aio.stream_opening import connect, listen
from frazil.aio.task_set import TaskSet
from frazil.aio.tcp_port import SILENT
from frazil.ice import Disclosure, TcpType
from frazil.peer.configuration import IceTransportPolicy
from frazil.peer.event import GatheringRequested, StreamReleased, StreamRequested
from frazil.peer.ice_server import IceServer, ServerUrl
from frazil.peer.transport_set import TransportSet
from frazil.turn import RelayProtocol
from frazil.types import Address

_CONNECT_PATIENCE_S: Final = 10.0
"""How long a TCP or TLS connection to a TURN server may take."""
_SPENT: Final = "the relay that the stream led to is over"
_UNTOLD: Final = Disclosure(hosts=())


class GatheringDriver:
    """Gives transports their local addresses and servers when they ask for them."""

    __slots__ = ("_flush", "_local", "_network", "_options", "_tasks", "_transports")

    def __init__(
        self,
        transports: TransportSet,
        network: Network,
        flush: Callable[[], None],
        tasks: TaskSet,
        local: LocalAddresses,
        options: IceOptions,
    ) -> None:
        self._transports = transports
        self._network = network
        self._flush = flush
        self._tasks = tasks
        self._local = local
        self._options = options

    def begin(self, request: GatheringRequested, sockets: SocketSet, now: float) -> None:
        """Open sockets on every usable address and look the servers up, all at once.

        Under the policy ``relay`` only TURN servers learn of the addresses of this host; without
        such a server there is nothing to open.
        """
        name, transports = request.transport, self._transports
        hidden = request.policy is IceTransportPolicy.RELAY
        servers = _servers(request)
        if hidden:
            servers = [each for each in servers if each.url.is_turn]
        if not self._local.has_udp:
            servers = [each for each in servers if each.url.is_stream]
        needed = servers or not hidden
        interfaces = self._local.choose() if needed else []
        hosts = [each.address for each in interfaces]
        if not sockets.is_empty:  # they are from before a restart
            for address in sockets.close_all_but(self._local.present() if hosts else ()):
                transports.remove_local_address(name, address, now)
        for server in servers if hosts else ():
            transports.expect_server(name, server.url.url)
            self._look_up(name, server, hosts, sockets)
        for interface in interfaces if self._local.has_udp else ():
            self._add(request, interface, sockets, now)
        tcp = TcpGathering(self._options.tcp)
        direct = interfaces if self._local.has_udp and not hidden else []
        for interface in direct if tcp.connects else ():
            active = sockets.active(interface.address, _Watch(name, self._transports, self._flush))
            for remote in active.close_silent(now):  # they are from before a restart
                transports.lose_stream(name, active.local, remote, SILENT, now)
            self._add_tcp(name, interface, active.local, TcpType.ACTIVE)
        if direct and tcp.listens:
            self._tasks.start(self._listen(name, direct, sockets), "listen")
        else:
            transports.local_addresses_done(name, now)

    async def _listen(self, name: str, interfaces: list[Interface], sockets: SocketSet) -> None:
        """Let streams arrive at every address; then all local addresses are there."""
        loop, transports = asyncio.get_running_loop(), self._transports
        for interface in interfaces:
            host = interface.address
            try:
                watch = _Watch(name, self._transports, self._flush)
                port = await listen(sockets, host, watch)
            except OSError as error:
                transports.local_address_failed(name, host, _text("TCP", host, error), loop.time())
            else:
                self._add_tcp(name, interface, port.local, TcpType.PASSIVE)
        transports.local_addresses_done(name, loop.time())
        self._flush()

    def _add_tcp(self, name: str, interface: Interface, local: Address, tcp_type: TcpType) -> None:
        now = asyncio.get_running_loop().time()
        is_told = tcp_type is not TcpType.ACTIVE
        disclosure = self._disclosure(name, interface, now) if is_told else _UNTOLD
        self._transports.add_local_tcp(name, local, tcp_type, now, disclosure)

    def _add(
        self, request: GatheringRequested, interface: Interface, sockets: SocketSet, now: float
    ) -> None:
        """Open a socket on one address; if it refuses, others may serve."""
        transports, name, host = self._transports, request.transport, interface.address
        hidden = request.policy is IceTransportPolicy.RELAY
        try:
            socket = sockets.open(host)
        except OSError as error:
            transports.local_address_failed(name, host, _text("UDP", host, error), now)
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

    def _look_up(self, name: str, server: "_Server", hosts: list[str], sockets: SocketSet) -> None:
        self._tasks.start(self._resolve(name, server, hosts, sockets), f"look up {server.url.host}")

    async def _resolve(
        self, name: str, server: "_Server", hosts: list[str], sockets: SocketSet
    ) -> None:
        loop, transports, url = asyncio.get_running_loop(), self._transports, server.url
        try:
            addresses = await self._network.resolve(url.host, url.port)
        except OSError as error:
            text = f"{url.host} cannot be resolved: {error}"
            transports.server_failed(name, url.url, text, loop.time())
        else:
            if url.is_stream:
                await self._connect(name, server, addresses, hosts, sockets)
            elif url.is_turn:
                config = server.entry.turn_config(url.relay_protocol)
                transports.add_turn_server(name, url.url, addresses, config, loop.time())
            else:
                transports.add_stun_server(name, url.url, addresses, loop.time())
        self._flush()

    async def _connect(
        self,
        name: str,
        server: "_Server",
        addresses: list[Address],
        hosts: list[str],
        sockets: SocketSet,
    ) -> None:
        """Connect to the server from every address of its families, in parallel."""
        ways = []
        for host in hosts:
            remote = next((each for each in addresses if (":" in each[0]) == (":" in host)), None)
            if remote is not None:
                ways.append(self._open(name, server, host, remote, sockets))
        texts = await asyncio.gather(*ways)
        text = next((each for each in texts if each), "no local address can reach it")
        now = asyncio.get_running_loop().time()
        self._transports.turn_streams_done(name, server.url.url, text, now)

    async def _open(
        self, name: str, server: "_Server", host: str, remote: Address, sockets: SocketSet
    ) -> str:
        """Open one stream, unless one from before is of use; what went wrong, or nothing."""
        loop, url = asyncio.get_running_loop(), server.url
        stream = sockets.stream(host, remote, self._tls(url, url.host))
        if stream is not None and stream.is_silent(loop.time()):
            stream.give_up(UNANSWERED)
            stream = None
        if stream is None:
            try:
                stream = await self._reach(name, url, url.host, host, remote, sockets)
            except OSError as error:
                return str(error)
        config = server.entry.turn_config(url.relay_protocol)
        self._transports.add_turn_stream(name, url.url, stream.local, remote, config, loop.time())
        self._flush()
        return ""

    def open_stream(self, wanted: StreamRequested, sockets: SocketSet) -> None:
        """Open one stream more to a TURN server."""
        self._tasks.start(self._serve(wanted, sockets), f"connect {wanted.request.url}")

    def close_stream(self, released: StreamReleased, sockets: SocketSet) -> None:
        """Close a stream to a TURN server that no relay needs, in another turn of the loop."""
        stream = sockets.stream_between(released.stream.local, released.stream.server)
        if stream is not None:
            asyncio.get_running_loop().call_soon(stream.give_up, _SPENT)

    async def _serve(self, wanted: StreamRequested, sockets: SocketSet) -> None:
        loop, transports, name = asyncio.get_running_loop(), self._transports, wanted.transport
        request = wanted.request
        url = ServerUrl.parse(request.url)
        server_name = request.domain or url.host
        spent = sockets.stream(request.ip, request.server, self._tls(url, server_name))
        if spent is not None:
            spent.give_up(_SPENT)
        try:
            stream = await self._reach(name, url, server_name, request.ip, request.server, sockets)
        except OSError as error:
            transports.relay_stream_failed(name, request.number, str(error), loop.time())
        else:
            transports.relay_stream_opened(name, request.number, stream.local, loop.time())
        self._flush()

    def _tls(self, url: ServerUrl, server_name: str) -> Tls | None:
        """How a stream to the server of ``url`` is to be secured, if at all."""
        if url.relay_protocol is not RelayProtocol.TLS:
            return None
        return Tls(server_name, self._options.tls_context)

    async def _reach(
        self,
        name: str,
        url: ServerUrl,
        server_name: str,
        host: str,
        remote: Address,
        sockets: SocketSet,
    ) -> RelayStream:
        """A new stream.

        Raises:
            OSError: There is none; the text says why.
        """
        tls = self._tls(url, server_name)
        lost = partial(self._lose, name, sockets)
        try:
            async with asyncio.timeout(_CONNECT_PATIENCE_S):
                return await connect(sockets, host, remote, tls, lost)
        except TimeoutError:
            raise ConnectionError(f"{server_name} does not answer") from None
        except ssl.SSLError as error:
            raise ConnectionError(f"{server_name} cannot be secured: {error}") from None
        except (OSError, ValueError) as failure:  # a name from the network may be none at all
            raise ConnectionError(f"{server_name} cannot be connected: {failure}") from None

    def _lose(self, name: str, sockets: SocketSet, stream: RelayStream) -> None:
        """A stream has ended by itself."""
        if not sockets.remove(stream):
            return  # it only kept a port from being handed out again
        now = asyncio.get_running_loop().time()
        self._transports.remove_local_address(name, stream.local, now, stream.end)
        self._flush()


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


class _Server(NamedTuple):
    """A URL and the entry of the configuration that it stands in."""

    url: ServerUrl
    entry: IceServer


def _servers(request: GatheringRequested) -> list[_Server]:
    """The servers to ask, each URL once."""
    found: dict[str, _Server] = {}
    for entry in request.servers:
        for url in entry.urls:
            found.setdefault(url.url, _Server(url, entry))
    return list(found.values())


def _text(kind: str, host: str, error: OSError) -> str:
    return f"no {kind} socket on {host}: {error.strerror or error}"
