"""The dashboard in a real browser."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from support.partner import need_module, need_program

need_module("websockets")

import frazil.dashboard  # noqa: E402
from frazil import IceOptions, RTCPeerConnection  # noqa: E402
from frazil.cli.dashboard import read_file  # noqa: E402
from frazil.dashboard import Recording  # noqa: E402
from frazil.dashboard.asset import single_page  # noqa: E402
from frazil.dashboard.identity import id_of  # noqa: E402
from frazil.w3c.peerconnection import CENSUS  # noqa: E402
from support.dashboard_page import DashboardChromium, DashboardPage  # noqa: E402
from support.laboratory import Laboratory  # noqa: E402
from support.sample_recording import (  # noqa: E402
    record_failed_session,
    record_long_session,
    record_session,
)

pytestmark = pytest.mark.interop

HOSTILE = "</script><img src=x onerror=trouble.push('run')><b id=made>"
MOVES = "texts('.moments .evidence h3').sort()"


@pytest.fixture(scope="module")
def user(laboratory: Laboratory) -> Iterator[DashboardChromium]:
    need_program("chromium", "chromium")
    chromium = DashboardChromium(laboratory.wire.near)
    laboratory.host(chromium.start())
    yield chromium
    laboratory.host(chromium.stop())


class Pair:
    """Two live connections on loopback."""

    def __init__(self) -> None:
        self.a, self.b = (RTCPeerConnection(ice=IceOptions(include_loopback=True)) for _ in "ab")

    async def __aenter__(self) -> "Pair":
        self.channel = self.a.createDataChannel(HOSTILE)
        await self.a.setLocalDescription()
        await self.a.gathering_complete()
        await self.b.setRemoteDescription(self.a.localDescription)
        await self.b.setLocalDescription()
        await self.b.gathering_complete()
        await self.a.setRemoteDescription(self.b.localDescription)
        await self.a.wait_connected(20)
        await self.channel.wait_open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.a.close()
        await self.b.close()


@asynccontextmanager
async def shown(
    user: DashboardChromium, place: str = "", recordings: Sequence[Recording] = ()
) -> AsyncIterator[DashboardPage]:
    """The dashboard of this process, at a place of it."""
    async with (
        await frazil.dashboard.serve(recordings=recordings) as server,
        user.visit(f"{server.url}#{place}") as page,
    ):
        yield page


def number_of(connection: RTCPeerConnection) -> int:
    return next(number for number, each in CENSUS if each is connection)


def moves_of(connection: RTCPeerConnection) -> list[str]:
    return sorted(f"{each.machine}: {each.old} → {each.new}" for each in connection.stateHistory)


async def test_a_live_session_is_shown_as_the_api_tells_it(user: DashboardChromium) -> None:
    async with Pair() as pair, await frazil.dashboard.serve() as server:
        number = number_of(pair.a)
        async with user.visit(f"{server.url}#{id_of(number)}") as page:
            assert await page.look("document.title") == f"connection {number} – frazil"
            assert await page.look(MOVES) == moves_of(pair.a)
            reasons = await page.look("texts('.moments .what')")
            assert set(reasons) == {each.reason.text for each in pair.a.stateHistory}
            assert await page.look("texts('.states .badge')[0]") == "connected"
            assert "in use" in await page.look("texts('.pair .tag')")
            assert await page.look("document.querySelector('[role=meter]').ariaValueNow > 0")
            assert HOSTILE in await page.look("texts('.layers th')")
            assert await page.look("document.getElementById('made')") is None

            width = "document.querySelector('.figure svg').clientWidth"
            narrow = await page.look(width)
            await page.look(
                "((it) => { it.value = '10'; it.dispatchEvent(new Event('change')); return 0; })"
                "(document.querySelector('.choice select'))"
            )
            assert await page.look(width) > 9 * narrow
            scroll = "document.querySelector('.figure .scroll').scrollLeft"
            assert await page.look(f"({scroll} = 500)") == 500

            pair.channel.send(bytes(50_000))
            await page.until("texts('.layers td').some((each) => each.includes('50 kB'))")
            await pair.a.close()
            await page.until("texts('.states .badge')[0] === 'closed'")
            assert await page.look(MOVES) == moves_of(pair.a)
            assert await page.look(scroll) == 500  # who looks at something is not disturbed


async def test_a_connection_that_goes_away_stays_on_the_page(user: DashboardChromium) -> None:
    connection = RTCPeerConnection()
    async with shown(user, id_of(number_of(connection))) as page:
        await connection.close()
        number = number_of(connection)
        del connection
        while CENSUS.get(number) is not None:  # an answer that is under way may hold it
            await asyncio.sleep(0.01)
            gc.collect()
        await page.until("document.body.textContent.includes('does not have this connection')")


async def test_a_process_that_ends_is_told(user: DashboardChromium) -> None:
    server = await frazil.dashboard.serve()
    async with user.visit(server.url) as page:
        await page.until("document.querySelector('.empty, tbody tr')")
        await server.close()
        await page.until("document.getElementById('status').textContent.includes('not answer')")


async def test_a_recording_is_opened_from_a_file(user: DashboardChromium, tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    await asyncio.to_thread(record_failed_session, path)
    async with shown(user) as page:
        await page.choose_file(path)
        await page.until("document.title.startsWith('failed.jsonl')")
        assert await page.look("texts('.findings h3')") == ["FZ-ICE-CONSENT-LOST"]
        assert await page.look("texts('.states .badge')[0]") == "closed"
        told = await page.look(MOVES)
        expected = sorted(
            f"{each.facts['machine']}: {each.facts['old']} → {each.facts['new']}"
            for each in read_file(path).records
            if each.event == "state-changed"
        )
        assert told == expected
        asked = await page.look(
            "performance.getEntriesByType('resource').map((each) => new URL(each.name).origin)"
        )
        assert set(asked) == {await page.look("location.origin")}


async def test_a_recording_is_dropped_onto_the_page(
    user: DashboardChromium, tmp_path: Path
) -> None:
    path = tmp_path / "short.jsonl"
    await asyncio.to_thread(record_session, path, HOSTILE)
    text = json.dumps(await asyncio.to_thread(path.read_text))
    drop = (
        "((data) => {"
        f"data.items.add(new File([{text}], 'dropped.jsonl'));"
        "document.body.dispatchEvent("
        "new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));"
        "return 0; })(new DataTransfer())"
    )
    async with shown(user) as page:
        for _ in range(2):  # the second takes the place of the first
            await page.look(drop)
            await page.until("document.title.startsWith('dropped.jsonl')")
            assert HOSTILE in await page.look("texts('.layers th')")
            assert await page.look("document.getElementById('made')") is None


async def test_a_connection_that_has_not_begun(user: DashboardChromium) -> None:
    connection = RTCPeerConnection()
    async with connection, shown(user, id_of(number_of(connection))) as page:
        assert "Nothing has changed yet." in await page.look("texts('.card p:not([hidden])')")
        seen = await page.look("performance.getEntriesByType('resource').length")
        await page.until(f"performance.getEntriesByType('resource').length > {seen} + 1")
        connection.createDataChannel("x")
        await connection.setLocalDescription()
        await page.until("texts('.moments .what').includes('a local offer was applied')")
        assert "Nothing has changed yet." not in await page.look("texts('.card p:not([hidden])')")


async def test_a_report_is_copied_or_shown(user: DashboardChromium, tmp_path: Path) -> None:
    path = tmp_path / "failed.jsonl"
    await asyncio.to_thread(record_failed_session, path)
    async with shown(user, "file-1", [read_file(path)]) as page:
        await page.look("Object.defineProperty(navigator, 'clipboard', {value: undefined}) && 0")
        await page.look("document.querySelector('.head button').click() ?? 0")
        await page.until("document.querySelector('dialog[open]')")
        report = await page.look("document.querySelector('dialog textarea').value")
        assert "FZ-ICE-CONSENT-LOST: The peer did not answer for 30 s" in report
        assert "connection: closed (was failed)" in report
        assert "connection disconnected -> failed: consent to send is lost" in report
        await page.press("Escape")
        await page.until("!document.querySelector('dialog')")


async def test_a_file_that_is_no_recording(user: DashboardChromium, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    async with shown(user) as page:
        await page.choose_file(path)
        await page.until("document.getElementById('status').textContent.includes('neither')")


async def test_five_hundred_connections(user: DashboardChromium) -> None:
    connections = [RTCPeerConnection() for _ in range(500)]
    newest = number_of(connections[-1])
    async with shown(user) as page:
        names = "texts('tbody th')"
        await page.until("document.querySelectorAll('tbody tr').length === 25")
        assert await page.look(f"{names}[0]") == f"connection {newest}"
        for turn in range(1, 4):
            await page.look("document.querySelector('.pager button:last-child').click() ?? 0")
            await page.until(f"{names}[0] === 'connection {newest - 25 * turn}'")
            assert await page.look("document.querySelectorAll('tbody tr').length") == 25
        sizes = (
            "performance.getEntriesByType('resource')"
            ".filter((each) => each.name.includes('connections?'))"
            ".map((each) => each.decodedBodySize)"
        )
        assert max(await page.look(sizes)) < 6000
        seen = await page.look(f"({sizes}).length")
        await page.until(f"({sizes}).length > {seen} + 2")  # nothing changes meanwhile
        assert max((await page.look(sizes))[seen + 1 :]) < 500
        assert await page.look("document.querySelectorAll('*').length") < 500
        count = sum(each.connectionState == "new" for _, each in CENSUS)
        await page.look("document.querySelector('[data-state=new]').click() ?? 0")
        await page.until(f"texts('.pager [role=status]')[0] === '1 to 25 of {count}'")
    for each in connections:
        await each.close()


async def test_the_keyboard_is_enough(user: DashboardChromium) -> None:
    async with Pair() as pair, shown(user) as page:
        await page.until("document.querySelector('tbody a')")
        await page.press("Tab")
        assert await page.look("document.activeElement.id") == "skip"
        await page.press("Enter")
        assert await page.look("document.activeElement.id") == "main"

        await page.tab_to("it.dataset.state === 'connected'")
        assert await has_focus_ring(page)
        await page.press("Enter")
        await page.until("document.querySelector('[data-state=connected]').ariaPressed === 'true'")
        await page.tab_to(f"it.hash === '#{id_of(number_of(pair.a))}'")
        await page.press("Enter")
        await page.until("document.querySelector('.moments summary')")
        assert await page.look("document.activeElement.id") == "main"

        await page.tab_to("it.name === 'axis'")
        await page.press("ArrowRight")
        assert await page.look("document.querySelectorAll('[name=axis]')[1].checked")
        await page.tab_to("it.localName === 'summary' && it.closest('.moments')")
        assert await has_focus_ring(page)
        await page.press(" ")
        assert await page.look("document.activeElement.parentElement.open")


async def has_focus_ring(page: DashboardPage) -> bool:
    return await page.look("getComputedStyle(document.activeElement).outlineStyle") == "solid"


async def test_everything_has_a_name(user: DashboardChromium, tmp_path: Path) -> None:
    path = tmp_path / "short.jsonl"
    await asyncio.to_thread(record_session, path)
    recording = read_file(path)
    async with shown(user, "file-1", [recording]) as page:
        unnamed = "button, select, svg, [role], section, fieldset"
        nameless = await page.look(
            f"[...document.querySelectorAll('{unnamed}')].filter((each) => !("
            "each.textContent.trim() || each.getAttribute('aria-label')"
            " || each.getAttribute('aria-labelledby') || each.id === 'status'))"
            ".map((each) => each.outerHTML)"
        )
        assert nameless == []
        images = "[...document.querySelectorAll('svg')]"
        named = await page.look(f"{images}.map((each) => each.role === 'img' && each.ariaLabel)")
        assert len(named) == 3
        assert all(named)
        levels = await page.look(
            "[...document.querySelectorAll('h1, h2')].map((each) => each.localName)"
        )
        assert levels == ["h1"] + ["h2"] * 8
        assert await page.look("document.querySelectorAll('.plot table').length") == 2


async def test_a_timeline_is_opened_offline(user: DashboardChromium, tmp_path: Path) -> None:
    path, page_path = tmp_path / "long.jsonl", tmp_path / "long.html"
    await asyncio.to_thread(record_long_session, path, HOSTILE)
    page_path.write_text(single_page(read_file(path).view()), encoding="utf-8")
    async with user.visit(page_path.as_uri()) as page:
        assert await page.look("document.title") == "long.jsonl – frazil"
        assert await page.look("performance.getEntriesByType('resource').length") == 0
        assert HOSTILE in await page.look("texts('.layers th')")
        assert await page.look("document.getElementById('made')") is None
        assert await page.look("texts('.candidates summary')") == ["Candidates (8)"]
        told = await page.look("texts('.candidates tbody tr')")
        assert told[0] == "ourshost10.0.0.1:491520.000 s"
        assert "theirsrelay203.0.113.9:491530.060 s" in told
        assert "an ICE restart began: both sides have new credentials" in await page.look(
            "texts('.moments .what')"
        )
        spans = await page.look("texts('.figure .used text')")
        assert spans == ["host → host", "host → relay", "host → host"]
        assert await page.look("document.getElementById('open')") is None
