"""Sessions with real browsers are recorded, and go the same way again without them."""

from pathlib import Path

import pytest

from frazil.aio.recording_file import join_recordings
from frazil.record import replay
from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop


def recording(folder: Path) -> list[str]:
    """The lines of the only recording in ``folder``."""
    join_recordings(10)
    (path,) = folder.iterdir()
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("offering", ["browser", "python"])
async def test_a_session_goes_the_same_way_again(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offering: str
) -> None:
    monkeypatch.setenv("FRAZIL_TRACE", str(tmp_path))
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        peers = (page, python) if offering == "browser" else (python, page)
        if offering == "python":
            own = python.createDataChannel("echo")
            own.on("message", own.send)
        else:
            channel = await page.createDataChannel("echo")
        async with Signalling(*peers) as signalling:
            await signalling.negotiate()
            if offering == "python":
                channel = await page.channels.get()
            await assert_echoes(channel)
            await python.wait_for("iceConnectionState", "completed")
            await python.getStats()
    lines = recording(tmp_path)
    assert any('"completed"' in line for line in lines)
    assert replay(lines) is None


async def test_a_session_that_loses_its_path_goes_the_same_way_again(
    laboratory: Laboratory, chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAZIL_TRACE", str(tmp_path))
    async with chromium.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("echo")
        async with Signalling(page, python) as signalling:
            await signalling.negotiate()
            await assert_echoes(channel)
            laboratory.wire.blackout()
            await python.wait_for("connectionState", "disconnected")
            laboratory.wire.heal()
            await python.wait_for("connectionState", "connected")
            python.restartIce()
            await signalling.negotiate(python)
            await assert_echoes(channel)
    lines = recording(tmp_path)
    assert any('"liveness-lost"' in line for line in lines)
    assert replay(lines) is None
