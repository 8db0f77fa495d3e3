"""Real browsers and this library: m-sections of audio and video, bundled with the data channels."""

import re
from random import Random

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
    # Firefox keeps those that were stopped before they had an m-section.
    kept = [each for each in found if each["mid"] is not None or each["direction"] != "stopped"]
    return {each["mid"]: (each["kind"], each["currentDirection"]) for each in kept}


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


async def test_our_later_offers_keep_to_what_the_browser_has_offered(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        await page.perform("addTransceiver", "audio", {})
        await page.perform("addTransceiver", "video", {})
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            python.restartIce()
            await signalling.negotiate(python)
            python.addTransceiver("video")
            python.addTransceiver("audio")
            await signalling.negotiate(python)
            await signalling.negotiate(page)
            await signalling.negotiate(python)
            assert ours(python).keys() == (await theirs(page)).keys()
            await assert_echoes(channel)
        numbers = set(re.findall(r"a=extmap:(\d+) .*sdes:mid", python.localDescription.sdp))
        assert len(numbers) == 1
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_our_offer_leaves_the_section_before_the_tag_alone(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        await page.perform("addTransceiver", "audio", {})
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await page.perform("stopTransceiver", 0)
            channel = await page.createDataChannel("echo")
            await signalling.negotiate()
            await assert_echoes(channel)
            python.addTransceiver("audio")
            await signalling.negotiate(python)
            assert ours(python).keys() == (await theirs(page)).keys() == {"2"}
            await assert_echoes(channel)
            python.getTransceivers()[0].stop()
            await signalling.negotiate(python)
            python.addTransceiver("video")
            await signalling.negotiate(python)
            assert python.localDescription.sdp.count("m=") == 3, "the one behind it was recycled"
            assert ours(python).keys() == (await theirs(page)).keys() == {"3"}
            await assert_echoes(channel)


async def test_negotiation_goes_on_after_our_first_offer(browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        python.addTransceiver("audio")
        python.addTransceiver("video")
        python.createDataChannel("first")
        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            python.echo()
            channel = await page.createDataChannel("echo")
            await assert_echoes(channel)
            for offerer in (python, page, python):
                await signalling.negotiate(offerer)
            python.restartIce()
            await signalling.negotiate(python)
            await page.perform("addTransceiver", "audio", {})
            await signalling.negotiate(page)
            python.addTransceiver("video")
            await signalling.negotiate(python)
            assert ours(python).keys() == (await theirs(page)).keys()
            await assert_echoes(channel)
        assert len(python._peer.transports.dtls) == 1
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


@pytest.mark.parametrize("stopper", ["page", "python"])
async def test_a_browser_gives_its_transport_up_with_the_tag_and_says_goodbye(
    browser: Browser, stopper: str
) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        goodbyes: list[str] = []
        python.on("remoteclose", goodbyes.append)
        python.createDataChannel("data")
        await page.perform("addTransceiver", "audio", {})
        await page.createDataChannel("data")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await python.wait_for("connectionState", "connected")
            if stopper == "page":
                await page.perform("stopTransceiver", 0)
                await signalling.negotiate(page)
            else:
                python.getTransceivers()[0].stop()
                await signalling.negotiate(python)
            await python.until(lambda: bool(goodbyes))
            sctp = python.sctp
            assert sctp is not None
            # Firefox says it with SCTP, and a moment later with DTLS.
            await python.until(lambda: (sctp.transport.state, sctp.state) == ("closed", "closed"))
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def test_negotiation_goes_on_after_we_stop_the_tag_of_our_first_offer(
    browser: Browser,
) -> None:
    """Data does not: the browser gives its transport up with the section, and its DTLS with it."""
    async with browser.peer() as page, frazil_peer() as python:
        python.addTransceiver("audio")
        python.addTransceiver("video")
        python.createDataChannel("first")

        def restarts() -> int:
            return python.seen["iceConnectionState"].count("completed") - 1

        async with Signalling(python, page) as signalling:
            await signalling.negotiate()
            python.echo()
            await assert_echoes(await page.createDataChannel("echo"))
            await signalling.negotiate(python)
            await python.wait_for("iceConnectionState", "completed")
            python.getTransceivers()[0].stop()
            await signalling.negotiate(python)
            await python.until(lambda: restarts() == 1)
            python.restartIce()
            await signalling.negotiate(python)
            await python.until(lambda: restarts() == 2)
            python.addTransceiver("video")
            await signalling.negotiate(python)
            assert ours(python).keys() == (await theirs(page)).keys() == {"1", "3"}


@pytest.mark.parametrize("seed", range(3))
async def test_random_renegotiation_keeps_both_sides_alike(browser: Browser, seed: int) -> None:
    random = Random(seed)
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            for _ in range(15):
                await change(python, page, random)
                for offerer in random.sample([python, page], 2):  # whoever added something
                    await signalling.negotiate(offerer)
                assert ours(python).keys() == (await theirs(page)).keys()
            await assert_echoes(channel)
        assert len(python._peer.transports.dtls) == 1
        assert python.seen["connectionState"] == ["new", "connecting", "connected"]


async def change(python: FrazilPeer, page: RemotePeer, random: Random) -> None:
    """One side wants something else."""
    kind, direction = random.choice(["audio", "video"]), random.choice(["recvonly", "inactive"])
    stoppable = range(len(python.getTransceivers()))
    match random.randrange(6):
        case 0:
            python.addTransceiver(kind, {"direction": direction})
        case 1:
            await page.perform("addTransceiver", kind, {"direction": direction})
        case 2 if stoppable:
            python.getTransceivers()[random.choice(stoppable)].stop()
        case 3 if stoppable:
            await page.perform("stopTransceiver", random.choice(stoppable))
        case 4 if stoppable:
            python.getTransceivers()[random.choice(stoppable)].direction = "sendrecv"
        case 5:
            python.restartIce()


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
