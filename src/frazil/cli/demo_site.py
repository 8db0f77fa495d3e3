"""The web site of ``frazil demo --browser``: one page, its assets, its events, its commands.

Everything is below a secret path, for this machine only::

    GET  /TOKEN/               the page; its assets are beside it
    GET  /TOKEN/events         server-sent events: a new session, for as long as it is read
    POST /TOKEN/COMMAND        a command to the current session, arguments as a JSON object
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from importlib import resources
from typing import Any, Final

from frazil.cli.demo_session import DemoSession
from frazil.dashboard import http
from frazil.dashboard.http import HttpError, Request
from frazil.errors import FrazilError

MAX_CLIENTS: Final = 32
_KINDS: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}


class DemoSite:
    """Serves the page, and runs one session at a time: a new page replaces the old one.

    Args:
        make_session: Makes a session for a page that has just come.
    """

    def __init__(self, make_session: Callable[[], DemoSession]) -> None:
        self._make_session = make_session
        self._token = secrets.token_urlsafe(16)
        self._assets = _load_assets()
        self._session: DemoSession | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._hosts: frozenset[str] = frozenset()

    async def start(self, port: int) -> str:
        """Listen on 127.0.0.1 and return the address of the page.

        Raises:
            OSError: The port is taken, or not for us.
        """
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", port, limit=http.MAX_HEAD
        )
        port = self._server.sockets[0].getsockname()[1]
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        return f"http://127.0.0.1:{port}/{self._token}/"

    async def close(self) -> None:
        """Stop listening, and end the session and everything under way."""
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    # --- requests -----------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except HttpError as error:
            writer.write(http.response(error.status))
        except (EOFError, ConnectionError):
            pass  # the client is gone
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await http.read_request(reader)
        name = self._admit(request)
        if request.method == "POST":
            self._perform(name, request.body)
            writer.write(http.response(HTTPStatus.OK, body=b""))
        elif name == "events":
            await self._stream(reader, writer)
        elif name in self._assets:
            writer.write(self._assets[name])
        else:
            raise HttpError(HTTPStatus.NOT_FOUND)
        await writer.drain()

    def _admit(self, request: Request) -> str:
        """What a request is about, if it may ask: who rebinds DNS names or guesses may not."""
        host = request.headers.get("host", "")
        origin = request.headers.get("origin", f"http://{host}")
        if host not in self._hosts or origin != f"http://{host}":
            raise HttpError(HTTPStatus.FORBIDDEN)
        if request.method not in ("GET", "POST"):
            raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED)
        token, slash, name = request.path.removeprefix("/").partition("/")
        if not slash or not secrets.compare_digest(token.encode(), self._token.encode()):
            raise HttpError(HTTPStatus.NOT_FOUND)
        return name or "index.html"

    def _perform(self, command: str, body: bytes) -> None:
        if self._session is None:
            raise HttpError(HTTPStatus.CONFLICT)
        try:
            arguments: Any = json.loads(body or b"{}")
        except ValueError:
            raise HttpError(HTTPStatus.BAD_REQUEST) from None
        if not isinstance(arguments, dict):
            raise HttpError(HTTPStatus.BAD_REQUEST)
        try:
            self._session.perform(command, arguments)
        except LookupError:
            raise HttpError(HTTPStatus.NOT_FOUND) from None
        except FrazilError:
            raise HttpError(HTTPStatus.CONFLICT) from None

    # --- the session --------------------------------------------------------------------------

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._session is not None:
            self._session.dismiss()
        writer.write(http.event_stream_head())
        async with self._make_session() as session:
            self._session = session
            try:
                await self._pass_on(session, reader, writer)
            finally:
                if self._session is session:
                    self._session = None

    async def _pass_on(
        self, session: DemoSession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Write the session's events until the page goes away."""

        async def write() -> None:
            while True:
                writer.write(http.event(await session.events.get()))
                await writer.drain()

        gone = asyncio.ensure_future(reader.read(1))
        writing = asyncio.ensure_future(write())
        try:
            await asyncio.wait((gone, writing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            writing.cancel()
            await asyncio.gather(gone, writing, return_exceptions=True)


def _load_assets() -> dict[str, bytes]:
    """The whole response to each asset, by file name."""
    folder = resources.files("frazil.cli") / "static"
    assets = {}
    for file in folder.iterdir():
        kind = _KINDS.get(file.name.rpartition(".")[2])
        if kind is not None:
            assets[file.name] = http.response(HTTPStatus.OK, kind, file.read_bytes())
    return assets
