"""Random lives with real browsers: whatever happens, both ends are connected after it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count
from random import Random

import pytest

from support.browser import Browser
from support.echo import assert_echoes
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.partner import need_module
from support.remote_peer import RemoteChannel, RemotePeer
from support.signalling import Signalling

need_module("websockets")

pytestmark = pytest.mark.interop

LIFE_S = 15.0
"""How long new things happen."""
PATIENCE_S = 20.0
"""Within this time each of them has to be over, and forgotten."""
KINDS = ("audio", "video")
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
OPTIONS = ({}, {"ordered": False}, {"maxRetransmits": 2}, {"maxPacketLifeTime": 5000})


class Life:
    """A connection to a page, and what can happen to it."""

    def __init__(
        self,
        random: Random,
        laboratory: Laboratory,
        page: RemotePeer,
        python: FrazilPeer,
        line: Signalling,
    ) -> None:
        self._random = random
        self._wire = laboratory.wire
        self._page = page
        self._python = python
        self._line = line
        self._channels: list[RemoteChannel] = []
        self._numbers = count(1)

    @property
    def happenings(self) -> list[Callable[[], Awaitable[None]]]:
        """Everything that can happen."""
        return [
            self.negotiate,
            self.restart,
            self.restart_twice,
            self.cut_briefly,
            self.cut_until_noticed,
            self.restart_while_cut,
            self.open_theirs,
            self.open_ours,
            self.close_theirs,
            self.add_media,
            self.stop_media,
        ]

    async def negotiate(self) -> None:
        """Either offers, with nothing new to say."""
        await self._line.negotiate(self._anyone())

    async def restart(self) -> None:
        """Either restarts ICE."""
        offerer = self._anyone()
        result = offerer.restartIce()
        if result is not None:
            await result
        await self._line.negotiate(offerer)

    async def restart_twice(self) -> None:
        """The next restart comes before anybody has checked anything for the last."""
        await self.restart()
        await self.restart()

    async def cut_briefly(self) -> None:
        """The wire is cut, and healed before anybody needs to notice."""
        self._wire.blackout()
        await asyncio.sleep(self._random.uniform(0.2, 3))
        self._wire.heal()

    async def cut_until_noticed(self) -> None:
        """The wire is cut until we are `disconnected`, or a little longer."""
        self._wire.blackout()
        await self._python.wait_for("connectionState", "disconnected")
        await asyncio.sleep(self._random.uniform(0, 2))
        self._wire.heal()

    async def restart_while_cut(self) -> None:
        """Signalling works and nothing else, for a while."""
        self._wire.blackout()
        await self.restart()
        await asyncio.sleep(self._random.uniform(0, 3))
        self._wire.heal()

    async def open_theirs(self) -> None:
        """The page opens another channel."""
        label = f"their {next(self._numbers)}"
        channel = await self._page.createDataChannel(label, **self._random.choice(OPTIONS))
        self._channels.append(channel)
        await assert_returned(channel)

    async def open_ours(self) -> None:
        """We open another channel, and perhaps close it again."""
        label = f"our {next(self._numbers)}"
        own = self._python.createDataChannel(label, **self._random.choice(OPTIONS))
        own.on("message", own.send)
        channel = await self._page.channels.get()
        await assert_returned(channel)
        if self._random.random() < 0.5:
            own.close()
            await channel.wait_for("closed")

    async def close_theirs(self) -> None:
        """The page closes one of its channels, if it has any but the first."""
        if self._channels:
            channel = self._channels.pop(self._random.randrange(len(self._channels)))
            await channel.close()
            await channel.wait_for("closed")

    async def add_media(self) -> None:
        """Either would send or receive something, and says so."""
        kind, direction = self._random.choice(KINDS), self._random.choice(DIRECTIONS)
        offerer = self._anyone()
        if offerer is self._page:
            await self._page.perform("addTransceiver", kind, {"direction": direction})
        else:
            self._python.addTransceiver(kind, {"direction": direction})
        await self._line.negotiate(offerer)

    async def stop_media(self) -> None:
        """Either stops one of the transceivers, if there are any."""
        places = range(len(self._python.getTransceivers()))
        if places:
            place, offerer = self._random.choice(places), self._anyone()
            if offerer is self._page:
                await self._page.perform("stopTransceiver", place)
            else:
                self._python.getTransceivers()[place].stop()
            await self._line.negotiate(offerer)

    def _anyone(self) -> RemotePeer | FrazilPeer:
        return self._random.choice((self._page, self._python))


async def assert_returned(channel: RemoteChannel) -> None:
    await channel.wait_for("open")
    await channel.send(channel.label)
    assert await channel.receive() == channel.label


async def test_random_life(laboratory: Laboratory, browser: Browser) -> None:
    seed = time.time_ns()
    random = Random(seed)
    happened = [f"seed {seed}"]
    async with browser.peer() as page, frazil_peer() as python:
        python.echo()
        channel = await page.createDataChannel("first")
        async with Signalling(page, python) as line:
            await line.negotiate(page)
            await assert_echoes(channel)
            life = Life(random, laboratory, page, python, line)
            over_at = time.monotonic() + LIFE_S
            while time.monotonic() < over_at:
                happening = random.choice(life.happenings)
                happened.append(happening.__name__)
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await happening()
                        await assert_echoes(channel)
                        await python.wait_for("connectionState", "connected")
                        await python.wait_for("iceConnectionState", "completed")
                        await page.wait_for("connectionState", "connected")
                except TimeoutError:
                    pytest.fail(f"stuck after {', '.join(happened)}")
    assert "failed" not in python.seen["connectionState"]
    assert "failed" not in page.values("connectionState")
