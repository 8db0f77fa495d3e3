"""Multicast DNS on one link of this host: a socket, a timer, and those who wait for names."""

import asyncio
from collections.abc import Callable

from frazil.aio.network import Network
from frazil.mdns import MDNS_GROUP, MdnsEndpoint
from frazil.trace import Trace
from frazil.types import Datagram, Transmit


class MdnsLink:
    """Runs an :class:`MdnsEndpoint` on the link of one address.

    Args:
        network: Where the group is joined.
        host: An address of this host.
        on_ended: Gets each look-up that ended: the name, and its address or ``None``.

    Raises:
        OSError: The link has no multicast.
    """

    __slots__ = ("_endpoint", "_loop", "_on_ended", "_socket", "_timer", "host")

    def __init__(
        self, network: Network, host: str, on_ended: Callable[["MdnsLink", str, str | None], None]
    ) -> None:
        self.host = host
        self._loop = asyncio.get_running_loop()
        self._endpoint = MdnsEndpoint(Trace())
        self._on_ended = on_ended
        self._timer: asyncio.TimerHandle | None = None
        self._socket = network.open_multicast(host, MDNS_GROUP, self._receive)

    def look_up(self, name: str) -> None:
        """Look ``name`` up on this link, and tell how that ended, never from within this call.

        Raises:
            ValueError: There are too many others.
        """
        now = self._loop.time()
        self._endpoint.look_up(name, now)
        self._set_timer(now)  # sends the question, in a turn of its own

    def cancel(self, name: str) -> None:
        """Nobody wants to know ``name`` any more."""
        self._endpoint.cancel(name)

    def publish(self, name: str, address: str) -> None:
        """Answer for ``name`` on this link.

        Raises:
            ValueError: There are too many names already.
        """
        self._endpoint.publish(name, address)

    def withdraw(self, name: str) -> None:
        """Answer for ``name`` no more."""
        self._endpoint.withdraw(name)
        self._send()

    def close(self) -> None:
        """Leave the link."""
        self._set_timer(None)
        self._socket.close()

    def _receive(self, batch: list[Datagram]) -> None:
        now = self._loop.time()
        for datagram in batch:
            self._endpoint.receive(datagram.data, datagram.remote, now)
        self._flush()

    def _on_timer(self) -> None:
        self._timer = None
        self._endpoint.handle_timeout(self._loop.time())
        self._flush()

    def _flush(self) -> None:
        self._send()
        for name, address in self._endpoint.poll_events():
            self._on_ended(self, name, address)
        self._set_timer(self._endpoint.next_timeout())

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._on_timer) if at is not None else None

    def _send(self) -> None:
        for data, remote in self._endpoint.poll_transmits():
            self._socket.send([Transmit(data, len(data), self._socket.local, remote)])
