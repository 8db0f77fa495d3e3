import asyncio

import pytest

from frazil.cli.negotiation import Negotiation
from frazil.errors import RTCError
from frazil.testing import run
from frazil.w3c import RTCPeerConnection


class Line:
    """Carries signals to a negotiation, 10 ms each, in order."""

    def __init__(self):
        self._loop = asyncio.get_running_loop()
        self._last_at = 0.0
        self.target = None

    def send(self, signal):
        self._last_at = max(self._loop.time() + 0.01, self._last_at + 1e-6)
        self._loop.call_at(self._last_at, self.target.deliver, signal)


def negotiate(script):
    """Run a script on two peers that negotiate whatever it does."""

    async def main(net):
        there, back = Line(), Line()
        one = RTCPeerConnection(network=net.host("one", "10.0.0.1"))
        two = RTCPeerConnection(network=net.host("two", "10.0.0.2"))
        back.target = Negotiation(one, there.send, polite=False)
        there.target = Negotiation(two, back.send, polite=True)
        async with one, two:
            runs = [asyncio.create_task(line.target.run()) for line in (there, back)]
            async with asyncio.timeout(30):
                await script(one, two)
            await asyncio.sleep(1)  # for signals that are still under way
            assert not any(each.done() for each in runs)
            for each in runs:
                each.cancel()
            await asyncio.wait(runs)

    run(main)


@pytest.mark.parametrize("first", [0, 1])
def test_a_channel_on_either_side_leads_to_a_connection(first):
    async def script(*peers):
        peers[first].createDataChannel("a")
        for peer in peers:
            await peer.wait_connected(5)

    negotiate(script)


def test_offers_that_collide_lead_to_a_connection():
    async def script(one, two):
        channels = [one.createDataChannel("a"), two.createDataChannel("b")]
        for channel in channels:
            await channel.wait_open()
        texts = [change.reason.cause for change in two.stateHistory]
        assert "implicit-rollback" in texts
        assert one.signalingState == two.signalingState == "stable"

    negotiate(script)


def test_restarts_that_collide_leave_the_connection_up():
    async def script(one, two):
        one.createDataChannel("a")
        for peer in (one, two):
            await peer.wait_connected(5)
        one.restartIce()
        two.restartIce()
        await asyncio.sleep(5)
        for peer in (one, two):
            assert peer.signalingState == "stable"
            assert peer.iceConnectionState == "completed"
            states = [c.new for c in peer.stateHistory if c.machine == "connection"]
            assert states == ["connecting", "connected"]

    negotiate(script)


@pytest.mark.parametrize(
    ("signal", "error"),
    [
        ({"description": {"type": "offer", "sdp": "?"}}, RTCError),
        ({"description": {"type": "pizza", "sdp": ""}}, TypeError),
    ],
)
def test_a_signal_that_cannot_be_applied_is_raised(signal, error):
    async def main(net):
        async with RTCPeerConnection(network=net.host("one", "10.0.0.1")) as pc:
            negotiation = Negotiation(pc, lambda signal: None, polite=True)
            negotiation.deliver(signal)
            with pytest.raises(error):
                await negotiation.run()

    run(main)
