"""A TURN server on the virtual network."""

import asyncio

from frazil.aio.network import UdpSocket
from frazil.testing.host import VirtualHost
from frazil.testing.turn_service import TurnService
from frazil.types import Address, Datagram


class TurnServer:
    """Relays over UDP for whoever knows a password (RFC 8656).

    Made by :meth:`frazil.testing.VirtualNetwork.turn_server`.

    Attributes:
        host: The host it runs on; it relays from every address family of its interfaces.
        service: What it knows and counts, and how to make it misbehave.
    """

    def __init__(self, host: VirtualHost, port: int, user: str, password: str) -> None:
        self.host = host
        own = host.interfaces()[0].address
        self._socket = host.open_udp(own, port, self._on_datagrams)
        self._relays: dict[Address, UdpSocket] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.service = TurnService(
            self._socket.local,
            {user: password},
            host.random_bytes,
            self._open_relay,
            self._close_relay,
        )

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._socket.local

    def close(self) -> None:
        """Stop for good. Idempotent."""
        self.service.forget_allocations()
        if self._timer is not None:
            self._timer.cancel()
        self._socket.close()

    def _open_relay(self, is_ipv6: bool) -> Address | None:
        for interface in self.host.interfaces():
            if (":" in interface.address) == is_ipv6:
                relay = self.host.open_udp(interface.address, 0, self._on_peer_datagrams)
                self._relays[relay.local] = relay
                return relay.local
        return None

    def _close_relay(self, relayed: Address) -> None:
        self._relays.pop(relayed).close()

    def _on_datagrams(self, batch: list[Datagram]) -> None:
        now = asyncio.get_running_loop().time()
        for datagram in batch:
            self.service.receive(datagram.data, datagram.remote, now)
            self._flush()  # the next request may close the relay that sends
        self._wait()

    def _on_peer_datagrams(self, batch: list[Datagram]) -> None:
        now = asyncio.get_running_loop().time()
        for each in batch:
            self.service.receive_from_peer(each.data, each.local, each.remote, now)
        self._flush()

    def _flush(self) -> None:
        for transmit in self.service.poll_transmits():
            socket = self._relays.get(transmit.local, self._socket)
            socket.send([transmit])

    def _wait(self) -> None:
        """Have the timer ring when the first allocation expires; it may ring before, too."""
        at = self.service.next_timeout()
        if at is not None and (self._timer is None or at < self._timer.when()):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_at(at, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.service.handle_timeout(asyncio.get_running_loop().time())
        self._wait()
