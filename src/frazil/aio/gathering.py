"""The driver's half of gathering: sockets on the interfaces, addresses of the servers."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from frazil.aio.network import Network, usable
from frazil.aio.socket_set import SocketSet
from frazil.peer.configuration import IceTransportPolicy
from frazil.peer.event import GatheringRequested
from frazil.peer.ice_server import IceServer, ServerUrl
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

        Under the policy ``relay`` only TURN servers learn of the addresses of this host; without
        such a server there is nothing to open.
        """
        name, transports = request.transport, self._transports
        hidden = request.policy is IceTransportPolicy.RELAY
        servers = _servers(request)
        if hidden:
            servers = [each for each in servers if each.is_turn]
        hosts = self._hosts() if servers or not hidden else []
        for address in sockets.close_all_but(hosts):
            transports.remove_local_address(name, address, now)
        for server in servers if hosts else ():
            transports.expect_server(name, server.url.url)
            self._look_up(name, server)
        for host in hosts:
            try:
                socket = sockets.open(host)
            except OSError:
                continue  # the address went away, or refuses: others may serve
            transports.add_local_address(name, socket.local, now, hidden=hidden)
        transports.local_addresses_done(name, now)

    def _hosts(self) -> list[str]:
        try:
            interfaces = self._network.interfaces()
        except OSError:
            return []  # as on a host without a network: gathering ends, and without a candidate
        found = usable(interfaces, include_loopback=self._include_loopback)
        return [interface.address for interface in found]

    def _look_up(self, name: str, server: "_Server") -> None:
        task = asyncio.get_running_loop().create_task(
            self._resolve(name, server), name=f"look up {server.url.host}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._ended is not None and not self._tasks:
            self._ended.set_result(None)

    async def _resolve(self, name: str, server: "_Server") -> None:
        loop, transports, url = asyncio.get_running_loop(), self._transports, server.url
        try:
            addresses = await self._network.resolve(url.host, url.port)
        except OSError as error:
            text = f"{url.host} cannot be resolved: {error}"
            transports.server_failed(name, url.url, text, loop.time())
        else:
            if server.is_turn:
                config = server.entry.turn_config()
                transports.add_turn_server(name, url.url, addresses, config, loop.time())
            else:
                transports.add_stun_server(name, url.url, addresses, loop.time())
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

    @property
    def is_turn(self) -> bool:
        """Whether it relays."""
        return self.url.scheme == "turn"


def _servers(request: GatheringRequested) -> list[_Server]:
    """The servers to ask, each URL once."""
    found: dict[str, _Server] = {}
    for entry in request.servers:
        for url in entry.urls:
            found.setdefault(url.url, _Server(url, entry))
    return list(found.values())
