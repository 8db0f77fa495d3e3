"""A real network whose paths can be cut for a while."""

from collections.abc import Callable, Sequence
from functools import partial

from frazil.aio.network import DatagramHandler, Interface, Network, UdpSocket
from frazil.types import Address, Datagram, Transmit


class BlockableNetwork(Network):
    """Another network, on which :meth:`block` stops every datagram until :meth:`heal`.

    It shows a program what happens when the path to its peer dies, and that it recovers, on real
    sockets and in real time::

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
        self._is_blocked = False

    @property
    def is_blocked(self) -> bool:
        """Whether datagrams are being stopped."""
        return self._is_blocked

    def block(self) -> None:
        """Lose every datagram from now on, in both directions, as a dead path would."""
        self._is_blocked = True

    def heal(self) -> None:
        """Let datagrams pass again. Those that were stopped stay lost."""
        self._is_blocked = False

    def interfaces(self) -> list[Interface]:
        """The addresses of the inner network that are to be shown."""
        return list(filter(self._only, self._inner.interfaces()))

    def open_udp(self, host: str, port: int, on_datagrams: DatagramHandler) -> UdpSocket:
        """Bind a UDP socket on the inner network; see :class:`frazil.aio.Network`."""
        inner = self._inner.open_udp(host, port, partial(self._arrive, on_datagrams))
        return _BlockableUdpSocket(self, inner)

    async def resolve(self, host: str, port: int) -> list[Address]:
        """The addresses of ``host`` on the inner network, blocked or not."""
        return await self._inner.resolve(host, port)

    def random_bytes(self, n: int) -> bytes:
        """``n`` bytes from the inner network."""
        return self._inner.random_bytes(n)

    def _arrive(self, on_datagrams: DatagramHandler, batch: list[Datagram]) -> None:
        if self._is_blocked:
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

    def send(self, transmits: Sequence[Transmit]) -> None:
        if self._network.is_blocked:
            self._network.lost += sum(map(_count, transmits))
        else:
            self._inner.send(transmits)

    def close(self) -> None:
        self._inner.close()


def _count(transmit: Transmit) -> int:
    return len(transmit.datagrams())
