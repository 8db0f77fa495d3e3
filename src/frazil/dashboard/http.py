"""As much HTTP/1.1 as one page on this machine needs: no keep-alive, no chunks, small bodies."""

import asyncio
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

MAX_HEAD: Final = 16 * 1024
"""Bytes of a request line and its headers; to be given to the stream reader as its limit."""
MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body: a session description has less than a tenth."""
READ_LIMIT_S: Final = 10.0
SEND_LIMIT_S: Final = 10.0
"""How long a client may take nothing of what is there for it."""
_LONGEST_LENGTH: Final = 16
"""Digits of a number that says how long a body is."""

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class HttpError(Exception):
    """A request that is answered with an error; ``status`` says which."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for.

    Attributes:
        method: ``"GET"``, ``"POST"`` and so on.
        path: Without the query.
        headers: By name in lower case.
        body: Empty if there is none.
        query: What follows the question mark; empty if nothing does.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    query: str = ""

    @property
    def body_length(self) -> int:
        """How long the body is said to be.

        Raises:
            HttpError: It is not said as it has to be.
        """
        if "transfer-encoding" in self.headers:
            raise HttpError(HTTPStatus.LENGTH_REQUIRED)
        text = self.headers.get("content-length", "0")
        if not (text.isascii() and text.isdigit() and len(text) < _LONGEST_LENGTH):
            raise HttpError(HTTPStatus.BAD_REQUEST)
        return int(text)


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one request with a small body.

    Raises:
        HttpError: It breaks HTTP, is too large or takes too long.
        EOFError: The client went away.
    """
    request = await read_head(reader)
    length = request.body_length
    if length > MAX_BODY:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        async with asyncio.timeout(READ_LIMIT_S):
            return replace(request, body=await reader.readexactly(length))
    except TimeoutError:
        raise HttpError(HTTPStatus.REQUEST_TIMEOUT) from None


async def read_head(reader: asyncio.StreamReader) -> Request:
    """Read one request up to its body.

    Raises:
        HttpError: It breaks HTTP, is too large or takes too long.
        EOFError: The client went away.
    """
    try:
        async with asyncio.timeout(READ_LIMIT_S):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise HttpError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    except TimeoutError:
        raise HttpError(HTTPStatus.REQUEST_TIMEOUT) from None
    return _parse_head(head)


def _parse_head(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise HttpError(HTTPStatus.BAD_REQUEST)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise HttpError(HTTPStatus.BAD_REQUEST)
        headers[name.lower()] = value.strip()
    path, _, query = words[1].partition("?")
    return Request(words[0], path, headers, query=query)


async def drain(writer: asyncio.StreamWriter) -> None:
    """Wait for the client to take what was written, however long that is as long as it goes on.

    Raises:
        TimeoutError: The client does not read.
    """
    left = writer.transport.get_write_buffer_size()
    while True:
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                return await writer.drain()
        except TimeoutError:
            before, left = left, writer.transport.get_write_buffer_size()
            if left >= before:
                raise


def response(status: HTTPStatus, kind: str = "text/plain", body: bytes | None = None) -> bytes:
    """A whole response; without a body, its status in words.

    Args:
        status: The outcome.
        kind: The media type of the body.
        body: What is sent.
    """
    if body is None:
        body = f"{status.value} {status.phrase}\n".encode()
    head = _head(status, kind) + f"Content-Length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body


def event_stream_head() -> bytes:
    """The beginning of a response that goes on with :func:`event` for as long as it likes."""
    return (_head(HTTPStatus.OK, "text/event-stream") + "\r\n").encode("latin-1")


def event(data: str) -> bytes:
    """One server-sent event (HTML, server-sent events); ``data`` is one line."""
    return f"data: {data}\n\n".encode()


def _head(status: HTTPStatus, kind: str) -> str:
    headers = {"Content-Type": f"{kind}; charset=utf-8", **SECURITY_HEADERS, "Connection": "close"}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines) + "\r\n"
