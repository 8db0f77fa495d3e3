"""Random lives of channels with real partners, while packets get lost."""

import asyncio
import time
from random import Random
from typing import Any

import pytest

from support.browser import Browser
from support.frazil_peer import FrazilPeer, frazil_peer
from support.laboratory import Laboratory
from support.node import NODE_DATACHANNEL
from support.partner import need_module
from support.random_channel import ChannelLife, End, LocalEnd, PagePartner, Partner
from support.signalling import Signalling

need_module("aiortc")
need_module("websockets")

from support.aiortc_peer import AiortcPeer, aiortc_peer  # noqa: E402
from support.peer_host import PeerHost  # noqa: E402

pytestmark = pytest.mark.interop

LIFE_S = 5.0
"""How long new things happen."""
PATIENCE_S = 20.0
"""Within this time all of them have to be over."""
LOSS = 0.03


class AiortcPartner(Partner):
    """aiortc."""

    def __init__(self, peer: AiortcPeer) -> None:
        self.peer = peer
        self._found: dict[str, End] = {}
        peer.addEventListener("datachannel", self._find)

    def _find(self, channel: Any) -> None:
        self._found[channel.label] = LocalEnd(channel)

    async def open(self, label: str, **options: Any) -> End:
        return LocalEnd(self.peer.createDataChannel(label, **options))

    def found(self) -> dict[str, End]:
        return self._found


class PionPartner(PagePartner):
    """Pion."""

    max_size = 65_535


async def live(laboratory: Laboratory, python: FrazilPeer, partner: Partner) -> None:
    """Let things happen, and see that all comes to a good end."""
    seed = time.time_ns()
    random = Random(seed)
    life = ChannelLife(random, python, partner)
    await life.open_ours()
    async with Signalling(python, partner.peer) as line:
        await line.negotiate(python)
        await python.wait_connected(10)
        laboratory.wire.lose(LOSS)
        over_at = time.monotonic() + LIFE_S
        while time.monotonic() < over_at:
            await random.choice(life.happenings)()
            await asyncio.sleep(random.choice((0, 0, 0.001, 0.05, 0.3)))
        laboratory.wire.heal()
        over_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < over_at and not all(each.is_settled() for each in life.channels):
            await asyncio.sleep(0.1)
            life.look()
        print(f"seed {seed}: {len(life.channels)} channels")
        for channel in life.channels:
            channel.check()


async def test_aiortc(laboratory: Laboratory) -> None:
    async with aiortc_peer() as other, frazil_peer() as python:
        await live(laboratory, python, AiortcPartner(other))


async def test_browser(laboratory: Laboratory, browser: Browser) -> None:
    async with browser.peer() as page, frazil_peer() as python:
        await live(laboratory, python, PagePartner(page))


async def test_pion(laboratory: Laboratory, pion: PeerHost) -> None:
    async with pion.peer({}) as other, frazil_peer() as python:
        await live(laboratory, python, PionPartner(other))


class NodePartner(PagePartner):
    """A stack for Node.js; none of them closes a channel as it should (``node.py``).

    Only libdatachannel has a life here. werift, amid losses, acknowledges messages that it never
    hands on, and stops sending what waits, for good. With libwebrtc of that age one life in ten or
    so does not end well: it opens a channel on a stream that has one, or sends nothing any more.
    Whose doing that is was not found out.
    """

    ends_channels = False


@pytest.mark.parametrize("node_stack", [NODE_DATACHANNEL], ids=str, indirect=True)
async def test_node(laboratory: Laboratory, node: PeerHost) -> None:
    async with node.peer() as other, frazil_peer() as python:
        await live(laboratory, python, NodePartner(other))
