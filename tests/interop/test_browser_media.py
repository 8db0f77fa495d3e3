"""Real browsers and this library: m-sections of audio and video, bundled with the data channels."""

import pytest

from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.partner import need_module
from support.remote_peer import RemotePeer
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop


def ours(python: FrazilPeer) -> dict[str | None, tuple[str, str | None]]:
    """Kind and current direction, by mid."""
    return {
        each.mid: (each.receiver.track.kind, each.currentDirection)
        for each in python.getTransceivers()
    }


async def theirs(page: RemotePeer) -> dict[str | None, tuple[str, str | None]]:
    """The same of the page."""
    found = await page.perform("getTransceivers")
    return {each["mid"]: (each["kind"], each["currentDirection"]) for each in found}


async def test_browser_offers_audio_video_and_data(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        await page.perform("addTransceiver", "audio", {})
        await page.perform("addTransceiver", "video", {"direction": "recvonly"})
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            await python.wait_for("iceConnectionState", "completed")
            await page.wait_for("connectionState", "connected")
        assert ours(python) == {"0": ("audio", "recvonly"), "1": ("video", "inactive")}
        assert await theirs(page) == {"0": ("audio", "sendonly"), "1": ("video", "inactive")}
        assert len(python._peer.transports.dtls) == 1
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_browser_answers_audio_video_and_data(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.addTransceiver("audio", {"direction": "recvonly"})
        python.addTransceiver("video")
        python.createDataChannel("first")
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            python.echo()
            await assert_echoes(await page.createDataChannel("echo"))
            await python.wait_for("connectionState", "connected")
            await page.wait_for("connectionState", "connected")
        assert ours(python) == {"0": ("audio", "inactive"), "1": ("video", "sendonly")}
        assert await theirs(page) == {"0": ("audio", "inactive"), "1": ("video", "recvonly")}
        assert len(python._peer.transports.dtls) == 1


async def test_sections_come_and_go_while_data_flows(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            python.addTransceiver("video")
            await signalling.negotiate(python)
            await page.perform("addTransceiver", "audio", {})
            await signalling.negotiate(page)
            assert set(ours(python)) == set(await theirs(page))
            assert sorted(kind for kind, _ in ours(python).values()) == ["audio", "video"]
            python.getTransceivers()[0].stop()
            await signalling.negotiate(python)
            assert [kind for kind, _ in ours(python).values()] == ["audio"]
            assert ours(python).keys() == (await theirs(page)).keys()
            await page.perform("addTransceiver", "video", {})
            await signalling.negotiate(page)
            assert ours(python).keys() == (await theirs(page)).keys()
            assert python.localDescription.sdp.count("m=") == 3, "the section was recycled"
            await page.perform("stopTransceiver", 0)
            await signalling.negotiate(page)
            assert ours(python).keys() == (await theirs(page)).keys()
            await assert_echoes(await page.createDataChannel("still there"))
        assert len(python._peer.transports.dtls) == 1
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]
        assert page.values("connectionState")[:3] == ["new", "connecting", "connected"]


async def test_max_bundle_on_both_sides(browser: Browser) -> None:
    configuration = {"bundlePolicy": "max-bundle"}
    async with browser.peer(configuration) as page, frazil_peer(configuration) as python:
        python.addTransceiver("audio")
        python.addTransceiver("video")
        python.createDataChannel("first")
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            await python.wait_for("connectionState", "connected")
            await page.wait_for("connectionState", "connected")
        assert python.localDescription.sdp.count("a=bundle-only") == 2
