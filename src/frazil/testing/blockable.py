"""A real network whose paths can be cut for a while."""

import asyncio
from collections.abc import Callable
from functools import partial

from frazil.aio.network import (
    AcceptHandler,
    DatagramHandler,
    Interface,
    InterfaceWatch,
    Network,
    StreamHandlers,
    StreamListener,
    Tls,
    UdpSocket,
)
from frazil.testing.blockable_stream import BlockableStream
from frazil.types import Address, Datagram, Transmit


class BlockableNetwork(Network):
    """Another network, on which :meth:`block` stops everything until :meth:`heal`.

    Datagrams are lost meanwhile; streams stand still, and so do attempts to open one.

    It shows a program what happens when the path to its peer dies, and that it recovers, on real
    sockets and in real time::

        from frazil import SystemNetwork

        network = BlockableNetwork(SystemNetwork())
        pc = RTCPeerConnection(network=network)
        ...
        network.block()
        await asyncio.sleep(6)  # connectionState is "disconnected" by now
        network.heal()  # and soon "connected" again

    For tests of your own, :class:`frazil.testing.VirtualNetwork` does more, faster.

    Args:
        inner: The network that really opens sockets and resolves names.
        only: Which of its addresses to show; all, unless told.

    Attributes:
        lost: How many datagrams were stopped, whichever way they went.
    """

    def __init__(self, inner: Network, *, only: Callable[[Interface], bool] | None = None) -> None:
        self.lost = 0
        self._inner = inner
        self._only = only
        self._streams: set[BlockableStream] = set()
        self._is_open = asyncio.Event()
        self._is_open.set()

    @property
    def is_blocked(self) -> bool:
        """Whether everything is being stopped."""
        return not self._is_open.is_set()

    def block(self) -> None:
        """Let nothing pass from now on, in either direction, as on a dead path."""
        self._is_open.clear()

    def heal(self) -> None:
        """Let everything pass again. Datagrams that were stopped stay lost, streams go on."""
        self._is_open.set()
        for stream in tuple(self._streams):
            stream.go_on()

    def interfaces(self) -> list[Interface]:
        """The addresses of the inner network that are to be shown."""
        return list(filter(self._only, self._inner.interfaces()))

    def source_address(self, remote: str) -> str:
        """The address from which this host writes to ``remote``, blocked or not."""
        return self._inner.source_address(remote)

    def default_sources(self) -> set[str]:
        """The addresses on the default routes of this host, blocked or not."""
        return self._inner.default_sources()

    def watch_interfaces(self, on_change: Callable[[], None]) -> InterfaceWatch:
        """Watch the addresses of the inner network; see :class:`frazil.aio.Network`."""
        return self._inner.watch_interfaces(on_change)

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> UdpSocket:
        """Bind a UDP socket on the inner network; see :class:`frazil.aio.Network`."""
        inner = self._inner.open_udp(host, port, partial(self._arrive, on_datagrams))
        return _BlockableUdpSocket(self, inner)

    def open_multicast(self, host: str, group: Address, on_datagrams: DatagramHandler) -> UdpSocket:
        """Join a group on the inner network; see :class:`frazil.aio.Network`."""
        inner = self._inner.open_multicast(host, group, partial(self._arrive, on_datagrams))
        return _BlockableUdpSocket(self, inner)

    async def connect_tcp(
        self,
        remote: Address,
        handlers: StreamHandlers,
        *,
        local: str | None = None,
        tls: Tls | None = None,
    ) -> BlockableStream:
        """Open a stream on the inner network, as soon as nothing is blocked.

        Raises:
            OSError: It did not come about; see :class:`frazil.aio.Network`.
        """
        await self._is_open.wait()
        stream = self._new_stream()
        wrapped = stream.around(handlers)
        try:
            inner = await self._inner.connect_tcp(remote, wrapped, local=local, tls=tls)
        except BaseException:
            self._streams.discard(stream)
            raise
        stream.adopt(inner)
        return stream

    async def listen_tcp(self, host: str, port: int, accept: AcceptHandler) -> StreamListener:
        """Bind a TCP port on the inner network; see :class:`frazil.aio.Network`."""
        return await self._inner.listen_tcp(
            host, port, lambda inner: self._new_stream().accept(accept, inner)
        )

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of ``host`` on the inner network, blocked or not."""
        return await self._inner.resolve(host, port)

    def random_bytes(self, n: int) -> bytes:
        """``n`` bytes from the inner network."""
        return self._inner.random_bytes(n)

    def _new_stream(self) -> BlockableStream:
        stream = BlockableStream(lambda: self.is_blocked, self._streams.discard)
        self._streams.add(stream)
        return stream

    def _arrive(self, on_datagrams: DatagramHandler, batch: list[Datagram]) -> None:
        if self.is_blocked:
            self.lost += len(batch)
        else:
            on_datagrams(batch)


class _BlockableUdpSocket:
    __slots__ = ("_inner", "_network")

    def __init__(self, network: BlockableNetwork, inner: UdpSocket) -> None:
        self._network = network
        self._inner = inner

    @property
    def local(self) -> Address:
        return self._inner.local

    @property
    def dropped(self) -> int:
        return self._inner.dropped

    def expect(self, ufrag: str) -> None:
        self._inner.expect(ufrag)

    def send(self, transmits: list[Transmit]) -> None:
        if self._network.is_blocked:
            self._network.lost += sum(map(_count, transmits))
        else:
            self._inner.send(transmits)

    def close(self) -> None:
        self._inner.close()


def _count(transmit: Transmit) -> int:
    return len(transmit.datagrams())
