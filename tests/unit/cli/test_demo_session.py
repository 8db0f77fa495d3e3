import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from frazil.cli.demo_session import BLACKOUT_S, MAX_EVENTS, DemoSession
from frazil.cli.negotiation import Negotiation
from frazil.testing import run
from frazil.w3c import RTCPeerConnection


class Page:
    """What the page's script does, in Python: it answers, or offers, and chats."""

    def __init__(self, session, host):
        self.pc = RTCPeerConnection(network=host)
        self.told = []
        self.heard = []
        self.channel = None
        self._session = session
        self._negotiation = Negotiation(self.pc, self._signal, polite=True)
        self.pc.on("datachannel", self.adopt)

    async def run(self):
        async with self.pc, asyncio.TaskGroup() as group:
            group.create_task(self._negotiation.run())
            while True:
                event = json.loads(await self._session.events.get())
                if event["type"] == "signal":
                    self._negotiation.deliver(event["signal"])
                else:
                    self.told.append(event)

    def _signal(self, signal):
        self._session.perform("signal", json.loads(json.dumps(signal)))

    def adopt(self, channel):
        self.channel = channel
        channel.on("message", lambda message: self.heard.append(json.loads(message)["text"]))

    def say(self, text, sent_at=0.0):
        self.channel.send(json.dumps({"text": text, "sentAt": sent_at}))

    def of_type(self, kind):
        return [event for event in self.told if event["type"] == kind]

    def states(self, machine):
        return [event["new"] for event in self.of_type("state") if event["machine"] == machine]

    def notes(self):
        return [event["text"] for event in self.of_type("note")]


def visit(script, offerer="python"):
    """Run a script on a session and a page that are connected."""
    shown = []

    @asynccontextmanager
    async def running(page):
        task = asyncio.create_task(page.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def main(net):
        session = DemoSession(net.host("python", "10.0.0.1", "127.0.0.1"), shown.append, 0.0)
        page = Page(session, net.host("browser", "10.0.0.2"))
        async with session, running(page):
            session.perform("start", {"offerer": offerer})
            if offerer == "browser":
                page.adopt(page.pc.createDataChannel("chat"))
            await page.pc.wait_connected(5)
            await asyncio.sleep(1)
            await script(session, page)
        assert len(shown) >= len(page.told) - 1  # all but the greeting

    run(main)


@pytest.mark.parametrize("offerer", ["python", "browser"])
def test_either_side_offers(offerer):
    async def script(session, page):
        assert page.told[0] == {"type": "hello", "at": 0.0}
        assert page.states("connection") == ["connecting", "connected"]
        first = "have-local-offer" if offerer == "python" else "have-remote-offer"
        assert page.states("signaling") == [first, "stable"]

    visit(script, offerer)


def test_messages_go_both_ways():
    async def script(session, page):
        session.perform("say", {"text": "from Python"})
        page.say("from the page")
        await asyncio.sleep(1)
        assert page.heard == ["from Python"]
        assert [event["text"] for event in page.of_type("sent")] == ["from Python"]
        (arrived,) = page.of_type("arrived")
        assert arrived["text"] == "from the page"
        assert arrived["after_s"] > 0

    visit(script)


@pytest.mark.parametrize("message", ["hello", "[]", '{"text": "x"}', '{"text": "x", "sentAt": []}'])
def test_a_message_in_another_form_is_noted(message):
    async def script(session, page):
        page.channel.send(message)
        await asyncio.sleep(1)
        assert page.of_type("arrived") == []
        assert page.notes()[-1].startswith("the browser sent a message in a form")

    visit(script)


def test_a_blackout_is_seen_and_ends_by_itself():
    async def script(session, page):
        session.perform("blackout", {})
        session.perform("blackout", {})  # one at a time
        await asyncio.sleep(BLACKOUT_S + 2)
        begun, ended = page.of_type("path")
        assert (begun["blocked"], ended["blocked"]) == (True, False)
        assert ended["at"] - begun["at"] == pytest.approx(BLACKOUT_S)
        assert page.states("connection")[-2:] == ["disconnected", "connected"]

    visit(script)


def test_python_restarts_ice():
    async def script(session, page):
        session.perform("restart", {})
        await asyncio.sleep(2)
        assert page.states("ice-connection")[-2:] == ["connected", "completed"]
        assert page.states("signaling")[-2:] == ["have-local-offer", "stable"]

    visit(script)


def test_the_page_restarts_ice():
    async def script(session, page):
        page.pc.restartIce()
        await asyncio.sleep(2)
        assert page.states("ice-connection")[-2:] == ["connected", "completed"]
        assert page.states("signaling")[-2:] == ["have-remote-offer", "stable"]

    visit(script)


def test_python_closes():
    async def script(session, page):
        session.perform("close", {})
        await asyncio.sleep(1)
        assert page.states("connection")[-1] == "closed"
        session.perform("say", {"text": "too late"})
        await asyncio.sleep(1)
        assert page.notes()[-1] == "there is no open channel to speak into"

    visit(script)


def test_the_page_closes():
    async def script(session, page):
        page.pc.close()
        await asyncio.sleep(1)
        assert page.notes()[-1].startswith("the browser said goodbye (")
        assert page.states("connection")[-1] == "closed"

    visit(script)


def test_the_page_leaves_in_a_blackout():
    async def script(session, page):
        session.perform("blackout", {})

    visit(script)  # nothing is left behind


@pytest.mark.parametrize(
    "signal", [{"description": {"type": "offer", "sdp": "no"}}, {"candidate": {"candidate": "x"}}]
)
def test_a_signal_that_makes_no_sense_ends_the_connection(signal):
    async def script(session, page):
        session.perform("signal", signal)
        await asyncio.sleep(1)
        assert page.notes()[-1].startswith("the browser's signal cannot be applied: ")
        assert page.states("connection")[-1] == "closed"

    visit(script)


def test_an_unknown_command_is_an_error():
    async def script(session, page):
        with pytest.raises(LookupError):
            session.perform("explode", {})

    visit(script)


def test_a_page_that_reads_no_more_fills_no_memory():
    async def script(session, page):
        for _ in range(2 * MAX_EVENTS):
            session.perform("say", {"text": "x"})
        assert session.events.qsize() == MAX_EVENTS

    visit(script)


def test_a_replaced_page_is_told():
    async def script(session, page):
        session.dismiss()
        await asyncio.sleep(1)
        assert page.told[-1] == {"type": "replaced"}

    visit(script)
