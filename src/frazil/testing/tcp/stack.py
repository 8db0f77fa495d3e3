"""The TCP of one virtual host."""

import errno
import zlib
from collections.abc import Callable, Container
from functools import partial
from itertools import cycle, islice
from typing import Final, TypeAlias

from frazil.aio.network import AcceptHandler, StreamHandlers
from frazil.testing.packet import Fate
from frazil.testing.tcp.segment import Segment, SegmentKind
from frazil.testing.tcp.sender import Report
from frazil.testing.tcp.stream import VirtualListener, VirtualStream, os_error
from frazil.types import Address

EPHEMERAL_PORTS: Final = range(49_152, 65_536)

ShipBetween: TypeAlias = Callable[[Address, Address, bytes, Report], None]
"""Takes the source and the destination address, a segment, and whoever learns its fate."""


class PortCycle:
    """Free ports in turn, so that none is reused while packets for its last owner travel."""

    __slots__ = ("_ports",)

    def __init__(self) -> None:
        self._ports = cycle(EPHEMERAL_PORTS)

    def next_free(self, address: str, taken: Container[Address]) -> int:
        """A port with which ``address`` is not in ``taken``.

        Raises:
            OSError: There is none.
        """
        for port in islice(self._ports, len(EPHEMERAL_PORTS)):
            if (address, port) not in taken:
                return port
        raise os_error(errno.EADDRINUSE)


class TcpStack:
    """All streams and listeners of a host.

    Args:
        ship: Sends a segment on its way.
    """

    __slots__ = ("_listeners", "_opened", "_ports", "_ship", "_streams")

    def __init__(self, ship: ShipBetween) -> None:
        self._ship = ship
        self._opened = 0
        self._ports = PortCycle()
        self._listeners: dict[Address, VirtualListener] = {}
        self._streams: dict[tuple[Address, Address], VirtualStream] = {}

    async def connect(
        self, address: str, remote: Address, handlers: StreamHandlers, server_name: str | None
    ) -> VirtualStream:
        """Open a stream from one of the host's addresses.

        Raises:
            OSError: Nobody answers, or refuses, or has another name than ``server_name``.
        """
        local = (address, self._ports.next_free(address, self._taken()))
        self._opened += 1
        stream = self._add(local, remote, zlib.crc32(f"{local} {self._opened}".encode()))
        await stream.open(handlers, server_name)
        return stream

    def listen(
        self, address: str, port: int, accept: AcceptHandler, certificate_name: str | None
    ) -> VirtualListener:
        """Bind a port, or any if it is 0.

        Raises:
            OSError: The port is taken.
        """
        local = (address, port or self._ports.next_free(address, self._taken()))
        if local in self._listeners:
            raise os_error(errno.EADDRINUSE)
        listener = VirtualListener(local, accept, certificate_name, self._forget_listener)
        self._listeners[local] = listener
        return listener

    def receive(self, data: bytes, local: Address, remote: Address) -> None:
        """Take a segment that has arrived at ``local``."""
        segment = Segment.decode(data)
        stream = self._streams.get((local, remote))
        listener = self._listeners.get(local)
        is_known = stream is not None and stream.number == segment.stream
        if not is_known and listener is not None and segment.kind is SegmentKind.SYN:
            if stream is not None:
                stream.make_way()
            stream = self._add(local, remote, segment.stream, listener)
        elif not is_known and stream is not None:
            return  # TCP ignores what is not within its window
        if stream is not None:
            stream.receive(segment)
        elif segment.kind is not SegmentKind.RESET:
            reset = Segment(SegmentKind.RESET, stream=segment.stream)
            self._ship(local, remote, reset.encode(), _ignore)

    def open_ends(self) -> list[VirtualStream | VirtualListener]:
        """What is still open."""
        streams = [stream for stream in self._streams.values() if stream.is_open]
        return [*streams, *self._listeners.values()]

    def abandon(self) -> None:
        """Repeat nothing any more: the network is going away."""
        for stream in self._streams.values():
            stream.abandon()

    def _add(
        self,
        local: Address,
        remote: Address,
        number: int,
        listener: VirtualListener | None = None,
    ) -> VirtualStream:
        ship = partial(self._ship, local, remote)
        stream = VirtualStream(local, remote, ship, self._forget_stream, number, listener)
        self._streams[local, remote] = stream
        return stream

    def _taken(self) -> set[Address]:
        return {*self._listeners, *(local for local, _ in self._streams)}

    def _forget_stream(self, stream: VirtualStream) -> None:
        if self._streams.get((stream.local, stream.remote)) is stream:
            del self._streams[stream.local, stream.remote]

    def _forget_listener(self, listener: VirtualListener) -> None:
        if self._listeners.get(listener.local) is listener:
            del self._listeners[listener.local]


def _ignore(fate: Fate) -> None:
    """Nobody repeats a RESET."""
