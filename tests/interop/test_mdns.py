"""Chromium as it is by default: with mDNS names in place of its addresses."""

from collections.abc import Iterator
from typing import Any

import pytest

from frazil import IceOptions
from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module, need_program
from support.signalling import Signalling
from support.unaware import Unaware

need_module("websockets")

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def secretive(laboratory: Laboratory) -> Iterator[Browser]:
    """Chromium, running, with a secret about its addresses."""
    from support.chromium import Chromium

    need_program(Chromium.program, Chromium.package)
    chromium = Chromium(laboratory.wire.far, hides_addresses=True)
    laboratory.host(chromium.start())
    yield chromium
    laboratory.host(chromium.stop())


def named(records: FrazilPeer) -> list[dict[str, Any]]:
    return [dict(r.facts) for r in records.trace.records if r.event.startswith("name-")]


async def test_the_name_of_a_browser_is_looked_up(
    secretive: Browser, laboratory: Laboratory
) -> None:
    """The page hears of no candidate, so only its own name leads to it."""
    async with secretive.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(Unaware(page), python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
        (fact,) = named(python)
        assert fact["host"].endswith(".local")
        assert fact["address"] == laboratory.wire.far_ip
        pair = python.sctp.transport.iceTransport.getSelectedCandidatePair()
        assert (pair.remote.type, pair.remote.address) == ("host", fact["host"])


async def test_a_browser_looks_our_name_up(secretive: Browser) -> None:
    """We hear of no candidate, so only our own name leads to us."""
    options = IceOptions(mdns="publish")
    async with secretive.peer() as page, frazil_peer(ice=options) as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, Unaware(python)) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
        assert named(python) == []
        (line,) = [each for each in python.localDescription.sdp.splitlines() if "typ host" in each]
        assert ".local " in line
        pair = python.sctp.transport.iceTransport.getSelectedCandidatePair()
        assert pair.remote.type == "prflx"
