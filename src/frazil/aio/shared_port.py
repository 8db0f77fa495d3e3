"""All connections of a server on one UDP port."""

import asyncio
import errno
from collections.abc import Callable
from types import TracebackType
from typing import Self

from frazil.address import canonical_ip
from frazil.aio.demultiplexer import Demultiplexer, SharedUdpSocket
from frazil.aio.network import (
    AcceptHandler,
    DatagramHandler,
    Interface,
    InterfaceWatch,
    Network,
    Stream,
    StreamHandlers,
    StreamListener,
    Tls,
    UdpSocket,
)
from frazil.aio.system import SystemNetwork
from frazil.types import Address


class SharedPort(Network):
    """A network on which any number of connections share one UDP port of each local address.

    For servers behind a firewall that opens one port, or with more connections than sockets::

        async with SharedPort(40000) as network:
            pc = RTCPeerConnection(network=network)
            ...  # and as many others

    The connections are told apart by the ufrag in the checks of their peers, and what is no check
    by where it comes from. So each peer needs an address of its own: connections between the same
    two ports hear each other's data and drop it, and of those that begin at the same time only
    :data:`~frazil.aio.claim.MAX_CLAIMANTS` hear any before they send some. For the same reason only
    one of the connections gets a relay of a TURN server over UDP; over TCP and TLS each does.

    The port is bound when the first connection gathers. If another program has it, nothing is
    raised: connections have no UDP candidates, and ``icecandidateerror`` with an empty ``url``
    tells.

    The event loop that uses it first has it until it is closed; then another one may.

    Args:
        port: The port; 0 takes a free one on each address.
        network: Where the sockets are opened; this machine's own network unless told.

    Raises:
        TypeError: The port is no number.
        ValueError: There is no such port.
    """

    def __init__(self, port: int, *, network: Network | None = None) -> None:
        if not isinstance(port, int):
            raise TypeError(f"a port is an int, not {port!r}")
        if not 0 <= port <= 65_535:
            raise ValueError(f"{port} is no port")
        self._port = port
        self._network = network or SystemNetwork()
        self._sockets: dict[str, Demultiplexer] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unclaimed = 0  # on sockets that are closed
        self._is_closed = False

    @property
    def unclaimed(self) -> int:
        """How many datagrams came that were for no connection."""
        return self._unclaimed + sum(each.unclaimed for each in self._sockets.values())

    def close(self) -> None:
        """Give the port back. Connections that are left hear and say nothing any more."""
        self._is_closed = True
        self._close_sockets()

    def _close_sockets(self) -> None:
        self._unclaimed = self.unclaimed
        for shared in self._sockets.values():
            shared.socket.close()
        self._sockets.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> SharedUdpSocket:
        """A view of the shared socket on one address, which is bound with the first of them.

        Raises:
            OSError: The address is not there, or refuses; the port is another one; it was given
                back; or another event loop has it.
            ValueError: ``host`` is not an IP literal.
        """
        if self._is_closed:
            raise OSError(errno.EBADF, "the shared port is closed")
        if port not in (0, self._port):
            raise OSError(errno.EADDRINUSE, f"everything is on port {self._port}, not {port}")
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_to(loop)
        address = canonical_ip(host)
        shared = self._sockets.get(address)
        if shared is None:
            shared = Demultiplexer()
            shared.bind(self._network, address, self._port)
            self._sockets[address] = shared
        return SharedUdpSocket(shared, on_datagrams)

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Bind anew in ``loop``: nobody hears what comes to the sockets of a closed one.

        Raises:
            OSError: The other loop may go on.
        """
        if self._loop is not None and not self._loop.is_closed():
            raise OSError(errno.EBUSY, "another event loop has the shared port")
        self._close_sockets()
        self._loop = loop

    def interfaces(self) -> list[Interface]:
        """Those of the network below."""
        return self._network.interfaces()

    def watch_interfaces(self, on_change: Callable[[], None]) -> InterfaceWatch:
        """Watch those of the network below; see :class:`frazil.aio.Network`."""
        return self._network.watch_interfaces(on_change)

    def source_address(self, remote: str) -> str:
        """As the network below has it."""
        return self._network.source_address(remote)

    def default_sources(self) -> set[str]:
        """As the network below has them."""
        return self._network.default_sources()

    def open_multicast(self, host: str, group: Address, on_datagrams: DatagramHandler) -> UdpSocket:
        """Join a group on the network below; see :class:`frazil.aio.Network`."""
        return self._network.open_multicast(host, group, on_datagrams)

    async def connect_tcp(
        self,
        remote: Address,
        handlers: StreamHandlers,
        *,
        local: str | None = None,
        tls: Tls | None = None,
    ) -> Stream:
        """Open a stream on the network below; see :class:`frazil.aio.Network`."""
        return await self._network.connect_tcp(remote, handlers, local=local, tls=tls)

    async def listen_tcp(self, host: str, port: int, accept: AcceptHandler) -> StreamListener:
        """Bind a TCP port on the network below; see :class:`frazil.aio.Network`."""
        return await self._network.listen_tcp(host, port, accept)

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of ``host`` on the network below."""
        return await self._network.resolve(host, port)

    def random_bytes(self, n: int) -> bytes:
        """``n`` bytes from the network below."""
        return self._network.random_bytes(n)
