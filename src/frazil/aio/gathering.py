"""The driver's half of gathering: sockets on the interfaces, the servers and ways to them."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, NamedTuple

from frazil.aio.ice_option import IceOptions, TcpGathering
from frazil.aio.local_address import LocalAddresses
from frazil.aio.network import Network, Tls
from frazil.aio.packet_stream import StreamWatch
from frazil.aio.relay_stream import RelayStream
from frazil.aio.socket_set import SocketSet
from frazil.ice import TcpType
from frazil.peer.configuration import IceTransportPolicy
from frazil.peer.event import GatheringRequested, StreamRequested
from frazil.peer.ice_server import IceServer, ServerUrl
from frazil.peer.transport_set import TransportSet
from frazil.turn import RelayProtocol
from frazil.types import Address

_CONNECT_PATIENCE_S: Final = 10.0
"""How long a TCP or TLS connection to a TURN server may take."""


class GatheringDriver:
    """Gives transports their local addresses and servers when they ask for them."""

    __slots__ = ("_ended", "_flush", "_local", "_network", "_options", "_tasks", "_transports")

    def __init__(
        self,
        transports: TransportSet,
        network: Network,
        flush: Callable[[], None],
        *,
        options: IceOptions,
    ) -> None:
        self._transports = transports
        self._network = network
        self._flush = flush
        self._options = options
        self._local = LocalAddresses(network, options)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] | None = None

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
        hosts = [each.address for each in self._local.choose()] if needed else []
        for address in sockets.close_all_but(self._local.present() if hosts else ()):
            transports.remove_local_address(name, address, now)
        for server in servers if hosts else ():
            transports.expect_server(name, server.url.url)
            self._look_up(name, server, hosts, sockets)
        for host in hosts if self._local.has_udp else ():
            try:
                socket = sockets.open(host)
            except OSError as error:  # others may serve
                transports.local_address_failed(name, host, _text(host, error), now)
                continue
            disclosure = self._local.disclosure(host)
            transports.add_local_address(
                name, socket.local, now, hidden=hidden, disclosure=disclosure
            )
        tcp = TcpGathering(self._options.tcp)
        direct = hosts if self._local.has_udp and not hidden else []
        for host in direct if tcp.connects else ():
            self._add_tcp(name, sockets.active(host, self._watch(name)).local, TcpType.ACTIVE)
        if direct and tcp.listens:
            self._start(self._listen(name, direct, sockets), "listen")
        else:
            transports.local_addresses_done(name, now)

    async def _listen(self, name: str, hosts: list[str], sockets: SocketSet) -> None:
        """Let streams arrive at every address; then all local addresses are there."""
        loop, transports = asyncio.get_running_loop(), self._transports
        for host in hosts:
            try:
                port = await sockets.passive(host, self._watch(name))
            except OSError as error:
                transports.local_address_failed(name, host, _text(host, error), loop.time())
            else:
                self._add_tcp(name, port.local, TcpType.PASSIVE)
        transports.local_addresses_done(name, loop.time())
        self._flush()

    def _add_tcp(self, name: str, local: Address, tcp_type: TcpType) -> None:
        now = asyncio.get_running_loop().time()
        disclosure = self._local.disclosure(local[0])
        self._transports.add_local_tcp(name, local, tcp_type, now, disclosure)

    def _watch(self, name: str) -> StreamWatch:
        """What the streams of the candidates of a transport ask and tell."""

        def lose(local: Address, remote: Address, text: str) -> None:
            now = asyncio.get_running_loop().time()
            self._transports.lose_stream(name, local, remote, text, now)
            self._flush()

        return StreamWatch(partial(self._transports.is_validated, name), lose)

    def _start(self, coroutine: Coroutine[Any, Any, None], what: str) -> None:
        task = asyncio.get_running_loop().create_task(coroutine, name=what)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _look_up(self, name: str, server: "_Server", hosts: list[str], sockets: SocketSet) -> None:
        self._start(self._resolve(name, server, hosts, sockets), f"look up {server.url.host}")

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._ended is not None and not self._tasks:
            self._ended.set_result(None)

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
        """Open one stream, unless there is one from before; what went wrong, or nothing."""
        loop, url = asyncio.get_running_loop(), server.url
        stream = sockets.stream(host, remote, self._tls(url, url.host))
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
        self._start(self._serve(wanted, sockets), f"connect {wanted.request.url}")

    async def _serve(self, wanted: StreamRequested, sockets: SocketSet) -> None:
        loop, transports, name = asyncio.get_running_loop(), self._transports, wanted.transport
        request = wanted.request
        url = ServerUrl.parse(request.url)
        try:
            stream = await self._reach(
                name, url, request.domain or url.host, request.ip, request.server, sockets
            )
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
                return await sockets.connect(host, remote, tls, lost)
        except TimeoutError:
            raise ConnectionError(f"{server_name} does not answer") from None
        except (OSError, ValueError) as error:  # a name from the network may be none at all
            raise ConnectionError(f"{server_name} cannot be connected: {error}") from None

    def _lose(self, name: str, sockets: SocketSet, stream: RelayStream) -> None:
        """A stream has ended by itself."""
        if not sockets.remove(stream):
            return  # it only kept a port from being handed out again
        now = asyncio.get_running_loop().time()
        self._transports.remove_local_address(name, stream.local, now)
        self._flush()

    def close(self) -> "asyncio.Future[None]":
        """Break off every lookup; done when none is under way."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
            if not self._tasks:
                self._ended.set_result(None)
            for task in self._tasks:
                task.cancel()
        return self._ended


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


def _text(host: str, error: OSError) -> str:
    return f"no UDP socket on {host}: {error.strerror or error}"
