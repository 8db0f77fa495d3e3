"""The page and the server of docs/tutorial/browser.md, typed as they are."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import frazil
from support.doc_block import ROOT, blocks_of
from support.laboratory import Laboratory
from support.partner import need_module, need_program
from support.process import ConfinedProcess

need_module("websockets")

from support.demo_page import DemoPage, UserChromium  # noqa: E402

pytestmark = pytest.mark.interop

PAGE = "docs/tutorial/browser.md"
FILES = {"html": "page.html", "python": "server.py"}
SHOWN = "document.querySelector('pre').textContent"


@pytest.fixture(scope="module")
def user(laboratory: Laboratory) -> Iterator[UserChromium]:
    need_program("chromium", "chromium")
    chromium = UserChromium(laboratory.wire.near)
    laboratory.host(chromium.start())
    yield chromium
    laboratory.host(chromium.stop())


@pytest.fixture
def server(laboratory: Laboratory, tmp_path: Path) -> Iterator[ConfinedProcess]:
    """The server of the tutorial, in a folder with its page."""
    for block in blocks_of(ROOT / PAGE):
        if block.runner:
            (tmp_path / FILES[block.language]).write_text(block.text, encoding="utf-8")
    environment = ("env", "-C", str(tmp_path), f"PYTHONPATH={Path(frazil.__file__).parents[1]}")
    command = (*environment, sys.executable, "-W", "error", "server.py")
    process = ConfinedProcess(laboratory.wire.near, tmp_path, *command)
    yield process
    process.stop()


async def printed(server: ConfinedProcess, text: str) -> None:
    while text not in server.output:
        assert not server.has_ended, server.output
        await asyncio.sleep(0.02)


async def send(page: DemoPage, text: str) -> None:
    await page.look(f"(document.querySelector('input').value = '{text}')")
    await page.look("(document.querySelector('button').click(), true)")
    await page.until(f"{SHOWN}.includes('Python says: {text.upper()}')")


async def test_the_browser_talks_and_leaves(user: UserChromium, server: ConfinedProcess) -> None:
    await printed(server, "open http://127.0.0.1:8080")
    async with user.visit("http://127.0.0.1:8080") as page:
        await page.until(f"{SHOWN}.includes('connected')")
        await send(page, "Hello")
        await send(page, "Again")
    async with asyncio.timeout(10):
        await printed(server, "the browser has left")
    told = server.output.splitlines()
    assert told[1].startswith("connecting, because ")
    assert told[2].startswith("connected, because ")
