"""Streams to TURN servers, and ports where streams arrive: what takes its time to open."""

import errno
from collections.abc import Callable
from functools import partial
from typing import Final

from frazil.aio.network import Tls
from frazil.aio.packet_stream import StreamWatch
from frazil.aio.relay_stream import RelayStream
from frazil.aio.socket_set import SocketSet
from frazil.aio.tcp_port import PassivePort
from frazil.types import Address

_MAX_ATTEMPTS: Final = 4


async def listen(sockets: SocketSet, host: str, watch: StreamWatch) -> PassivePort:
    """The passive TCP candidate on the local address ``host``, opened if there is none.

    Args:
        sockets: Have it from then on.
        host: An IP literal.
        watch: Is asked and told about its streams.

    Raises:
        OSError: The address refuses, or no port of the range is free.
    """
    known = sockets.passive(host)
    if known is not None:
        return known
    port = PassivePort(sockets.on_datagrams, watch)
    await sockets.ports.bind_async(partial(_listen_at, sockets, port, host))
    return port


async def _listen_at(sockets: SocketSet, passive: PassivePort, host: str, port: int) -> None:
    await passive.listen(sockets.network, host, port)
    is_taken = False
    try:
        is_taken = sockets.take(passive)
    finally:
        if not is_taken:
            passive.close()
    if not is_taken:
        raise OSError(errno.EADDRINUSE, "a UDP socket has the same port")


async def connect(
    sockets: SocketSet,
    host: str,
    remote: Address,
    tls: Tls | None,
    on_end: Callable[[RelayStream], None],
) -> RelayStream:
    """A new stream to a TURN server, from an address that no other socket of the set has.

    Args:
        sockets: Have it from then on.
        host: An IP literal, where it begins.
        remote: The server.
        tls: How to secure it, if at all.
        on_end: Called when the stream ends by itself.

    Raises:
        OSError: As of :meth:`frazil.aio.network.Network.connect_tcp`.
    """
    rejected: list[RelayStream] = []  # as long as they are open, nobody gets their ports
    try:
        for _ in range(_MAX_ATTEMPTS):
            stream = await RelayStream.connect(
                sockets.network, host, remote, tls, sockets.on_datagrams, on_end
            )
            rejected.append(stream)
            if sockets.take(stream):
                return rejected.pop()
        raise OSError("every port that is handed out is taken")
    finally:
        for stream in rejected:
            stream.close()
