"""TCP of the kernel, as if it were a data channel: what others on a bottleneck use."""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from struct import Struct

from peer import Message, Milestone, Peer, Signal
from stack_frazil import run

VERSION = "cubic"
"""The congestion control that most of the world uses, whatever this machine prefers."""
LENGTH = Struct("!?I")
"""Whether a message is text, and its size."""
UNSENT_BYTES = 1 << 17
"""What the kernel holds besides what is under way; the rest waits here, where it is counted."""

__all__ = ["VERSION", "make_peer", "run"]


class TcpPeer(Peer, asyncio.Protocol):
    """The offerer listens, and tells where; each message has its length in front."""

    def __init__(self, send_signal: Callable[[Signal], None]) -> None:
        super().__init__(send_signal)
        self._server: asyncio.Server | None = None
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._writable = asyncio.Event()

    async def offer(self) -> None:
        self._server = await self._loop.create_server(
            lambda: self, os.environ["BENCHMARK_ADDRESS"], 0
        )
        host, port = self._server.sockets[0].getsockname()
        self._send_signal({"host": host, "port": port})

    async def receive_signal(self, signal: Signal) -> None:
        await self._loop.create_connection(lambda: self, signal["host"], signal["port"])

    def send(self, message: Message) -> None:
        data = message.encode() if isinstance(message, str) else message
        self._present.write(LENGTH.pack(isinstance(message, str), len(data)) + data)

    @property
    def buffered(self) -> int:
        return self._present.get_write_buffer_size()

    async def drain(self, low: int) -> None:
        self._present.set_write_buffer_limits(high=low, low=low)
        if self.buffered > low:
            self._writable.clear()
            await self._writable.wait()

    async def close(self) -> None:
        for one in (self._transport, self._server):
            if one is not None:
                one.close()

    @property
    def _present(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        end: socket.socket = transport.get_extra_info("socket")
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, VERSION.encode())
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._reach(Milestone.CHANNEL_OPEN)

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        start = 0
        while len(received) - start >= LENGTH.size:
            is_text, size = LENGTH.unpack_from(received, start)
            end = start + LENGTH.size + size
            if len(received) < end:
                break
            message = bytes(received[start + LENGTH.size : end])
            self._take(message.decode() if is_text else message)
            start = end
        del received[:start]

    def resume_writing(self) -> None:
        self._writable.set()


def make_peer(send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> TcpPeer:
    """TCP asks no servers."""
    return TcpPeer(send_signal)
