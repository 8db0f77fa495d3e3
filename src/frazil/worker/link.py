"""The stream of messages between the two processes."""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Final

from frazil.worker.message import Message, MessageError, decode, encode

MAX_MESSAGE: Final = 1024 * 1024
"""Bytes: descriptions of a hundred m-sections are shorter. The longest that is read anywhere has no
more than 768 KiB, even if JSON needs six bytes for each of its own."""
MAX_UNSENT: Final = 16 * MAX_MESSAGE
"""Bytes that may wait for a process which does not read; with more it counts as gone."""

_LENGTH: Final = struct.Struct("!I")


class Link:
    """One end of the stream: each message is preceded by its length.

    Args:
        reader, writer: The stream.
    """

    __slots__ = ("_reader", "_writer")

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, sock: socket.socket) -> "Link":
        """A link over one end of a pair of sockets, which it owns from now on."""
        return cls(*await asyncio.open_connection(sock=sock))

    def send(self, message: Message) -> None:
        """Send, without waiting. Nothing happens once the link is closed or broken.

        Raises:
            MessageError: It is too long for the other end, and was not sent.
        """
        transport = self._writer.transport
        if transport.is_closing():
            return
        data = encode(message)
        if len(data) > MAX_MESSAGE:
            raise MessageError(f"a message of {len(data)} bytes")
        if transport.get_write_buffer_size() + len(data) > MAX_UNSENT:
            transport.abort()
        else:
            self._writer.write(_LENGTH.pack(len(data)) + data)

    async def receive(self) -> Message | None:
        """The next message; ``None`` when the other end is gone.

        Raises:
            MessageError: What came is none. The stream is of no use any more.
        """
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MAX_MESSAGE:
                raise MessageError(f"a message of {length} bytes")
            return decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, OSError):
            return None

    def finish(self) -> None:
        """Say that nothing follows; what the other end still says can be received."""
        if not self._writer.transport.is_closing():
            self._writer.write_eof()

    async def close(self) -> None:
        """Send what waits, as far as the other end takes it at once, and close. Idempotent."""
        transport = self._writer.transport
        if transport.get_write_buffer_size():
            transport.abort()
        self._writer.close()
        with suppress(OSError):  # the other end is gone: that is what was wanted
            await self._writer.wait_closed()
