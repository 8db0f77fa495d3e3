"""How much sooner a channel opens if both ends announce INIT (draft-hancke-tsvwg-snap)."""

import asyncio

import pytest

from frazil import RTCPeerConnection, SessionConfig
from frazil.testing import Conditions, VirtualNetwork, run

WITH, WITHOUT = SessionConfig(), SessionConfig(snap=False)
ROUND_TRIP_S = 0.2


def times_to_open(one: SessionConfig, two: SessionConfig) -> list[float]:
    """Seconds from `connected` until the offerer's channel is open, and until it hears an echo."""

    async def main(net: VirtualNetwork) -> list[float]:
        hosts = net.host("one", "10.0.0.1"), net.host("two", "10.0.0.2")
        net.connect(*hosts, Conditions(delay_s=ROUND_TRIP_S / 2))
        a = RTCPeerConnection(network=hosts[0], session=one)
        b = RTCPeerConnection(network=hosts[1], session=two)
        opened: list[float] = []
        loop = asyncio.get_running_loop()
        b.on("datachannel", lambda channel: channel.on("message", channel.send))
        channel = a.createDataChannel("chat")
        heard = asyncio.Event()
        channel.on("message", lambda _: heard.set())
        await a.setLocalDescription()
        await a.gathering_complete()
        await b.setRemoteDescription(a.localDescription)
        await b.setLocalDescription()
        await b.gathering_complete()
        await a.setRemoteDescription(b.localDescription)
        await a.wait_connected(10)
        start = loop.time()
        await channel.wait_open()
        opened.append(loop.time() - start)
        channel.send("hello")
        await heard.wait()
        opened.append(loop.time() - start)
        await a.close()
        await b.close()
        return opened

    return run(main)


@pytest.mark.parametrize(
    ("one", "two", "round_trips"),
    [(WITH, WITH, 0), (WITHOUT, WITHOUT, 2), (WITH, WITHOUT, 2), (WITHOUT, WITH, 2)],
    ids=["both", "neither", "the offerer", "the answerer"],
)
def test_round_trips_from_connected_to_open(one, two, round_trips):
    opened, heard = times_to_open(one, two)
    assert opened == pytest.approx(round_trips * ROUND_TRIP_S)
    assert heard == pytest.approx((round_trips + 1) * ROUND_TRIP_S)


def test_the_switch_is_a_bool():
    with pytest.raises(TypeError, match="snap must be a bool"):
        SessionConfig(snap=1)
