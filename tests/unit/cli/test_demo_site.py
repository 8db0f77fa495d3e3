import asyncio
import io
import json
import re
import socket
import sys
from contextlib import asynccontextmanager, suppress

import pytest

from frazil.aio import SystemNetwork
from frazil.cli import demo_browser, main, screen
from frazil.cli.demo_session import DemoSession
from frazil.cli.demo_site import DemoSite
from frazil.dashboard.listener import MAX_CLIENTS
from frazil.testing import BlockableNetwork


def visit(script):
    """Run a script on a site that is served on loopback."""

    async def main():
        network = BlockableNetwork(SystemNetwork(), only=lambda each: each.address == "127.0.0.1")
        site = DemoSite(lambda: DemoSession(network, lambda entry: None, 0.0))
        url = await site.start(0)
        try:
            async with asyncio.timeout(10):
                await script(Visitor(url))
        finally:
            await site.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


class Visitor:
    def __init__(self, url):
        self.host, self.base = re.fullmatch(r"http://([^/]+)(/.+/)", url).groups()
        self.port = int(self.host.partition(":")[2])

    async def open(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, method, path, body=b"", host=None, **headers):
        """The status, the headers' text and the body of the response."""
        reader, writer = await self.open()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host or self.host}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        response = await reader.read()
        await hang_up(writer)
        head, _, body = response.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode(), body

    @asynccontextmanager
    async def events(self):
        """An iterator over the events of a new session."""
        reader, writer = await self.open()
        writer.write(f"GET {self.base}events HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")

        async def iterate():
            while line := await reader.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

        events = iterate()
        try:
            yield events
        finally:
            await events.aclose()
            await hang_up(writer)


async def hang_up(writer):
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def test_the_page_and_its_assets_are_served():
    async def script(visitor):
        status, head, page = await visitor.ask("GET", visitor.base)
        assert status == 200
        assert "text/html; charset=utf-8" in head
        names = re.findall(r'(?:src|href)="([^"]+)"', page.decode())
        assert {"main.js", "style.css", "icon.svg"} <= set(names)
        for name in names:
            assert (await visitor.ask("GET", visitor.base + name))[0] == 200
        _, head, module = await visitor.ask("GET", f"{visitor.base}main.js")
        assert "text/javascript" in head
        for name in re.findall(r'from "\./([^"]+)"', module.decode()):
            assert (await visitor.ask("GET", visitor.base + name))[0] == 200

    visit(script)


def test_nothing_is_loaded_from_elsewhere():
    async def script(visitor):
        for name in ("index.html", "style.css", "main.js", "link.js", "peer.js"):
            _, _, body = await visitor.ask("GET", visitor.base + name)
            assert b"://" not in body

    visit(script)


def test_the_token_is_needed():
    async def script(visitor):
        for path in ("/", "/index.html", "/guess/", visitor.base[:-1], f"{visitor.base}../", "//"):
            assert (await visitor.ask("GET", path))[0] == 404

    visit(script)


def test_a_name_that_leads_here_by_dns_is_refused():
    async def script(visitor):
        assert (await visitor.ask("GET", visitor.base, host="evil.example"))[0] == 403
        assert (await visitor.ask("GET", visitor.base, host=f"evil.example:{visitor.port}"))[
            0
        ] == 403
        assert (await visitor.ask("GET", visitor.base, host=f"localhost:{visitor.port}"))[0] == 200

    visit(script)


def test_another_page_may_not_command():
    async def script(visitor):
        async with visitor.events() as events:
            await anext(events)
            path = f"{visitor.base}close"
            assert (await visitor.ask("POST", path, Origin="http://evil.example"))[0] == 403
            assert (await visitor.ask("POST", path, Origin=f"http://{visitor.host}"))[0] == 200

    visit(script)


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("GET", "nothing.js", b"", 404),
        ("GET", "../entry.py", b"", 404),
        ("DELETE", "", b"", 405),
        ("POST", "start", b"", 409),  # there is no session
    ],
)
def test_other_requests_are_refused(method, name, body, status):
    async def script(visitor):
        assert (await visitor.ask(method, visitor.base + name, body))[0] == status

    visit(script)


@pytest.mark.parametrize(
    ("command", "body", "status"),
    [
        ("explode", b"{}", 404),
        ("start", b"{", 400),
        ("start", b"\xff", 400),
        ("start", b"[]", 400),
        ("signal", b"{}", 200),
    ],
)
def test_commands_are_judged(command, body, status):
    async def script(visitor):
        async with visitor.events() as events:
            await anext(events)
            assert (await visitor.ask("POST", visitor.base + command, body))[0] == status

    visit(script)


def test_a_command_that_comes_too_late_is_a_conflict():
    async def script(visitor):
        async with visitor.events() as events:
            await anext(events)
            await visitor.ask("POST", f"{visitor.base}close")
            answer = await visitor.ask("POST", f"{visitor.base}start", b'{"offerer": "python"}')
            assert answer[0] == 409

    visit(script)


def test_events_bring_the_greeting_and_the_offer():
    async def script(visitor):
        async with visitor.events() as events:
            assert (await anext(events))["type"] == "hello"
            await visitor.ask("POST", f"{visitor.base}start", b'{"offerer": "python"}')
            async for event in events:
                if event["type"] == "signal":
                    break
            assert event["signal"]["description"]["type"] == "offer"

    visit(script)


def test_a_new_page_replaces_the_old_one():
    async def script(visitor):
        async with visitor.events() as old, visitor.events() as new:
            assert [(await anext(old))["type"], (await anext(old))["type"]] == ["hello", "replaced"]
            assert (await anext(new))["type"] == "hello"
            await visitor.ask("POST", f"{visitor.base}close")
            assert (await anext(new))["type"] == "state"

    visit(script)


def test_a_page_that_leaves_ends_its_session():
    async def script(visitor):
        async with visitor.events() as events:
            await anext(events)
        status = 200
        while status == 200:
            status, _, _ = await visitor.ask("POST", f"{visitor.base}signal", b"{}")
        assert status == 409

    visit(script)


def test_too_many_clients_are_turned_away():
    async def script(visitor):
        idle = [await visitor.open() for _ in range(MAX_CLIENTS)]
        reader, writer = await visitor.open()
        assert await reader.read() == b""
        for _, each in [*idle, (reader, writer)]:
            await hang_up(each)

    visit(script)


def test_a_port_in_use_is_a_clear_error(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["demo", "--browser", "--no-open", "--port", str(port)]) == 3
    assert capsys.readouterr().err.startswith(f"frazil demo: port {port} cannot be used: ")


def test_the_address_is_printed_and_opened(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    output = io.StringIO()
    opened = asyncio.Queue()
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(screen.webbrowser, "open", opened.put_nowait)

    async def main():
        serving = demo_browser.serve(SystemNetwork(), 0, as_json=False, opens=True)
        task = asyncio.create_task(serving)
        url = await opened.get()
        assert f"open {url} in a browser" in output.getvalue()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(main())


def test_a_machine_without_a_screen_opens_nothing(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(screen.webbrowser, "open", lambda url: pytest.fail("opened"))

    async def main():
        serving = demo_browser.serve(SystemNetwork(), 0, as_json=False, opens=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(serving, 0.05)

    asyncio.run(main())
