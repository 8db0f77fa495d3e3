"""Many connections on one event loop do not disturb each other's order of events."""

import asyncio
from typing import Any

import pytest

from frazil import RTCPeerConnection
from frazil.testing import VirtualHost, VirtualNetwork, run

PAIRS = 20

Signals = asyncio.Queue[dict[str, Any]]


class End:
    """Signals each candidate at once, and its description as soon as it is set."""

    def __init__(self, host: VirtualHost, outbox: Signals) -> None:
        self.pc = RTCPeerConnection(network=host)
        self.signal = outbox.put_nowait
        self.pc.on("icecandidate", self.trickle)

    def trickle(self, candidate: Any) -> None:
        if candidate is not None:
            self.signal(candidate.toJSON())

    async def describe(self) -> None:
        await self.pc.setLocalDescription()
        description = self.pc.localDescription
        assert description is not None
        self.signal({"type": description.type, "sdp": description.sdp})

    async def follow(self, inbox: Signals) -> None:
        while True:
            signal = await inbox.get()
            if "candidate" in signal:
                await self.pc.addIceCandidate(signal)
                continue
            await self.pc.setRemoteDescription(signal)
            if signal["type"] == "offer":
                await self.describe()


@pytest.mark.parametrize("count", [1, PAIRS])
def test_the_description_is_signalled_before_the_candidates_that_belong_to_it(count):
    """Who waits for it runs before the next task of its connection, whoever else has a turn."""

    async def connect(a: VirtualHost, b: VirtualHost) -> None:
        to_a, to_b = Signals(), Signals()
        one, two = End(a, to_b), End(b, to_a)
        async with one.pc, two.pc, asyncio.TaskGroup() as group:
            following = [group.create_task(one.follow(to_a)), group.create_task(two.follow(to_b))]
            channel = one.pc.createDataChannel("crowd")
            await one.describe()
            await channel.wait_open()
            for task in following:
                task.cancel()

    async def main(net: VirtualNetwork) -> None:
        a, b = net.host("a", "10.0.0.1"), net.host("b", "10.0.0.2")
        await asyncio.gather(*(connect(a, b) for _ in range(count)))

    run(main)
