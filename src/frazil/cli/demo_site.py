"""The web site of ``frazil demo --browser``: one page, its assets, its events, its commands.

Everything is below a secret path, for this machine only::

    GET  /TOKEN/               the page; its assets are beside it
    GET  /TOKEN/events         server-sent events: a new session, for as long as it is read
    POST /TOKEN/COMMAND        a command to the current session, arguments as a JSON object
"""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from importlib import resources
from typing import Any, Final

from frazil.cli.demo_session import DemoSession
from frazil.dashboard import http
from frazil.dashboard.access import Access
from frazil.dashboard.http import HttpError
from frazil.dashboard.listener import LOOPBACK, Listener
from frazil.errors import FrazilError

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
        self._access = Access()
        self._listener = Listener(self._answer)
        self._assets = _load_assets()
        self._session: DemoSession | None = None

    async def start(self, port: int) -> str:
        """Listen on 127.0.0.1 and return the address of the page.

        Raises:
            OSError: The port is taken, or not for us.
        """
        port = await self._listener.start(port)
        return f"http://{LOOPBACK}:{port}/{self._access.token}/"

    async def close(self) -> None:
        """Stop listening, and end the session and everything under way."""
        await self._listener.close()

    # --- requests -----------------------------------------------------------------------------

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await http.read_request(reader)
        name = self._access.admit(request.path, request.headers) or "index.html"
        if request.method not in ("GET", "POST"):
            raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED)
        if request.method == "POST":
            self._perform(name, request.body)
            writer.write(http.response(HTTPStatus.OK, body=b""))
        elif name == "events":
            await self._stream(reader, writer)
        elif name in self._assets:
            writer.write(self._assets[name])
        else:
            raise HttpError(HTTPStatus.NOT_FOUND)

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
                await http.drain(writer)

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
