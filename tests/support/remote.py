"""Commands and events as JSON, the common ground of CDP, WebDriver BiDi and our own programs."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from support.namespace import Namespace

Json = dict[str, Any]


_ANSWER_TIMEOUT_S = 30.0


class RemoteError(Exception):
    """The remote end refused a command, went away, or does not answer."""


class Line(Protocol):
    """Carries texts to and fro: a WebSocket, or the like."""

    def __aiter__(self) -> AsyncIterator[Any]: ...

    async def send(self, text: str, /) -> None: ...

    async def close(self) -> None: ...


class RemoteControl:
    """Calls commands by name and hands every event to one listener, in the order of arrival."""

    def __init__(self, line: Line, on_event: Callable[[Json], None]) -> None:
        self._line = line
        self._on_event = on_event
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._reader = asyncio.create_task(self._read(), name="remote control")

    @classmethod
    async def connect(
        cls, url: str, namespace: Namespace, on_event: Callable[[Json], None]
    ) -> Self:
        """Connect to a server that listens on a loopback address inside a namespace."""
        address = urlsplit(url)
        with namespace.entered():
            sock = socket.create_connection((address.hostname, address.port))
        # Messages have any size, and a page may be busy: neither is a reason to hang up.
        websocket = await connect(
            url, sock=sock, proxy=None, compression=None, max_size=None, ping_interval=None
        )
        return cls(websocket, on_event)

    async def call(self, method: str, *, session: str | None = None, **params: Any) -> Json:
        """The result of a command.

        Args:
            method: The command's name.
            session: Addresses one target of a browser (CDP only).
            params: As the command defines them.

        Raises:
            RemoteError: it has no result.
        """
        message: Json = {"id": next(self._ids), "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[message["id"]] = answer
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await self._line.send(json.dumps(message))
                return await answer
        except (ConnectionClosed, OSError) as error:
            raise RemoteError(f"{method}: no answer") from error
        finally:
            del self._waiting[message["id"]]

    async def close(self) -> None:
        """Close the connection; commands still waiting fail."""
        await self._line.close()
        await self._reader

    async def _read(self) -> None:
        try:
            async for text in self._line:
                self._dispatch(json.loads(text))
        except (ConnectionClosed, OSError):
            pass  # who is ended hangs up without a word
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(RemoteError("the remote end is gone"))

    def _dispatch(self, message: Json) -> None:
        if "id" not in message:
            self._report(message)
            return
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(RemoteError(json.dumps(message)))
        else:
            answer.set_result(message["result"])

    def _report(self, event: Json) -> None:
        try:
            self._on_event(event)
        except Exception as error:
            # The listener's mistake must not cost the answers that follow.
            report = {"message": "listening to a browser", "exception": error}
            asyncio.get_running_loop().call_exception_handler(report)
