"""Real TCP and TLS streams."""

import asyncio
import socket
import ssl
from contextlib import suppress
from typing import Final, cast

from frazil.address import canonical_ip
from frazil.aio.network import (
    MAX_UNSENT_BYTES,
    AcceptHandler,
    Stream,
    StreamHandlers,
    StreamListener,
    Tls,
)
from frazil.aio.receiving_task import ERROR_PAUSE_S
from frazil.types import Address

_NOBODY: Final = StreamHandlers(lambda data: None, lambda: None)
_LOOP_CLOSED: Final = (RuntimeError, AttributeError)
"""What transports and servers raise if they need their event loop and it is closed; on Windows the
second."""


async def connect(
    remote: Address, handlers: StreamHandlers, *, local: str | None, tls: Tls | None
) -> Stream:
    """Open a stream; see :meth:`frazil.aio.network.Network.connect_tcp`."""
    loop = asyncio.get_running_loop()
    try:
        _, stream = await loop.create_connection(
            lambda: TcpStream(lambda _: handlers, remote),
            *remote,
            local_addr=None if local is None else (local, 0),
            ssl=(tls.context or ssl.create_default_context()) if tls is not None else None,
            server_hostname=tls.server_name if tls is not None else None,
        )
    except ConnectionResetError:
        if tls is None:
            raise
        # the handshake broke off: asyncio may have no words for that
        raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "the server hung up") from None
    return stream


async def listen(host: str, port: int, accept: AcceptHandler) -> StreamListener:
    """Bind a TCP port; see :meth:`frazil.aio.network.Network.listen_tcp`."""
    loop = asyncio.get_running_loop()
    sock = _bind(canonical_ip(host), port)
    if _can_watch(loop, sock):
        listener = WatchedListener(sock, accept)
        await listener.start()
        return listener
    return AwaitedListener(loop, sock, accept)


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host, port), family=family)
    sock.setblocking(False)
    return sock


def _can_watch(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> bool:
    try:
        loop.add_reader(sock.fileno(), lambda: None)
    except NotImplementedError:  # Windows' proactor loop
        return False
    loop.remove_reader(sock.fileno())
    return True


class TcpStream(asyncio.Protocol):
    """A connection; a :class:`frazil.aio.network.Stream` on asyncio's transports.

    Attributes:
        local: The address at this end.
        remote: The address at the other end.
        dropped: How many messages were given to :meth:`send` and never sent.
    """

    __slots__ = (
        "_accept",
        "_asked",
        "_handlers",
        "_over",
        "_transport",
        "dropped",
        "local",
        "remote",
    )

    _transport: asyncio.Transport
    _handlers: StreamHandlers

    def __init__(self, accept: AcceptHandler, remote: Address | None = None) -> None:
        self.dropped = 0
        self._accept = accept
        self._asked = remote  # of one that is reset at once the system does not tell it any more
        self._over = False

    # --- what the owner calls -----------------------------------------------------------------

    def send(self, message: bytes) -> None:
        """Send the message, or lose it; see :class:`frazil.aio.network.Stream`."""
        transport = self._transport
        is_over = self._over or transport.is_closing()  # asyncio tells of the end a turn later
        if is_over or transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.dropped += 1
            return
        try:
            transport.write(message)
        except _LOOP_CLOSED:  # and the system did not take it at once
            self.dropped += 1

    def close(self) -> None:
        """Close. Nothing is called any more. Idempotent.

        TLS says goodbye and does not wait for the other side's (RFC 8446 6.1): a server that stays
        silent would keep the socket open, and an event loop that ends now would leave it so.
        """
        if self._over:
            return
        self._over = True
        with suppress(*_LOOP_CLOSED):  # the socket goes with the transport then
            if not self._transport.get_write_buffer_size():  # else: a peer that does not read
                self._transport.close()
            self._transport.abort()

    # --- what asyncio calls -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        remote = self._asked or transport.get_extra_info("peername")
        if remote is None:  # whoever connected has reset it before uvloop asked who that was
            self.close()
            return
        self.local = _address(transport.get_extra_info("sockname"))
        self.remote = _address(remote)
        self._handlers = self._accept(self)

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        if not self._over:
            self._handlers.on_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over, unless the owner has closed it."""
        if not self._over:
            self._over = True
            self._handlers.on_end()


class _Listener:
    """What both kinds share: everything but how they learn of arrivals.

    Attributes:
        local: The address the port is bound to.
    """

    __slots__ = ("_accept", "_is_closed", "_sock", "local")

    def __init__(self, sock: socket.socket, accept: AcceptHandler) -> None:
        self.local: Address = _address(sock.getsockname())
        self._sock = sock
        self._accept = accept
        self._is_closed = False

    def _make_stream(self) -> TcpStream:
        return TcpStream(self._take)

    def _take(self, stream: Stream) -> StreamHandlers:
        if self._is_closed:
            stream.close()
            return _NOBODY
        return self._accept(stream)


class WatchedListener(_Listener):
    """A port that asyncio serves; a :class:`frazil.aio.network.StreamListener`."""

    __slots__ = ("_server",)

    _server: asyncio.Server

    async def start(self) -> None:
        """Let streams arrive."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._make_stream, sock=self._sock, start_serving=False
        )
        try:
            await self._server.start_serving()
        except BaseException:  # whoever waited for it gave up
            self.close()
            raise

    def close(self) -> None:
        """Accept no more streams. Idempotent.

        The socket is closed a turn of the loop later: until then asyncio may have taken streams
        from it that it knows no transport for, and would leave open for ever.
        """
        if self._is_closed:
            return
        self._is_closed = True
        loop = self._server.get_loop()
        if loop.is_closed():
            with suppress(*_LOOP_CLOSED):
                self._server.close()
            return
        for each in self._server.sockets:
            loop.remove_reader(each)
        loop.call_soon(self._server.close)


class AwaitedListener(_Listener):
    """A port for loops that cannot watch one: a task awaits each stream.

    A :class:`frazil.aio.network.StreamListener`. Of itself such a loop closes the socket over the
    first error, and a stream that is reset before it was accepted is one. The port is free again a
    turn of the loop after :meth:`close`.
    """

    __slots__ = ("_loop", "_task")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, accept: AcceptHandler
    ) -> None:
        super().__init__(sock, accept)
        self._loop = loop
        self._task = loop.create_task(self._accept_all(), name=f"frazil TCP {self.local}")
        # Not before the loop has let go of the file descriptor, whose number is soon another's.
        self._task.add_done_callback(lambda _: sock.close())

    def close(self) -> None:
        """Accept no more streams. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._loop.is_closed():  # and uses the file descriptor no more
            self._sock.close()
        else:
            self._task.cancel()

    async def _accept_all(self) -> None:
        """Accept streams until the task is cancelled."""
        while True:
            try:
                accepted, _ = await self._loop.sock_accept(self._sock)
            except OSError:  # it was reset, or there is no file descriptor for it
                await asyncio.sleep(ERROR_PAUSE_S)
                continue
            await asyncio.shield(self._serve(accepted))  # it outlives the listener

    async def _serve(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make_stream, accepted)
        except OSError:  # it was reset meanwhile
            accepted.close()


def _address(sockaddr: tuple[str, int]) -> Address:
    return canonical_ip(sockaddr[0]), sockaddr[1]
