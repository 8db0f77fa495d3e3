"""Real browsers and this library: both roles, every state of both sides, messages of all sizes."""

import pytest

from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module
from support.remote_peer import RemotePeer
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop


def shown(page: RemotePeer, what: str) -> list[str]:
    """The values of a state without those that came with the page's own close."""
    return [value for value in page.values(what) if value != "closed"]


def assert_page_connected(page: RemotePeer, signaling: list[str]) -> None:
    assert shown(page, "signalingState") == signaling
    assert shown(page, "iceGatheringState") == ["new", "gathering", "complete"]
    # Browsers do not wait for the end of candidates, so they stay in `connected`.
    assert shown(page, "iceConnectionState") == ["new", "checking", "connected"]
    assert shown(page, "iceTransport") == ["new", "checking", "connected"]
    assert shown(page, "connectionState") == ["new", "connecting", "connected"]
    assert shown(page, "dtlsTransport") == ["new", "connecting", "connected"]
    assert shown(page, "sctpTransport") == ["connecting", "connected"]


def assert_python_connected(python: FrazilPeer, signaling: list[str]) -> None:
    assert python.seen["signalingState"] == signaling
    assert python.seen["iceGatheringState"] == ["new", "gathering", "complete"]
    assert python.seen["iceConnectionState"] == ["new", "checking", "connected", "completed"]
    assert python.seen["connectionState"] == ["new", "connecting", "connected"]
    assert python.states("ice-transport 0") == ["new", "checking", "connected", "completed"]
    assert python.states("dtls-transport 0") == ["new", "connecting", "connected"]
    assert python.states("sctp-transport 0") == ["connecting", "connected"]
    assert all(change.reason.text and change.reason.rule for change in python.stateHistory)


async def test_browser_offers(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo", protocol="p")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            await python.wait_for("iceConnectionState", "completed")
            await page.wait_for("iceGatheringState", "complete")
        assert_python_connected(python, ["stable", "have-remote-offer", "stable"])
        assert_page_connected(page, ["stable", "have-local-offer", "stable"])


async def test_browser_answers(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        own = python.createDataChannel("echo", protocol="p")
        own.on("message", own.send)
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            channel = await page.channels.get()
            assert (channel.label, channel.protocol) == ("echo", "p")
            await assert_echoes(channel)
            await python.wait_for("iceConnectionState", "completed")
            await page.wait_for("iceGatheringState", "complete")
        assert_python_connected(python, ["stable", "have-local-offer", "stable"])
        assert_page_connected(page, ["stable", "have-remote-offer", "stable"])


async def lose_and_regain_the_path(
    laboratory: Laboratory, page: RemotePeer, python: FrazilPeer
) -> None:
    """Cut the wire until both sides say so, heal it, and wait until both are back."""
    laboratory.wire.blackout()
    for peer in (python, page):
        await peer.wait_for("connectionState", "disconnected")
    laboratory.wire.heal()
    for peer in (python, page):
        await peer.wait_for("connectionState", "connected")
    await python.wait_for("iceConnectionState", "completed")


async def restart(line: Signalling, python: FrazilPeer, offerer: RemotePeer | FrazilPeer) -> None:
    """Restart ICE, and wait until our side has completed it."""
    restarts = python.seen["iceConnectionState"].count("completed")
    result = offerer.restartIce()
    if result is not None:
        await result
    await line.negotiate(offerer)
    await python.until(lambda: python.seen["iceConnectionState"].count("completed") > restarts)


async def test_path_is_lost_and_restarted(laboratory: Laboratory, browser: Browser) -> None:
    """A whole life: connect, lose the path, regain it, restart from either side, part."""
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        goodbyes: list[str] = []
        python.on("remoteclose", goodbyes.append)
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as line:
            await line.negotiate(page)
            await assert_echoes(channel)
            await python.wait_for("iceConnectionState", "completed")
            await lose_and_regain_the_path(laboratory, page, python)
            await restart(line, python, python)
            await restart(line, python, page)
            await assert_echoes(channel)
            before = python.connectionState
            await page.close()
            await python.until(lambda: python.states("dtls-transport 0")[-1] == "closed")
        assert before == "connected"
        assert goodbyes[:1] in (["close_notify"], ["sctp-abort"])
        assert python.seen["iceConnectionState"] == [
            *("new", "checking", "connected", "completed"),
            *("disconnected", "connected", "completed"),
            *("connected", "completed"),
            *("connected", "completed"),
        ]
        assert python.seen["connectionState"] == [
            *("new", "connecting", "connected", "disconnected", "connected"),
        ]
        assert python.seen["iceGatheringState"] == ["new", *["gathering", "complete"] * 3]
        assert python.states("dtls-transport 0") == ["new", "connecting", "connected", "closed"]
        for state in ("iceConnectionState", "iceTransport"):
            assert shown(page, state) == [
                *("new", "checking", "connected", "disconnected", "connected"),
            ]
        assert shown(page, "connectionState") == python.seen["connectionState"]
        assert shown(page, "dtlsTransport") == ["new", "connecting", "connected"]


async def test_firefox_closes_its_channels_when_it_has_failed(
    laboratory: Laboratory, firefox: Browser
) -> None:
    """A restart brings the path back: channels of ours serve, Firefox opens none any more."""
    async with firefox.peer() as page, frazil_peer() as python:
        closed: list[str] = []
        python.on("datachannel", lambda channel: channel.on("close", lambda: closed.append("old")))
        channel = await page.createDataChannel("old")
        async with Signalling(page, python) as line:
            await line.negotiate(page)
            await channel.wait_for("open")
            await python.wait_for("iceConnectionState", "completed")
            laboratory.wire.blackout()
            for peer in (python, page):
                await peer.wait_for("connectionState", "failed")
            laboratory.wire.heal()
            await restart(line, python, python)
            await python.until(lambda: closed == ["old"])
            await channel.wait_for("closed")
            own = python.createDataChannel("new")
            own.on("message", own.send)
            await assert_echoes(await page.channels.get())
        assert python.seen["iceConnectionState"] == [
            *("new", "checking", "connected", "completed"),
            *("disconnected", "failed", "checking", "connected", "completed"),
        ]
        assert python.seen["connectionState"] == [
            *("new", "connecting", "connected", "disconnected", "failed"),
            *("connecting", "connected"),
        ]
        assert python.states("sctp-transport 0") == ["connecting", "connected"]
        assert page.values("dtlsTransport")[3:5] == ["failed", "connected"]
        assert page.values("sctpTransport")[-1] == "closed"
