"""Serves an ASGI application to this machine, for programs that have no web server."""

import asyncio
from collections.abc import MutableMapping, Sequence
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import unquote

from frazil.dashboard import http
from frazil.dashboard.app import Dashboard
from frazil.dashboard.http import Request
from frazil.dashboard.listener import LOOPBACK, Listener
from frazil.dashboard.recording import Recording

CHUNK: Final = 64 * 1024
"""Bytes of a body that are handed over at once."""


class Server:
    """A dashboard on a port of the loopback interface; ends with ``async with`` or ``close()``.

    Attributes:
        url: The address of the page, with the token.
    """

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._listener = Listener(self._answer)
        self.url = ""

    async def start(self, port: int) -> None:
        """Listen on a port; 0 takes any free one.

        Raises:
            OSError: The port is taken, or not for us.
        """
        port = await self._listener.start(port)
        self.url = f"http://{LOOPBACK}:{port}{self._dashboard.path}"

    async def close(self) -> None:
        """Stop listening, and end everything under way."""
        await self._listener.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = _Exchange(await http.read_head(reader), reader, writer)
        await self._dashboard(exchange.scope(), exchange.receive, exchange.send)


class _Exchange:
    """One request and its response, as ASGI has them."""

    def __init__(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._request = request
        self._reader = reader
        self._writer = writer
        self._left = request.body_length

    def scope(self) -> MutableMapping[str, Any]:
        request = self._request
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(request.path),
            "query_string": request.query.encode("latin-1"),
            "root_path": "",
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in request.headers.items()
            ],
        }

    async def receive(self) -> MutableMapping[str, Any]:
        async with asyncio.timeout(http.READ_LIMIT_S):
            body = await self._reader.read(min(self._left, CHUNK)) if self._left else b""
        if self._left and not body:
            return {"type": "http.disconnect"}
        self._left -= len(body)
        return {"type": "http.request", "body": body, "more_body": self._left > 0}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status = HTTPStatus(message["status"])
            lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), b"Connection: close"]
            lines += [name + b": " + value for name, value in message["headers"]]
            self._writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
        else:
            self._writer.write(message.get("body", b""))
            await http.drain(self._writer)


async def serve(
    *, port: int = 0, token: str | None = None, recordings: Sequence[Recording] = ()
) -> Server:
    """Show the connections of this process to this machine.

    For example::

        async with await frazil.dashboard.serve(port=8080) as dashboard:
            print(dashboard.url)
            ...

    Args:
        port: Where to listen on 127.0.0.1; 0 takes any free port.
        token: The secret in the address; a new one, unless given.
        recordings: What :func:`read_recording` gave, to show beside the connections.

    Raises:
        OSError: The port is taken, or not for us.
        ValueError: The token is too short, or has characters besides letters, digits, - and _.
    """
    server = Server(Dashboard(token, recordings=recordings))
    await server.start(port)
    return server
