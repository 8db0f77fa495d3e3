"""Chromium and this library where UDP does not pass: it connects to us by TCP (RFC 6544)."""

from collections.abc import Iterator

import pytest

from frazil import IceOptions
from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop

PASSIVE = IceOptions(tcp="passive")


@pytest.fixture(autouse=True)
def without_udp(laboratory: Laboratory) -> Iterator[None]:
    """No datagram passes while a test runs."""
    laboratory.wire.block_udp()
    yield
    laboratory.wire.heal()


def assert_tcp(python: FrazilPeer) -> None:
    pair = python.sctp.transport.iceTransport.getSelectedCandidatePair()
    local, remote = pair.local, pair.remote
    assert (local.protocol, local.type, local.tcpType) == ("tcp", "host", "passive")
    assert (remote.protocol, remote.tcpType) == ("tcp", "active")


async def test_chromium_offers_and_connects(chromium: Browser) -> None:
    async with chromium.peer() as page, frazil_peer(ice=PASSIVE) as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            assert_tcp(python)
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_chromium_answers_and_connects(chromium: Browser) -> None:
    async with chromium.peer() as page, frazil_peer(ice=PASSIVE) as python:
        own = python.createDataChannel("echo")
        own.on("message", own.send)
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            channel = await page.channels.get()
            await assert_echoes(channel)
            assert_tcp(python)
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_a_restart_goes_by_tcp_as_well(chromium: Browser) -> None:
    async with chromium.peer() as page, frazil_peer(ice=PASSIVE) as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            await page.restartIce()
            await signalling.negotiate(page)
            await python.until(lambda: python.seen["iceGatheringState"].count("complete") == 2)
            await assert_echoes(channel)
            assert_tcp(python)
        assert "failed" not in python.seen["connectionState"]
