"""The UDP sockets of one transport."""

import errno
from collections.abc import Collection
from functools import partial
from typing import Final

from frazil.aio.demultiplexer import MAX_UFRAGS
from frazil.aio.network import DatagramHandler, Network, Tls, UdpSocket
from frazil.aio.packet_stream import StreamWatch
from frazil.aio.port_range import PortRange
from frazil.aio.relay_stream import RelayStream
from frazil.aio.tcp_port import ActivePort, PassivePort
from frazil.types import Address, Transmit

_STREAMS: Final = (RelayStream, ActivePort, PassivePort)


class SocketSet:
    """One UDP socket for each local address, TCP candidates, and streams to TURN servers.

    They outlive an ICE restart, so that the old path keeps working until the new one is agreed.
    What takes its time to open is opened by :mod:`frazil.aio.stream_opening`.

    Attributes:
        network: Where they are opened.
        ports: Which ports they may have.
        on_datagrams: Gets what they receive.
    """

    __slots__ = (
        "_by_address",
        "_in_use",
        "_is_closed",
        "_local_in_use",
        "_ufrags",
        "network",
        "on_datagrams",
        "ports",
    )

    def __init__(
        self, network: Network, on_datagrams: DatagramHandler, ports: range | None = None
    ) -> None:
        self.network = network
        self.ports = PortRange(ports, network.random_bytes)
        self.on_datagrams = on_datagrams
        self._by_address: dict[Address, UdpSocket] = {}
        self._in_use: UdpSocket | None = None  # what was sent from last; mostly it is next as well
        self._local_in_use: Address | None = None
        self._is_closed = False
        self._ufrags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is open."""
        return not self._by_address

    def open(self, host: str) -> UdpSocket:
        """The socket on the local address ``host``, opened if there is none.

        Raises:
            OSError: The address refuses, or no port of the range is free.
        """
        for socket in self._by_address.values():
            if socket.local[0] == host and not isinstance(socket, _STREAMS):
                return socket
        socket = self.ports.bind(partial(self._open_at, host))
        self._by_address[socket.local] = socket
        for ufrag in self._ufrags:
            socket.expect(ufrag)
        return socket

    def expect(self, ufrag: str) -> None:
        """Checks for this ufrag will come to every socket."""
        self._ufrags = (*self._ufrags, ufrag)[-MAX_UFRAGS:]
        for socket in self._by_address.values():
            socket.expect(ufrag)

    def _open_at(self, host: str, port: int) -> UdpSocket:
        socket = self.network.open_udp(host, port, self.on_datagrams)
        if socket.local in self._by_address:
            socket.close()
            raise OSError(errno.EADDRINUSE, "a stream to a TURN server has the same port")
        return socket

    def active(self, host: str, watch: StreamWatch) -> ActivePort:
        """The active TCP candidate on the local address ``host``, made if there is none."""
        for socket in self._by_address.values():
            if socket.local[0] == host and isinstance(socket, ActivePort):
                return socket
        port = ActivePort(self.network, host, self.on_datagrams, watch)
        self._by_address[port.local] = port
        return port

    def passive(self, host: str) -> PassivePort | None:
        """The passive TCP candidate on the local address ``host``."""
        for socket in self._by_address.values():
            if socket.local[0] == host and isinstance(socket, PassivePort):
                return socket
        return None

    def stream(self, host: str, remote: Address, tls: Tls | None) -> RelayStream | None:
        """The stream from the address ``host`` to ``remote`` that is secured like this."""
        wanted = (host, remote, tls)
        for socket in self._by_address.values():
            if isinstance(socket, RelayStream) and wanted == (
                socket.local[0],
                socket.remote,
                socket.tls,
            ):
                return socket
        return None

    def take(self, socket: UdpSocket) -> bool:
        """Have what was opened elsewhere among the rest, unless one of them has the same address.

        TCP and UDP have ports of their own, and may both hand out the same number.

        Returns:
            Whether it is one of the set now.

        Raises:
            ConnectionAbortedError: The set was closed meanwhile.
        """
        if self._is_closed:
            raise ConnectionAbortedError("the transport is gone")
        return self._by_address.setdefault(socket.local, socket) is socket

    def stream_between(self, local: Address, remote: Address) -> RelayStream | None:
        """The stream that leads from ``local`` to the TURN server at ``remote``."""
        socket = self._by_address.get(local)
        if isinstance(socket, RelayStream) and socket.remote == remote:
            return socket
        return None

    def remove(self, stream: RelayStream) -> bool:
        """Forget a stream that has ended; whether it was one of the set."""
        if self._by_address.get(stream.local) is not stream:
            return False
        del self._by_address[stream.local]
        self._in_use = None
        return True

    def close_all_but(self, hosts: Collection[str]) -> list[Address]:
        """Close the sockets on other addresses than ``hosts``; returns what they were bound to."""
        gone = [address for address in self._by_address if address[0] not in hosts]
        for address in gone:
            self._by_address.pop(address).close()
        self._in_use = None
        return gone

    def close(self) -> None:
        """Close everything, and open nothing any more."""
        self._is_closed = True
        self.close_all_but(())

    def send(self, transmits: list[Transmit]) -> None:
        """Send each run from its own socket; those of one socket go in one call."""
        start, count = 0, len(transmits)
        if count == 1:
            self._send(transmits, transmits[0].local)
            return
        while start < count:
            local = transmits[start].local
            end = start + 1
            while end < count and transmits[end].local == local:
                end += 1
            self._send(transmits[start:end], local)
            start = end

    def _send(self, transmits: list[Transmit], local: Address) -> None:
        socket = self._in_use
        if socket is None or local != self._local_in_use:
            socket = self._in_use = self._by_address.get(local)
            self._local_in_use = local
        if socket is not None:
            socket.send(transmits)
