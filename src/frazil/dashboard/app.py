"""The dashboard as an ASGI application, to be mounted in any other or served on its own.

Below its secret path it answers::

    GET  TOKEN/                 the page; its files are beside it
    GET  TOKEN/connections      a window of the list: ?first=&length=&state=&version=
    GET  TOKEN/connection       one connection: ?id=&mark=
    POST TOKEN/recording        what a recording says, the file as body; nothing of it is kept
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from frazil.dashboard import asset
from frazil.dashboard.access import Access
from frazil.dashboard.encoding import dump
from frazil.dashboard.feed import Mark
from frazil.dashboard.http import SECURITY_HEADERS, HttpError
from frazil.dashboard.identity import number_of
from frazil.dashboard.line_splitter import LineSplitter
from frazil.dashboard.listing import Listing, Window
from frazil.dashboard.live import view_of
from frazil.dashboard.recording import MAX_LINE, Recording
from frazil.record import Json
from frazil.w3c.peerconnection import CENSUS

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer: TypeAlias = tuple[HTTPStatus, str, bytes]
"""Status, media type and body."""

MAX_UPLOAD: Final = 512 * 1024 * 1024
"""Bytes of a recording that is sent by the page; it is read line by line and not kept."""
_JSON: Final = "application/json"
_TEXT: Final = "text/plain; charset=utf-8"


class Dashboard:
    """An ASGI application that shows the connections of this process.

    It reads when it is asked, and otherwise costs nothing.

    Args:
        token: The secret in its address; a new one, unless given.
        hosts: Names under which it may be asked for, besides those of the loopback interface.
        recordings: Recordings to show beside the connections.

    Attributes:
        path: Its address below the place where it is mounted, with the token.

    Raises:
        ValueError: The token is too short, or has characters besides letters, digits, - and _.
    """

    def __init__(
        self,
        token: str | None = None,
        hosts: Iterable[str] = (),
        recordings: Sequence[Recording] = (),
    ) -> None:
        self._access = Access(token, hosts)
        self._recordings = {f"file-{n}": each for n, each in enumerate(recordings, 1)}
        self._listing = Listing(CENSUS, self._recordings)
        self.path = f"/{self._access.token}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case "websocket":
                await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, kind, body = await self._answer(scope, receive)
        except HttpError as error:
            status, kind = error.status, _TEXT
            body = f"{status.value} {status.phrase}\n".encode()
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **SECURITY_HEADERS}
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status.value, "headers": encoded})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        name = self._access.admit(_path_of(scope), _headers_of(scope))
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        match scope["method"], name:
            case "GET", "connections":
                return _json(self._listing.look(_window_of(query)))
            case "GET", "connection" if _first(query, "id") in self._recordings:
                return await _show(self._recordings[_first(query, "id")])
            case "GET", "connection":
                return _json(await self._connection(query))
            case "POST", "recording":
                return await _show(await _receive(receive, _first(query, "name") or "recording"))
            case "GET", _:
                file = name or "index.html"
                if file in asset.load():
                    return HTTPStatus.OK, asset.kind_of(file), asset.load()[file]
                raise HttpError(HTTPStatus.NOT_FOUND)
        raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED)

    async def _connection(self, query: dict[str, list[str]]) -> dict[str, Json]:
        number = number_of(_first(query, "id"))
        entry = None if number is None else CENSUS.get(number)
        connection = None if entry is None else entry.connection
        if entry is None or connection is None:
            raise HttpError(HTTPStatus.NOT_FOUND)
        try:
            return await view_of(entry, connection, _mark_of(query))
        except TimeoutError:
            raise HttpError(HTTPStatus.SERVICE_UNAVAILABLE) from None


def asgi(*, token: str | None = None, hosts: Iterable[str] = ()) -> Dashboard:
    """The dashboard of this process, as an application for any ASGI framework.

    For example::

        dashboard = frazil.dashboard.asgi()
        app.mount("/frazil", dashboard)
        print(f"http://localhost:8000/frazil{dashboard.path}")

    Args:
        token: The secret in its address, of at least 16 letters, digits, - and _; a new one at
            every start, unless given.
        hosts: Names of the site, without a port, if others than ``localhost`` may ask.

    Raises:
        TypeError: ``hosts`` is one text.
        ValueError: The token is too short or has other characters, or a host has more than a name.
    """
    return Dashboard(token, hosts)


async def _receive(receive: Receive, name: str) -> Recording:
    """The recording that a page sends."""
    recording, splitter = Recording(name), LineSplitter(MAX_LINE)
    size, is_complete = 0, False
    while not is_complete:
        message = await receive()
        if message["type"] != "http.request":
            raise HttpError(HTTPStatus.BAD_REQUEST)  # the page went away
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_UPLOAD:
            raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        is_complete = not message.get("more_body", False)
        for line in splitter.feed(chunk, is_last=is_complete):
            recording.feed(line)
    try:
        recording.check()
    except ValueError:
        raise HttpError(HTTPStatus.UNPROCESSABLE_ENTITY) from None
    return recording


async def _show(recording: Recording) -> Answer:
    """What there is to see of a recording; a long one takes a while, which nobody waits for."""
    return HTTPStatus.OK, _JSON, await asyncio.to_thread(lambda: dump(recording.view()).encode())


async def _live(receive: Receive, send: Send) -> None:
    """Nothing is to be done when the server starts or ends."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _path_of(scope: Scope) -> str:
    """The path below the place of mounting: some frameworks leave that in, and some do not."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path.removeprefix(root) if path.startswith(root + "/") else path


def _headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _json(value: Json) -> Answer:
    return HTTPStatus.OK, _JSON, dump(value).encode()


def _first(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def _number(text: str) -> int:
    """A number from a query; 0 if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _window_of(query: dict[str, list[str]]) -> Window:
    return Window(
        _number(_first(query, "first")),
        _number(_first(query, "length")),
        _first(query, "state"),
        _number(_first(query, "version")),
    )


def _mark_of(query: dict[str, list[str]]) -> Mark:
    number, _, at = _first(query, "mark").partition(",")
    try:
        return Mark(int(number), float(at))
    except ValueError:
        return Mark()
