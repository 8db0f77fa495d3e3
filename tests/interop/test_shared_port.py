"""Pages of a browser, all connected to one port."""

import pytest

from frazil import SharedPort
from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import frazil_peer
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop

PORT = 40000


async def test_pages_on_one_port(browser: Browser) -> None:
    async with (
        SharedPort(PORT) as network,
        browser.peer() as one,
        browser.peer() as two,
        frazil_peer(network=network) as first,
        frazil_peer(network=network) as second,
    ):
        channels = []
        for page, python in ((one, first), (two, second)):
            python.echo()
            channels.append(await page.createDataChannel("echo"))
            async with Signalling(page, python) as signalling:
                await signalling.negotiate()
                await assert_echoes(channels[-1])
                await python.wait_for("iceConnectionState", "completed")
        for channel in channels:
            await assert_echoes(channel)
        for python in (first, second):
            local = python.sctp.transport.iceTransport.getSelectedCandidatePair().local
            assert local.port == PORT
        await first.close()
        await assert_echoes(channels[1])
