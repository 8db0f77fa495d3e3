"""The laboratory itself: what the other interop tests take for granted.

aiortc stands where this library stands elsewhere.
"""

import time
from pathlib import Path

import pytest

from support.partner import need_module

need_module("aiortc")
need_module("websockets")

from support.aiortc_peer import aiortc_peer  # noqa: E402
from support.browser import Browser  # noqa: E402
from support.chromium import Chromium  # noqa: E402
from support.echo import assert_echoes  # noqa: E402
from support.laboratory import Laboratory  # noqa: E402
from support.remote import RemoteError  # noqa: E402
from support.remote_peer import (  # noqa: E402
    Candidate,
    IceCandidateEvent,
    PeerError,
    RemotePeer,
)
from support.signalling import Signalling  # noqa: E402

pytestmark = pytest.mark.interop

_CLOCKS_S = 0.01
"""How far the clock of a page may be off."""

NONSENSE = Candidate("candidate:nonsense", sdpMid="0", sdpMLineIndex=0, usernameFragment=None)


def ufrag(page: RemotePeer) -> str:
    assert page.localDescription is not None
    return page.localDescription.sdp.split("a=ice-ufrag:")[1].split()[0]


async def test_browser_offers(browser: Browser) -> None:
    async with browser.peer() as page, aiortc_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo", protocol="p")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)


async def test_browser_answers(browser: Browser) -> None:
    async with browser.peer() as page, aiortc_peer() as python:
        own = python.createDataChannel("echo", protocol="p")
        own.on("message", own.send)
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            channel = await page.channels.get()
            assert (channel.label, channel.protocol) == ("echo", "p")
            await assert_echoes(channel)


async def test_pages_meet_and_restart(chromium: Browser, firefox: Browser) -> None:
    async with chromium.peer() as one, firefox.peer() as other, Signalling(one, other) as line:
        near_end = await one.createDataChannel("a")
        await line.negotiate(one)
        far_end = await other.channels.get()
        before = ufrag(other)
        await other.restartIce()
        await line.negotiate(other)
        assert ufrag(other) != before
        await near_end.wait_for("open")
        await near_end.send("there")
        assert await far_end.receive() == "there"
        await far_end.send(b"back")
        assert await near_end.receive() == b"back"


async def test_timeline_holds_every_state(chromium: Browser) -> None:
    began = time.time()
    async with chromium.peer() as page, aiortc_peer() as python:
        channel = await page.createDataChannel("a")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await channel.wait_for("open")
            await page.close()
        assert page.values("signalingState") == ["stable", "have-local-offer", "stable", "closed"]
        assert page.values("iceGatheringState") == ["new", "gathering", "complete"]
        assert page.values("iceConnectionState") == ["new", "checking", "connected", "closed"]
        assert page.values("connectionState") == ["new", "connecting", "connected", "closed"]
        assert page.values("iceTransport") == ["new", "checking", "connected", "closed"]
        assert page.values("iceTransport gathering") == ["new", "gathering", "complete"]
        assert page.values("dtlsTransport") == ["new", "connecting", "connected", "closed"]
        assert page.values("sctpTransport") == ["connecting", "connected", "closed"]
        assert page.values("channel a")[:2] == ["connecting", "open"]
        instants = [seen.at for seen in page.timeline]
        assert instants == sorted(instants)
        assert began - _CLOCKS_S < instants[0]
        assert instants[-1] < time.time() + _CLOCKS_S


async def test_blackout_and_heal(laboratory: Laboratory, chromium: Browser) -> None:
    async with chromium.peer() as page, aiortc_peer() as python:
        await page.createDataChannel("a")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await page.wait_for("connectionState", "connected")
            laboratory.wire.blackout()
            cut_at = time.time()
            lost = await page.wait_for("connectionState", "disconnected")
            laboratory.wire.heal()
            assert 4.5 < lost.at - cut_at < 7.0
            await page.wait_for("connectionState", "connected")


async def test_errors_keep_their_name(browser: Browser) -> None:
    async with browser.peer() as page:
        with pytest.raises(PeerError) as caught:
            await page.createAnswer()
        assert caught.value.name == "InvalidStateError"


async def test_refused_candidate_fails_the_scenario(chromium: Browser) -> None:
    async with chromium.peer() as page, aiortc_peer() as python:
        python.createDataChannel("a")

        async def negotiate_with_nonsense() -> None:
            async with Signalling(python, page) as signalling:
                await signalling.negotiate()
                python.pc.emit("icecandidate", IceCandidateEvent(NONSENSE))
                await page.wait_for("connectionState", "connected")

        with pytest.raises(PeerError, match="OperationError"):
            await negotiate_with_nonsense()


async def test_browser_that_does_not_start_says_why(laboratory: Laboratory) -> None:
    class Broken(Chromium):
        program = "sh"

        def _arguments(self, profile: Path) -> list[str]:
            return ["-c", "echo no display"]

    with pytest.raises(RuntimeError, match="no display"):
        await Broken(laboratory.wire.far).start()


async def test_browser_that_is_gone_is_an_error(laboratory: Laboratory) -> None:
    browser = Chromium(laboratory.wire.far)
    await browser.start()
    await browser.stop()
    began = time.monotonic()
    with pytest.raises(RemoteError):
        await browser.peer().__aenter__()
    assert time.monotonic() - began < 1.0
