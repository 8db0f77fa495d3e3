"""As much HTTP/1.1 as one page on this machine needs: no keep-alive, no chunks, small bodies."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

MAX_HEAD: Final = 16 * 1024
"""Bytes of a request line and its headers; to be given to the stream reader as its limit."""
MAX_BODY: Final = 64 * 1024
"""Bytes of a request's body: a session description has less than a tenth."""
READ_LIMIT_S: Final = 10.0

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Connection": "close",
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
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one request.

    Raises:
        HttpError: It breaks HTTP, is too large or takes too long.
        EOFError: The client went away.
    """
    try:
        async with asyncio.timeout(READ_LIMIT_S):
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, headers = _parse_head(head)
            body = await reader.readexactly(_body_length(headers))
    except asyncio.LimitOverrunError:
        raise HttpError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) from None
    except TimeoutError:
        raise HttpError(HTTPStatus.REQUEST_TIMEOUT) from None
    return Request(method, path, headers, body)


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
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
    return words[0], words[1].partition("?")[0], headers


def _body_length(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise HttpError(HTTPStatus.LENGTH_REQUIRED)
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise HttpError(HTTPStatus.BAD_REQUEST)
    if int(text) > MAX_BODY:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return int(text)


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
    headers = {"Content-Type": f"{kind}; charset=utf-8", **_HEADERS}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines) + "\r\n"
