"""UDP sockets of the machines on the virtual network."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from frazil.aio.network import DatagramHandler
from frazil.testing.realm import Realm
from frazil.types import Address, Datagram, Transmit

SendDatagram: TypeAlias = Callable[[Address, Address, bytes], None]
"""Sends a datagram on its way: from, to, what."""


class Owner(Protocol):
    """The machine that has the sockets."""

    name: str

    def has_route(self, address: str) -> bool:
        """Whether something can be sent from this address right now."""

    def realm(self, address: str) -> Realm:
        """Where one of its addresses means something."""

    def forget(self, closed: "VirtualUdpSocket") -> None:
        """Free the port of a socket that has just closed."""


class VirtualUdpSocket:
    """A UDP socket of a machine on the virtual network; a :class:`frazil.aio.UdpSocket`.

    Attributes:
        local: The address it is bound to.
        dropped: How many datagrams were given to it while it was closed, or its interface or route
            gone.
    """

    __slots__ = ("_closed", "_host", "_on_datagrams", "_send_datagram", "dropped", "local")

    def __init__(
        self,
        host: Owner,
        local: Address,
        on_datagrams: DatagramHandler,
        send_datagram: SendDatagram,
    ) -> None:
        self.local = local
        self.dropped = 0
        self._host = host
        self._on_datagrams = on_datagrams
        self._send_datagram = send_datagram
        self._closed = False

    def __repr__(self) -> str:
        return f"<UDP socket of {self._host.name} at {self.local[0]} port {self.local[1]}>"

    def expect(self, ufrag: str) -> None:
        """Everything that comes here is for the owner."""

    def send(self, transmits: Sequence[Transmit]) -> None:
        """Send, or lose, every datagram; see :class:`frazil.aio.UdpSocket`."""
        mute = self._closed or not self._host.has_route(self.local[0])
        for transmit in transmits:
            if transmit.segment_size < 1:
                raise ValueError(f"a segment size of {transmit.segment_size} bytes")
            datagrams = transmit.datagrams()
            if mute:
                self.dropped += len(datagrams)
                continue
            for data in datagrams:
                self._send_datagram(self.local, transmit.remote, data)

    def hand_over(self, batch: list[Datagram]) -> None:
        """Give the batch to the owner, unless the socket has been closed since it arrived."""
        if not self._closed:
            self._on_datagrams(batch)

    def close(self) -> None:
        """Close. No datagram is handed over any more. Idempotent."""
        if not self._closed:
            self._closed = True
            self._host.forget(self)


class VirtualMulticastSocket(VirtualUdpSocket):
    """A member of a multicast group: what it sends there comes to every member on its link.

    It is a member until its address goes away, and none when that is there again: a real one is
    lost with the device.
    """

    __slots__ = ("_group", "_realm")

    def __init__(
        self,
        host: Owner,
        local: Address,
        on_datagrams: DatagramHandler,
        send_datagram: SendDatagram,
        group: Address,
    ) -> None:
        super().__init__(host, local, on_datagrams, send_datagram)
        self._group = group
        self._realm: Realm | None = host.realm(local[0])
        self._realm.join(group, local[0])

    def leave(self) -> None:
        """Be no member any more. Idempotent."""
        if self._realm is not None:
            self._realm.leave(self._group, self.local[0])
            self._realm = None

    def send(self, transmits: Sequence[Transmit]) -> None:
        """Send, or lose, every datagram; those for the group to each of its members."""
        for transmit in transmits:
            remotes = [transmit.remote]
            if transmit.remote == self._group and self._realm is not None:
                members = self._realm.members(self._group, self.local[0])
                remotes = [(member, self._group[1]) for member in members]
            data, size, local, _ = transmit.as_tuple()
            super().send([Transmit(data, size, local, remote) for remote in remotes])

    def close(self) -> None:
        """Leave the group. Idempotent."""
        self.leave()
        super().close()
