"""The demo's page in a real browser, which runs on the same machine as Python, as a user's does."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from support.partner import need_module, need_program

need_module("websockets")

from frazil.aio import SystemNetwork  # noqa: E402
from frazil.cli.demo_browser import serve  # noqa: E402
from support.demo_page import DemoPage, UserChromium  # noqa: E402
from support.laboratory import Laboratory  # noqa: E402

pytestmark = pytest.mark.interop

Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def user(laboratory: Laboratory) -> Iterator[UserChromium]:
    need_program("chromium", "chromium")
    chromium = UserChromium(laboratory.wire.near)
    laboratory.host(chromium.start())
    yield chromium
    laboratory.host(chromium.stop())


@asynccontextmanager
async def demo_page(user: UserChromium, capsys: Output) -> AsyncIterator[DemoPage]:
    serving = asyncio.create_task(serve(SystemNetwork(), 0, as_json=True, opens=False))
    try:
        printed = ""
        while "http://" not in printed:
            await asyncio.sleep(0.01)
            printed = capsys.readouterr().out
        async with user.visit(re.search(r"http://[^ ]+", printed)[0]) as page:
            yield page
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def wait_connected(page: DemoPage) -> None:
    for peer in ("python", "browser"):
        await page.wait_badge(peer, "connection", "connected")
    await page.wait_badge("python", "ice-connection", "completed")


async def chat(page: DemoPage) -> None:
    await page.say("browser", "from the browser")
    await page.say("python", "from Python")
    await page.wait_text("python", "from the browser")
    await page.wait_text("browser", "from Python")


async def test_python_offers(user: UserChromium, capsys: Output) -> None:
    async with demo_page(user, capsys) as page:
        await wait_connected(page)
        await chat(page)
        signaling = ["have-local-offer", "stable"]
        assert await page.states("python", "signaling") == signaling
        assert await page.states("browser", "signaling") == ["have-remote-offer", "stable"]


async def test_the_browser_offers(user: UserChromium, capsys: Output) -> None:
    async with demo_page(user, capsys) as page:
        await wait_connected(page)
        await page.click("again-browser")
        await page.until("document.getElementById('link').textContent === 'the browser offers'")
        await wait_connected(page)
        await chat(page)
        assert await page.states("python", "signaling") == ["have-remote-offer", "stable"]


async def test_a_blackout_is_seen_on_both_sides(user: UserChromium, capsys: Output) -> None:
    async with demo_page(user, capsys) as page:
        await wait_connected(page)
        await page.click("blackout")
        await page.say("browser", "are you there?")
        for peer in ("python", "browser"):
            await page.wait_badge(peer, "connection", "disconnected")
        for peer in ("python", "browser"):
            await page.wait_badge(peer, "connection", "connected")
            states = await page.states(peer, "connection")
            assert states == ["connecting", "connected", "disconnected", "connected"]
        await page.wait_text("python", "are you there?")
        assert re.search(r"after \d+\.\d s", await page.look("eyes.text('python')"))


@pytest.mark.parametrize("who", ["python", "browser"])
async def test_either_side_restarts_ice(user: UserChromium, capsys: Output, who: str) -> None:
    async with demo_page(user, capsys) as page:
        await wait_connected(page)
        await page.click(f"restart-{who}")
        await page.until("eyes.states('python', 'ice-connection').length === 5")
        assert await page.states("python", "ice-connection") == [
            *("checking", "connected", "completed"),
            *("connected", "completed"),
        ]
        await chat(page)
        assert await page.states("python", "connection") == ["connecting", "connected"]


@pytest.mark.parametrize("who", ["python", "browser"])
async def test_either_side_closes(user: UserChromium, capsys: Output, who: str) -> None:
    async with demo_page(user, capsys) as page:
        await wait_connected(page)
        await page.click(f"close-{who}")
        await page.wait_badge("python", "connection", "closed")
        if who == "browser":
            await page.wait_badge("browser", "connection", "closed")
            await page.wait_text("python", "the browser said goodbye")


async def test_a_second_page_takes_over(user: UserChromium, capsys: Output) -> None:
    async with demo_page(user, capsys) as first:
        await wait_connected(first)
        url = await first.look("location.href")
        async with user.visit(url) as second:
            await wait_connected(second)
            await first.until("document.getElementById('link').textContent.includes('another')")
