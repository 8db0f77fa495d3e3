"""The UDP sockets of one transport."""

from collections.abc import Collection, Sequence

from frazil.aio.network import DatagramHandler, Network, UdpSocket
from frazil.types import Address, Transmit


class SocketSet:
    """One socket for each local address.

    They outlive an ICE restart, so that the old path keeps working until the new one is agreed.
    """

    __slots__ = ("_by_address", "_network", "_on_datagrams")

    def __init__(self, network: Network, on_datagrams: DatagramHandler) -> None:
        self._network = network
        self._on_datagrams = on_datagrams
        self._by_address: dict[Address, UdpSocket] = {}

    def open(self, host: str) -> UdpSocket:
        """The socket on the local address ``host``, opened if there is none.

        Raises:
            OSError: The address refuses.
        """
        for socket in self._by_address.values():
            if socket.local[0] == host:
                return socket
        socket = self._network.open_udp(host, 0, self._on_datagrams)
        self._by_address[socket.local] = socket
        return socket

    def close_all_but(self, hosts: Collection[str]) -> list[Address]:
        """Close the sockets on other addresses than ``hosts``; returns what they were bound to."""
        gone = [address for address in self._by_address if address[0] not in hosts]
        for address in gone:
            self._by_address.pop(address).close()
        return gone

    def send(self, transmits: Sequence[Transmit]) -> None:
        """Send each run from its own socket; those of one socket go in one call."""
        start = 0
        for end in range(1, len(transmits) + 1):
            local = transmits[start].local
            if end == len(transmits) or transmits[end].local != local:
                socket = self._by_address.get(local)
                if socket is not None:
                    socket.send(transmits[start:end])
                start = end
