"""Real UDP sockets, driven directly.

asyncio's own datagram transport costs 15 to 20 µs and one turn of the loop per datagram. Here the
loop only tells that a socket is readable; then it is drained and the whole batch handed over.
"""

import asyncio
import socket
import sys
from typing import Final

from frazil.address import canonical_ip
from frazil.aio.network import DatagramHandler, UdpSocket
from frazil.aio.receiver import Receiver
from frazil.aio.receiving_task import receive
from frazil.aio.transmitter import Transmitter
from frazil.types import Address, Datagram, Transmit

KERNEL_BUFFER_SIZE: Final = 4 * 1024 * 1024
"""Bytes asked for each way. Usual defaults hold 90 full datagrams: a millisecond of a fast link."""
_MULTICAST_TTL: Final = 255
"""As RFC 6762 11 wants it; the groups in question never leave a link."""
_IP_MULTICAST_ALL: Final = 49
"""A constant of Linux that Python does not name."""

_MTU_DISCOVER: Final = {
    socket.AF_INET: (socket.IPPROTO_IP, 10),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 23),
}
"""Linux: IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, which Python does not name."""
_PMTUDISC_PROBE: Final = 3
"""Linux: set "don't fragment", and believe no earlier report of a router."""


def open_udp(
    loop: asyncio.AbstractEventLoop,
    host: str,
    port: int,
    on_datagrams: DatagramHandler,
    *,
    offload: bool = True,
) -> UdpSocket:
    """Bind a UDP socket; see :meth:`frazil.aio.network.Network.open_udp`.

    Args:
        loop: The loop that will call ``on_datagrams``.
        host: An IP literal.
        port: 0 takes any free port.
        on_datagrams: Gets every batch.
        offload: Use UDP GSO and GRO where the kernel has them.
    """
    return _watch(loop, _bind(canonical_ip(host), port), on_datagrams, offload=offload)


def open_multicast(
    loop: asyncio.AbstractEventLoop, host: str, group: Address, on_datagrams: DatagramHandler
) -> UdpSocket:
    """Join a multicast group; see :meth:`frazil.aio.network.Network.open_multicast`."""
    return _watch(loop, _join(canonical_ip(host), group), on_datagrams, offload=False)


def _watch(
    loop: asyncio.AbstractEventLoop,
    sock: socket.socket,
    on_datagrams: DatagramHandler,
    *,
    offload: bool,
) -> UdpSocket:
    try:
        try:
            return WatchedUdpSocket(loop, sock, on_datagrams, offload=offload)
        except NotImplementedError:  # Windows' proactor loop cannot watch sockets
            return AwaitedUdpSocket(loop, sock, on_datagrams, offload=offload)
    except BaseException:
        sock.close()
        raise


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            try:  # noqa: SIM105 - a context manager costs more than the call
                sock.setsockopt(socket.SOL_SOCKET, option, KERNEL_BUFFER_SIZE)
            except OSError:  # some systems refuse what exceeds their maximum
                pass
        sock.bind((host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _join(host: str, group: Address) -> socket.socket:
    """A member of an IPv4 group, which shares the port with every other program on this host."""
    link = socket.inet_aton(host)
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Bound to the group, a socket gets nothing else; Windows cannot bind to a group.
        sock.bind(("" if sys.platform == "win32" else group[0], group[1]))
        sock.setsockopt(
            socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group[0]) + link
        )
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, link)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _MULTICAST_TTL)
        if sys.platform == "linux":  # else it gets what comes on links that other sockets joined
            sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    except BaseException:
        sock.close()
        raise
    return sock


class _BoundSocket:
    """What both kinds share: everything but how they learn of arrivals."""

    __slots__ = ("_closed", "_loop", "_on_datagrams", "_receiver", "_sock", "_transmitter", "local")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_datagrams: DatagramHandler,
        *,
        segment: bool,
        coalesce: bool,
    ) -> None:
        host, port = sock.getsockname()[:2]
        self.local: Address = (canonical_ip(host), port)
        self._loop = loop
        self._sock = sock
        self._on_datagrams = on_datagrams
        self._receiver = Receiver(sock, self.local, coalesce=coalesce)
        self._transmitter = Transmitter(loop, sock, segment=segment)
        self._closed = False

    @property
    def dropped(self) -> int:
        """How many datagrams were given to :meth:`send` and never left this host."""
        return self._transmitter.dropped

    def expect(self, ufrag: str) -> None:
        """Everything that comes here is for the owner."""

    def send(self, transmits: list[Transmit]) -> None:
        """Send, queue or lose every datagram; see :class:`frazil.aio.network.UdpSocket`."""
        self._transmitter.send(transmits)

    def serve(self, connections: int) -> None:
        """Read as much at one wake-up as so many connections need.

        See :class:`frazil.aio.network.PooledSocket`.
        """
        self._receiver.serve(connections)

    def forbid_fragments(self) -> bool:
        """Lose what does not fit a link instead of sending it in pieces (RFC 4821 7).

        Returns:
            Whether this system can, and does from now on.
        """
        if sys.platform != "linux":
            return False
        level, option = _MTU_DISCOVER[self._sock.family]
        self._sock.setsockopt(level, option, _PMTUDISC_PROBE)
        return True


class WatchedUdpSocket(_BoundSocket):
    """A socket that the loop watches (``add_reader``) and that is drained in one go."""

    __slots__ = ()

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_datagrams: DatagramHandler,
        *,
        offload: bool,
    ) -> None:
        # First: it tells whether the loop can. By number, because to look for a socket that it does
        # not watch yet the loop has it described, for an error that nobody sees.
        loop.add_reader(sock.fileno(), self._on_readable)
        super().__init__(loop, sock, on_datagrams, segment=offload, coalesce=offload)

    def close(self) -> None:
        """Close. No datagram is handed over any more. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock.fileno())
        self._transmitter.close()
        self._sock.close()

    def _on_readable(self) -> None:
        receiver = self._receiver
        batch = receiver.drain()
        if batch:
            self._on_datagrams(batch)
        if not receiver.is_done and not self._closed:
            batch = receiver.drain()
            if batch:
                self._on_datagrams(batch)


class AwaitedUdpSocket(_BoundSocket):
    """A socket for loops that cannot watch one: a task awaits a datagram, then drains the rest.

    The port is free again a turn of the loop after :meth:`close`.
    """

    __slots__ = ("_task",)

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        on_datagrams: DatagramHandler,
        *,
        offload: bool,
    ) -> None:
        # The loop's own reads could not tell where a coalesced run has to be cut.
        super().__init__(loop, sock, on_datagrams, segment=offload, coalesce=False)
        receiving = receive(loop, sock, self._receiver, self._hand_over)
        self._task = loop.create_task(receiving, name=f"frazil UDP {self.local}")
        # Not before the loop has let go of the file descriptor, whose number is soon another's.
        self._task.add_done_callback(lambda _: sock.close())

    def close(self) -> None:
        """Close. No datagram is handed over any more. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._transmitter.close()
        if self._loop.is_closed():  # and uses the file descriptor no more
            self._sock.close()
        else:
            self._task.cancel()

    def _hand_over(self, batch: list[Datagram]) -> None:
        try:
            self._on_datagrams(batch)
        except Exception as error:
            # As if the loop had called the handler itself: reported, and the socket lives on.
            context = {"message": f"Exception in {self._on_datagrams!r}", "exception": error}
            self._loop.call_exception_handler(context)
