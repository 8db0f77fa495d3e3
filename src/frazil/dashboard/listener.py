"""Listens on the loopback interface and has each client answered, which ends its connection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final, TypeAlias

from frazil.dashboard import http
from frazil.dashboard.http import HttpError

LOOPBACK: Final = "127.0.0.1"
MAX_CLIENTS: Final = 32
_log = logging.getLogger("frazil.dashboard")

Answer: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Reads one request and writes the response; ``HttpError`` is one, too."""


class Listener:
    """A port on which each connection carries one request.

    Args:
        answer: What is done with it.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._is_closed = False

    async def start(self, port: int) -> int:
        """Listen on a port, 0 takes any free one; which it is.

        Raises:
            OSError: The port is taken, or not for us.
        """
        self._server = await asyncio.start_server(self._accept, LOOPBACK, port, limit=http.MAX_HEAD)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def close(self) -> None:
        """Stop listening, and end everything under way."""
        self._is_closed = True
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_closed or len(self._clients) >= MAX_CLIENTS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(0)  # what is drained is sent: closing can be quick
        try:
            await self._respond(reader, writer)
        except (EOFError, ConnectionError, TimeoutError):
            writer.transport.abort()  # the client is gone, or does not read
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except HttpError as error:
            writer.write(http.response(error.status))
        except (EOFError, ConnectionError, TimeoutError):
            raise
        except Exception:
            _log.exception("a request could not be answered")
            writer.write(http.response(HTTPStatus.INTERNAL_SERVER_ERROR))
        await http.drain(writer)
