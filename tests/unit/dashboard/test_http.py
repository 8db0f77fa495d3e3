import asyncio
from http import HTTPStatus

import pytest

from frazil.dashboard import http
from frazil.dashboard.http import HttpError, Request
from frazil.testing import VirtualLoop


def read(data, *, ended=True):
    async def main():
        reader = asyncio.StreamReader(limit=http.MAX_HEAD)
        reader.feed_data(data)
        if ended:
            reader.feed_eof()
        return await http.read_request(reader)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def refusal(data, *, ended=True):
    with pytest.raises(HttpError) as caught:
        read(data, ended=ended)
    return caught.value.status


def test_a_request_without_a_body():
    data = b"GET /a/b?c=d HTTP/1.1\r\nHost: x:1\r\nACCEPT:  text/html \r\n\r\n"
    assert read(data) == Request("GET", "/a/b", {"host": "x:1", "accept": "text/html"}, b"", "c=d")


def test_a_request_with_a_body():
    request = read(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcd")
    assert request.body == b"abc"


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / x HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: nameless\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(head):
    assert refusal(head) is HTTPStatus.BAD_REQUEST


def test_a_body_of_unknown_length_is_refused():
    data = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert refusal(data) is HTTPStatus.LENGTH_REQUIRED


def test_a_large_body_is_refused_before_it_is_read():
    data = b"POST / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n"
    assert refusal(data) is HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_an_endless_head_is_refused():
    data = b"GET / HTTP/1.1\r\nX: " + bytes(http.MAX_HEAD)
    assert refusal(data, ended=False) is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def test_a_slow_client_is_not_waited_for():
    assert refusal(b"GET / HT", ended=False) is HTTPStatus.REQUEST_TIMEOUT


def test_a_client_that_goes_away_is_no_request():
    with pytest.raises(EOFError):
        read(b"GET / HTTP/1.1\r\n")
    with pytest.raises(EOFError):
        read(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab")


def test_a_response_says_how_long_it_is_and_what_pages_may_do():
    head, _, body = http.response(HTTPStatus.OK, "text/css", "é".encode()).partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 200 OK"
    assert "Content-Type: text/css; charset=utf-8" in lines
    assert "Content-Length: 2" in lines
    assert any(line.startswith("Content-Security-Policy: default-src 'none'") for line in lines)
    assert body == "é".encode()


def test_a_response_without_a_body_says_its_status():
    assert http.response(HTTPStatus.NOT_FOUND).endswith(b"\r\n\r\n404 Not Found\n")


def test_events_are_lines_of_data():
    assert http.event_stream_head().endswith(b"\r\n\r\n")
    assert b"text/event-stream" in http.event_stream_head()
    assert http.event('{"a": "é"}') == 'data: {"a": "é"}\n\n'.encode()
