"""The part of gathering that takes its time: servers to find and to connect to, and listening."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, TypeAlias

from frazil.aio.network import Interface, Network, Tls
from frazil.aio.packet_stream import StreamWatch
from frazil.aio.relay_stream import UNANSWERED, RelayStream
from frazil.aio.socket_set import SocketSet
from frazil.aio.stream_opening import connect, listen
from frazil.aio.task_set import TaskSet
from frazil.peer.event import StreamReleased, StreamRequested
from frazil.peer.ice_server import Server, ServerUrl
from frazil.peer.transport_set import TransportSet
from frazil.turn import RelayProtocol
from frazil.types import Address

_CONNECT_PATIENCE_S: Final = 10.0
"""How long a TCP or TLS connection to a TURN server may take."""
_SPENT: Final = "the relay that the stream led to is over"

Found: TypeAlias = Callable[[str, Interface, Address, float], None]
"""Is told the transport, and where on an interface streams arrive from some instant on."""


class PendingGathering:
    """Does for transports what the network or the operating system has to answer first.

    What is found out is told to the round of gathering that it was wanted for, and to no later one:
    that begins with :meth:`begin`, and asks anew.

    Args:
        transports: Are told what came of it.
        network: Where names are looked up and streams opened.
        flush: Called after an input to ``transports``.
        tasks: Where it goes on.
        tls_context: What to trust; what the operating system trusts, if ``None``.
    """

    __slots__ = ("_flush", "_network", "_rounds", "_tasks", "_tls_context", "_transports")

    def __init__(
        self,
        transports: TransportSet,
        network: Network,
        flush: Callable[[], None],
        tasks: TaskSet,
        tls_context: ssl.SSLContext | None,
    ) -> None:
        self._transports = transports
        self._network = network
        self._flush = flush
        self._tasks = tasks
        self._tls_context = tls_context
        self._rounds: dict[str, list[asyncio.Task[None]]] = {}

    def begin(self, name: str) -> None:
        """Gathering begins anew for the transport ``name``: what is still under way is given up."""
        for task in self._rounds.pop(name, ()):
            task.cancel()

    def _start(self, name: str, work: Coroutine[Any, Any, None], what: str) -> None:
        """Begin something that belongs to the present round of gathering."""
        task = self._tasks.start(work, what)
        tasks = self._rounds.setdefault(name, [])
        tasks.append(task)
        task.add_done_callback(tasks.remove)

    def listen(
        self,
        name: str,
        interfaces: list[Interface],
        sockets: SocketSet,
        watch: StreamWatch,
        found: Found,
    ) -> None:
        """Let streams arrive at every address; then all local addresses are there."""
        self._start(name, self._listen(name, interfaces, sockets, watch, found), "listen")

    async def _listen(
        self,
        name: str,
        interfaces: list[Interface],
        sockets: SocketSet,
        watch: StreamWatch,
        found: Found,
    ) -> None:
        loop, transports = asyncio.get_running_loop(), self._transports
        for interface in interfaces:
            host = interface.address
            try:
                port = await listen(sockets, host, watch)
            except OSError as error:
                text = refusal("TCP", host, error)
                transports.local_address_failed(name, host, text, loop.time())
            else:
                found(name, interface, port.local, loop.time())
        transports.local_addresses_done(name, loop.time())
        self._flush()

    def look_up(self, name: str, server: Server, hosts: list[str], sockets: SocketSet) -> None:
        """Find the server, and ask it from ``hosts`` for what it has to give."""
        work = self._resolve(name, server, hosts, sockets)
        self._start(name, work, f"look up {server.url.host}")

    async def _resolve(
        self, name: str, server: Server, hosts: list[str], sockets: SocketSet
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
        server: Server,
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
        text = next((each for each in texts if each), "")
        now = asyncio.get_running_loop().time()
        self._transports.turn_streams_done(name, server.url.url, text, now)

    async def _open(
        self, name: str, server: Server, host: str, remote: Address, sockets: SocketSet
    ) -> str:
        """Have one stream; what went wrong, or nothing."""
        loop, url = asyncio.get_running_loop(), server.url
        try:
            stream = await self._reach(name, url, url.host, host, remote, sockets)
        except OSError as error:
            return str(error)
        config = server.entry.turn_config(url.relay_protocol)
        self._transports.add_turn_stream(name, url.url, stream.local, remote, config, loop.time())
        self._flush()
        return ""

    def open_stream(self, wanted: StreamRequested, sockets: SocketSet) -> None:
        """Have a stream to a TURN server in place of one that broke, or led to another server."""
        work = self._serve(wanted, sockets)
        self._start(wanted.transport, work, f"connect {wanted.request.url}")

    def close_stream(self, released: StreamReleased, sockets: SocketSet) -> None:
        """Close a stream to a TURN server that no relay needs, in another turn of the loop."""
        stream = sockets.stream_between(released.stream.local, released.stream.server)
        if stream is not None:
            stream.give_up_soon(_SPENT)

    async def _serve(self, wanted: StreamRequested, sockets: SocketSet) -> None:
        loop, transports, name = asyncio.get_running_loop(), self._transports, wanted.transport
        request = wanted.request
        url = ServerUrl.parse(request.url)
        server_name = request.domain or url.host
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
        return Tls(server_name, self._tls_context)

    async def _reach(
        self,
        name: str,
        url: ServerUrl,
        server_name: str,
        host: str,
        remote: Address,
        sockets: SocketSet,
    ) -> RelayStream:
        """A stream: one from before, if a relay lives on it and the server answers; else a new one.

        Raises:
            OSError: There is none; the text says why.
        """
        tls = self._tls(url, server_name)
        known = sockets.stream(host, remote, tls)
        if known is not None:
            if not self._transports.has_relay(name, known.local, remote):
                known.give_up(_SPENT)
            elif known.is_silent(asyncio.get_running_loop().time()):
                known.give_up(UNANSWERED)
            else:
                return known
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
        self._transports.turn_stream_lost(name, stream.local, stream.end, now)
        self._flush()


def refusal(kind: str, host: str, error: OSError) -> str:
    """What is said of a socket that could not be opened."""
    return f"no {kind} socket on {host}: {error.strerror or error}"
