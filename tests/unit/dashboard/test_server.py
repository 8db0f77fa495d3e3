import asyncio
from contextlib import suppress

import pytest

import frazil.dashboard
from frazil.dashboard import http, listener
from frazil.dashboard import server as module

TOKEN = "0123456789abcdef"
LINE = b'[1.0, "ice", "pair-conceded", "0", "a->b"]\n'


async def exchange(server, request):
    """What comes back on a connection of its own."""
    port = int(server.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.replace(b"PORT", str(port).encode()))
    try:
        return await reader.read()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def answer(request):
    async def main():
        async with await frazil.dashboard.serve(token=TOKEN) as server:
            return await exchange(server, request)

    return asyncio.run(main())


def test_it_serves_the_page_to_this_machine():
    text = answer(b"GET /0123456789abcdef/ HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n").decode()
    head, _, body = text.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK\r\nConnection: close\r\n")
    assert f"content-length: {len(body.encode())}" in head
    assert body.startswith("<!doctype html>")


def test_it_takes_a_recording_in_pieces(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    head = f"POST /{TOKEN}/recording?name=a%20b HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Length: {3 * len(LINE)}\r\n\r\n"
    text = answer(head.encode() + 3 * LINE)
    assert b'"name":"a b"' in text
    assert text.count(b'"event":"pair-conceded"') == 3


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /x/ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"404"),
        (b"GET /0123456789abcdef/ HTTP/1.1\r\nHost: example.org\r\n\r\n", b"403"),
        (b"GET / HTTP/1.1\r\n\r\n", b"403"),
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", b"431"),
    ],
)
def test_refusals(request_, status):
    assert answer(request_).startswith(b"HTTP/1.1 " + status)


def test_a_bug_is_an_answer_too(monkeypatch, caplog):
    async def main():
        async with await frazil.dashboard.serve(token=TOKEN) as server:
            monkeypatch.setattr(server, "_dashboard", None)
            return await exchange(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert asyncio.run(main()).startswith(b"HTTP/1.1 500")
    assert caplog.records[-1].name == "frazil.dashboard"


def test_a_port_that_is_taken():
    async def main():
        async with await frazil.dashboard.serve() as server:
            port = int(server.url.split(":")[2].split("/")[0])
            with pytest.raises(OSError, match="in use"):
                await frazil.dashboard.serve(port=port)

    asyncio.run(main())


def test_closing_ends_what_is_under_way():
    async def main():
        server = await frazil.dashboard.serve()
        port = int(server.url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")  # and no more
        await writer.drain()
        while not server._listener._clients:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.001)
        await server.close()
        with suppress(ConnectionError):  # some systems say so, as not all was read
            assert await reader.read() == b""
        writer.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


class Unread:
    """A client that asks and does not read, at a server with much to say.

    Args:
        served: The server, as long as it runs.
    """

    def __init__(self):
        self.served = listener.Listener(self._say_much)

    async def _say_much(self, reader, writer):
        await http.read_head(reader)
        writer.write(bytes(64 << 20))

    async def __aenter__(self):
        port = await self.served.start(0)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        self._writer.write(b"GET / HTTP/1.1\r\n\r\n")
        while not self.served._clients:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.001)
        return self

    async def __aexit__(self, *error):
        self._writer.transport.abort()
        await self.served.close()


def test_closing_does_not_wait_for_a_client_that_does_not_read():
    async def main():
        async with Unread() as client:
            await asyncio.sleep(0.2)  # the system takes no more
            async with asyncio.timeout(5):
                await client.served.close()
            assert not client.served._clients

    asyncio.run(main())


def test_a_client_that_does_not_read_gives_its_place_back(monkeypatch):
    monkeypatch.setattr(http, "SEND_LIMIT_S", 0.1)

    async def main():
        async with Unread() as client, asyncio.timeout(5):
            while client.served._clients:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(main())


def test_a_client_that_reads_slowly_gets_everything(monkeypatch):
    monkeypatch.setattr(http, "SEND_LIMIT_S", 0.25)
    much = 8 << 20

    async def say_much(reader, writer):
        writer.write(bytes(much))

    async def main():
        served = listener.Listener(say_much)
        port = await served.start(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        got = 0
        while data := await reader.read(256 << 10):
            got += len(data)
            await asyncio.sleep(0.01)
        assert got == much
        writer.close()
        await served.close()

    asyncio.run(main())


def test_nobody_is_let_in_any_more_who_came_while_it_closed():
    async def wait(reader, writer):
        await asyncio.Event().wait()

    async def main():
        closed = listener.Listener(wait)
        await closed.close()
        async with await asyncio.start_server(closed._accept, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            async with asyncio.timeout(5):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
            assert asyncio.all_tasks() == {asyncio.current_task()}
            writer.close()

    asyncio.run(main())


def test_there_are_only_so_many_at_once(monkeypatch):
    monkeypatch.setattr(listener, "MAX_CLIENTS", 0)

    async def main():
        async with await frazil.dashboard.serve() as server:
            with suppress(ConnectionError):
                return await exchange(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return b""

    assert asyncio.run(main()) == b""
