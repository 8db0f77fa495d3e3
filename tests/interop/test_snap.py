"""Chromium with SNAP: SCTP begins with what the descriptions say (draft-hancke-tsvwg-snap)."""

import re
from collections.abc import Iterator

import pytest

from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module, need_program
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def snappy(laboratory: Laboratory) -> Iterator[Browser]:
    """Chromium that takes part in the experiment."""
    from support.chromium import Chromium

    need_program(Chromium.program, Chromium.package)
    browser = Chromium(laboratory.wire.far, field_trials="WebRTC-Sctp-Snap/Enabled/")
    laboratory.host(browser.start())
    yield browser
    laboratory.host(browser.stop())


def assert_no_handshake(python: FrazilPeer) -> None:
    assert "a=sctp-init:" in python.localDescription.sdp
    assert "a=sctp-init:" in python.remoteDescription.sdp
    moves = [each.facts for each in python.trace.records if each.event == "association"]
    assert [(each["old"], each["new"], each["cause"]) for each in moves] == [
        ("closed", "established", "signalled")
    ]
    assert python.states("sctp-transport 0") == ["connecting", "connected"]


async def test_browser_offers(snappy: Browser) -> None:
    async with snappy.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo", protocol="p")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
        assert_no_handshake(python)


async def test_browser_answers(snappy: Browser) -> None:
    async with snappy.peer() as page, frazil_peer() as python:
        own = python.createDataChannel("echo", protocol="p")
        own.on("message", own.send)
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            await assert_echoes(await page.channels.get())
        assert_no_handshake(python)


async def test_the_lines_are_repeated_when_both_negotiate_again(snappy: Browser) -> None:
    async with snappy.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            before = announced(python)
            for offerer in (python, page, python):
                await signalling.negotiate(offerer)
                assert announced(python) == before
            python.restartIce()
            await signalling.negotiate(python)
            await assert_echoes(channel)
            assert announced(python) == before
        assert_no_handshake(python)


def announced(python: FrazilPeer) -> list[list[str]]:
    descriptions = (python.localDescription, python.remoteDescription)
    found = [re.findall("a=sctp-init:.*", each.sdp) for each in descriptions]
    assert [len(each) for each in found] == [1, 1]
    return found
