"""The driver's half of gathering: sockets on the interfaces, addresses of the servers."""

import asyncio
from collections.abc import Callable, Iterator

from frazil.aio.network import Network, usable
from frazil.aio.socket_set import SocketSet
from frazil.peer.configuration import IceTransportPolicy
from frazil.peer.event import GatheringRequested
from frazil.peer.ice_server import ServerUrl
from frazil.peer.transport_set import TransportSet


class GatheringDriver:
    """Gives transports their local addresses and servers when they ask for them."""

    __slots__ = ("_ended", "_flush", "_include_loopback", "_network", "_tasks", "_transports")

    def __init__(
        self,
        transports: TransportSet,
        network: Network,
        flush: Callable[[], None],
        *,
        include_loopback: bool,
    ) -> None:
        self._transports = transports
        self._network = network
        self._flush = flush
        self._include_loopback = include_loopback
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: asyncio.Future[None] | None = None

    def begin(self, request: GatheringRequested, sockets: SocketSet, now: float) -> None:
        """Open sockets on every usable address and look the servers up, all at once.

        Under the policy ``relay`` no address of this host may be told, so there is nothing to open.
        """
        name, transports = request.transport, self._transports
        hosts = [] if request.policy is IceTransportPolicy.RELAY else self._hosts()
        for address in sockets.close_all_but(hosts):
            transports.remove_local_address(name, address, now)
        for server in _stun_servers(request) if hosts else ():
            transports.expect_stun_server(name, server.url)
            self._look_up(name, server)
        for host in hosts:
            try:
                socket = sockets.open(host)
            except OSError:
                continue  # the address went away, or refuses: others may serve
            transports.add_local_address(name, socket.local, now)
        transports.local_addresses_done(name, now)

    def _hosts(self) -> list[str]:
        try:
            interfaces = self._network.interfaces()
        except OSError:
            return []  # as on a host without a network: gathering ends, and without a candidate
        found = usable(interfaces, include_loopback=self._include_loopback)
        return [interface.address for interface in found]

    def _look_up(self, name: str, server: ServerUrl) -> None:
        task = asyncio.get_running_loop().create_task(
            self._resolve(name, server), name=f"look up {server.host}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._ended is not None and not self._tasks:
            self._ended.set_result(None)

    async def _resolve(self, name: str, server: ServerUrl) -> None:
        loop = asyncio.get_running_loop()
        try:
            addresses = await self._network.resolve(server.host, server.port)
        except OSError as error:
            text = f"{server.host} cannot be resolved: {error}"
            self._transports.stun_server_failed(name, server.url, text, loop.time())
        else:
            self._transports.add_stun_server(name, server.url, addresses, loop.time())
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


def _stun_servers(request: GatheringRequested) -> Iterator[ServerUrl]:
    seen = set()
    for server in request.servers:
        for url in server.urls:
            if url.scheme == "stun" and url.url not in seen:
                seen.add(url.url)
                yield url
