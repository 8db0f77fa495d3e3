"""Real browsers and this library: both roles, every state of both sides, messages of all sizes."""

import asyncio

import pytest

from frazil import RTCDataChannel
from support.browser import Browser
from support.browser_peer import BrowserChannel, BrowserPeer
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop

MESSAGES: list[str | bytes] = [
    "",
    "text",
    "Eis \N{SNOWFLAKE}",
    b"",
    b"\x00\xff",
    bytes(range(256)) * 64,
    bytes(range(256)) * 1024,
]


async def assert_echoes(channel: BrowserChannel) -> None:
    await channel.wait_for("open")
    for message in MESSAGES:
        await channel.send(message)
        assert await channel.receive() == message


async def test_browser_offers(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo", protocol="p")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
        assert python.seen["signalingState"] == ["stable", "have-remote-offer", "stable"]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_browser_answers(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        own = python.createDataChannel("echo", protocol="p")
        own.on("message", own.send)
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            channel = await page.channels.get()
            assert (channel.label, channel.protocol) == ("echo", "p")
            await assert_echoes(channel)
        assert python.seen["signalingState"] == ["stable", "have-local-offer", "stable"]
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]
