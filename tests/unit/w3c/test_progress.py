"""Waiting for a connection to get somewhere."""

import asyncio
import time

import pytest

from frazil import ConnectivityError, InvalidStateError, RTCPeerConnection
from frazil.aio.pulse import Pulse
from frazil.testing import VirtualNetwork, run
from frazil.w3c.progress import wait_connected
from support.virtual_pair import VirtualPair, on_virtual_pair


@on_virtual_pair
async def test_who_waits_goes_on_when_the_connection_is_up(pair: VirtualPair):
    waiting = asyncio.create_task(pair.a.wait_connected())
    await asyncio.sleep(0)
    assert not waiting.done()
    await pair.connect()
    await waiting
    await pair.a.wait_connected(0.0)  # it is true already


@on_virtual_pair
async def test_a_timeout_that_is_no_number_is_named(pair: VirtualPair):
    channel = pair.a.createDataChannel("chat")
    for wait in (pair.a.wait_connected, channel.wait_open):
        with pytest.raises(TypeError, match="timeout must be a number of seconds, not '10'"):
            await wait("10")


@on_virtual_pair
async def test_nobody_waits_longer_than_wanted(pair: VirtualPair):
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(ConnectivityError) as caught:
        await pair.a.wait_connected(2.5)
    assert loop.time() - began == pytest.approx(2.5)
    assert str(caught.value).startswith("not connected after 2.5 s: connectionState is new")
    assert caught.value.report == pair.a.explain()


@on_virtual_pair
async def test_who_waits_hears_of_the_end(pair: VirtualPair):
    waiting = asyncio.create_task(pair.a.wait_connected(30))
    await asyncio.sleep(1)
    pair.a.close()
    with pytest.raises(ConnectivityError, match="not connected: connectionState is closed"):
        await waiting
    with pytest.raises(ConnectivityError, match="not connected: connectionState is closed"):
        await pair.a.wait_connected()


@on_virtual_pair
async def test_who_waits_for_candidates_hears_of_the_end(pair: VirtualPair):
    waiting = asyncio.create_task(pair.a.gathering_complete())
    await asyncio.sleep(1)
    assert not waiting.done()
    pair.a.close()
    with pytest.raises(InvalidStateError, match="before gathering was complete"):
        await waiting


@on_virtual_pair
async def test_gathering_complete_is_not_undone_by_close(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    waiting = asyncio.create_task(pair.a.gathering_complete())
    await waiting
    pair.a.close()
    await pair.a.gathering_complete()


@on_virtual_pair
async def test_where_nothing_is_gathered_for_nobody_waits(pair: VirtualPair):
    waiting = asyncio.create_task(pair.a.gathering_complete())
    await asyncio.sleep(1)
    assert not waiting.done(), "there is no description yet"
    async with asyncio.timeout(1):
        await pair.a.setLocalDescription()
        await waiting
        await pair.a.gathering_complete()


async def signal(offerer: RTCPeerConnection, answerer: RTCPeerConnection) -> list[int]:
    """One message each way; on how many transports it names all candidates."""
    found = []
    for one, other in ((offerer, answerer), (answerer, offerer)):
        await one.setLocalDescription()
        await one.gathering_complete()
        sdp = one.localDescription.sdp
        found.append(sdp.count("a=end-of-candidates"))
        assert sdp.count("a=candidate:") >= found[-1]
        if one is answerer:
            sdp = sdp.replace("a=group:BUNDLE 0\r\n", "")
        await other.setRemoteDescription({"type": one.localDescription.type, "sdp": sdp})
    return found


@pytest.mark.parametrize(
    ("change", "transports"),
    [
        (lambda pc: pc.restartIce(), [1, 1]),
        (lambda pc: pc.setConfiguration({"iceServers": [{"urls": "stun:10.0.0.9"}]}), [1, 1]),
        (lambda pc: pc.addTransceiver("audio"), [2, 1]),
    ],
    ids=["restart", "another server", "another transport"],
)
def test_who_waits_for_candidates_gets_those_of_every_description(change, transports):
    async def main(net: VirtualNetwork) -> None:
        async with (
            RTCPeerConnection(network=net.host("a", "10.0.0.1")) as a,
            RTCPeerConnection(network=net.host("b", "10.0.0.2")) as b,
        ):
            a.createDataChannel("chat")
            assert await signal(a, b) == [1, 1]
            await a.wait_connected(5)
            change(a)
            assert await signal(a, b) == transports

    run(main)


def test_what_came_true_in_the_turn_in_which_the_time_ran_out_came_in_time():
    async def main():
        pulse, state = Pulse(), ["checking"]

        def come_up():
            state[0] = "connected"
            pulse.beat()

        asyncio.get_running_loop().call_later(0.05, come_up)
        waiting = asyncio.create_task(wait_connected(pulse, "state", lambda: state[0], 0.1, print))
        await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251 - a program that is busy until both are due
        await waiting

    asyncio.run(main())
