"""Negotiations that do not go straight on, with real browsers: every state of both ends."""

import pytest

from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.partner import need_module
from support.perfect_negotiation import PerfectNegotiation
from support.remote_peer import PeerError, RemotePeer
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop

LABELS = ("one", "two", "three", "four", "five")


def shown(page: RemotePeer, what: str) -> list[str]:
    """The values of a state without those that came with the page's own close."""
    return [value for value in page.values(what) if value != "closed"]


def assert_connected_once(python: FrazilPeer, page: RemotePeer, restarts: int = 0) -> None:
    """Whatever they said to each other, the path and what runs on it came about at once."""
    assert python.seen["iceConnectionState"] == [
        *("new", "checking", "connected", "completed"),
        *["connected", "completed"] * restarts,
    ]
    assert python.seen["connectionState"] == ["new", "connecting", "connected"]
    assert shown(page, "iceConnectionState") == ["new", "checking", "connected"]
    assert shown(page, "connectionState") == ["new", "connecting", "connected"]
    assert shown(page, "sctpTransport")[-2:] == ["connecting", "connected"]


async def completed(python: FrazilPeer, times: int = 1) -> None:
    await python.until(lambda: python.seen["iceConnectionState"].count("completed") == times)


@pytest.mark.parametrize("polite", ["frazil", "browser"])
async def test_glare(browser: Browser, polite: str) -> None:
    """Both offer at once, twice: first to connect, then to restart ICE."""
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("theirs")
        python.createDataChannel("ours")
        sides = (page, python) if polite == "frazil" else (python, page)
        async with PerfectNegotiation(*sides) as negotiation:
            await negotiation.clash()
            await completed(python)
            await assert_echoes(channel)
            assert (await page.channels.get()).label == "ours"
            python.restartIce()
            await page.restartIce()
            await negotiation.clash()
            await completed(python, 2)
            await assert_echoes(channel)
            assert negotiation.impolite.ignored == 2
        yielding = ["have-local-offer", "stable", "have-remote-offer", "stable"]
        insisting = ["have-local-offer", "stable"]
        ours, theirs = (yielding, insisting) if polite == "frazil" else (insisting, yielding)
        assert python.seen["signalingState"] == ["stable", *ours * 2]
        assert shown(page, "signalingState") == ["stable", *theirs * 2]
        assert_connected_once(python, page, restarts=1)


@pytest.mark.parametrize("hesitant", ["frazil", "browser"])
async def test_an_offer_is_taken_back(browser: Browser, hesitant: str) -> None:
    """One end takes its first offer back and answers another; later both do it again."""
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("theirs")
        python.createDataChannel("ours")
        first, second = (python, page) if hesitant == "frazil" else (page, python)
        await first.setLocalDescription()
        await first.setLocalDescription({"type": "rollback"})
        async with Signalling(first, second) as line:
            await line.negotiate(second)
            await assert_echoes(channel)
            await completed(python)
            for peer in (python, page):
                await peer.setLocalDescription()
                await peer.setLocalDescription({"type": "rollback"})
            await line.negotiate(python)
            await assert_echoes(channel)
        taken_back = ("have-local-offer", "stable")
        offered, answered = ("have-local-offer", "stable"), ("have-remote-offer", "stable")
        if hesitant == "frazil":
            ours = [*taken_back, *answered, *taken_back, *offered]
            theirs = [*offered, *taken_back, *answered]
        else:
            ours = [*offered, *taken_back, *offered]
            theirs = [*taken_back, *answered, *taken_back, *answered]
        assert python.seen["signalingState"] == ["stable", *ours]
        assert shown(page, "signalingState") == ["stable", *theirs]
        assert_connected_once(python, page)


async def test_the_offer_of_the_other_is_put_aside(browser: Browser) -> None:
    """Each end takes an offer of the other and goes back, before one is answered in the end."""
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        python.createDataChannel("ours")
        channel = await page.createDataChannel("theirs")
        for offerer, other in ((python, page), (page, python)):
            await offerer.setLocalDescription()
            description = offerer.localDescription
            assert description is not None
            await other.setRemoteDescription({"type": "offer", "sdp": description.sdp})
            await other.setRemoteDescription({"type": "rollback"})
            await offerer.setLocalDescription({"type": "rollback"})
        async with Signalling(python, page) as line:
            await line.negotiate(python)
            await assert_echoes(channel)
            await completed(python)
        offers, takes = ["have-local-offer", "stable"], ["have-remote-offer", "stable"]
        assert python.seen["signalingState"] == ["stable", *offers, *takes, *offers]
        assert shown(page, "signalingState") == ["stable", *takes, *offers, *takes]
        assert_connected_once(python, page)


@pytest.mark.parametrize("offerer", ["frazil", "browser"])
async def test_channels_of_one_task(browser: Browser, offerer: str) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channels = await page.createDataChannels(*LABELS)
        for label in LABELS:
            own = python.createDataChannel(f"our {label}")
            own.on("message", own.send)
        sides = (python, page) if offerer == "frazil" else (page, python)
        async with Signalling(*sides) as line:
            await line.negotiate()
            for channel in channels:
                await channel.wait_for("open")
            theirs = [await page.channels.get() for _ in LABELS]
            assert [channel.label for channel in theirs] == [f"our {label}" for label in LABELS]
            for channel in [*channels, *theirs]:
                await channel.send(channel.label)
                assert await channel.receive() == channel.label
            await completed(python)
        assert [shown(page, f"channel {label}") for label in LABELS] == [
            ["connecting", "open"] for _ in LABELS
        ]
        assert page.values("negotiationneeded") == [""]
        assert_connected_once(python, page)


async def test_the_browser_closes_before_our_answer(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        await page.createDataChannel("echo")
        await page.setLocalDescription()
        assert page.localDescription is not None
        offer = {"type": "offer", "sdp": page.localDescription.sdp}
        await python.setRemoteDescription(offer)
        await page.close()
        await python.setLocalDescription()
        await python.gathering_complete()
        with pytest.raises(PeerError, match="InvalidStateError"):
            await page.setRemoteDescription({"type": "answer", "sdp": "v=0"})
        assert python.seen["signalingState"] == ["stable", "have-remote-offer", "stable"]
        assert python.seen["connectionState"] == python.seen["iceConnectionState"] == ["new"]
        assert page.values("signalingState") == ["stable", "have-local-offer", "closed"]
        assert page.values("iceConnectionState") == ["new", "closed"]
        assert page.values("connectionState") == ["new", "closed"]


async def test_we_close_while_an_answer_is_being_applied(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.createDataChannel("echo")
        await python.setLocalDescription()
        assert python.localDescription is not None
        await page.setRemoteDescription({"type": "offer", "sdp": python.localDescription.sdp})
        await page.setLocalDescription()
        assert page.localDescription is not None
        answer = {"type": "answer", "sdp": page.localDescription.sdp}
        applying = python.setRemoteDescription(answer)
        await python.close()
        await page.wait_for("iceGatheringState", "complete")
        assert not applying.done()  # webrtc-pc: the promise of a closed connection never settles
        for name in ("signalingState", "iceConnectionState", "connectionState"):
            assert getattr(python, name) == "closed"
        assert python.seen["signalingState"] == ["stable", "have-local-offer"]
        assert python.seen["connectionState"] == python.seen["iceConnectionState"] == ["new"]
        assert page.values("signalingState") == ["stable", "have-remote-offer", "stable"]
        assert page.values("connectionState") == page.values("iceConnectionState") == ["new"]
