import asyncio
import re

import pytest

from frazil import ConnectivityError
from support.virtual_pair import VirtualPair, on_virtual_pair


async def blame(pair: VirtualPair, limit_s: float | None = None) -> tuple[str, ...]:
    """The findings of ``a``, which must not get connected."""
    with pytest.raises(ConnectivityError) as caught:
        await pair.a.wait_connected(limit_s)
    for sentence in caught.value.findings:
        assert sentence in str(caught.value)
    return caught.value.findings


@on_virtual_pair
async def test_nothing_was_exchanged(pair: VirtualPair):
    assert await blame(pair, 5) == ("no description was set: offer and answer were not exchanged",)


@on_virtual_pair
async def test_an_offer_without_an_answer(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    (finding,) = await blame(pair, 5)
    assert finding.startswith("the offer was never answered")


@on_virtual_pair
async def test_an_offer_that_we_did_not_answer(pair: VirtualPair):
    pair.b.createDataChannel("chat")
    await pair.a.setRemoteDescription(await pair.b.createOffer())
    (finding,) = await blame(pair, 5)
    assert finding.startswith("the peer's offer was never answered")


@on_virtual_pair
async def test_descriptions_without_a_data_channel(pair: VirtualPair):
    await pair.negotiate()
    (finding,) = await blame(pair, 5)
    assert "createDataChannel" in finding


@on_virtual_pair
async def test_no_candidate_of_the_peer(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pair.host_b.remove_interface("10.0.0.2")
    await pair.negotiate()
    first, *_ = await blame(pair, 5)
    assert first.startswith("no candidate of the peer was signalled")


@on_virtual_pair
async def test_no_network_of_our_own(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pair.host_a.remove_interface("10.0.0.1")
    await pair.negotiate()
    assert "no local candidate was found: is there a network interface?" in await blame(pair, 5)


@pytest.mark.parametrize("timeout", [10, None])
def test_every_check_is_unanswered(timeout):
    @on_virtual_pair
    async def main(pair: VirtualPair) -> None:
        pair.a.createDataChannel("chat")
        pair.net.block()
        await pair.negotiate()
        first, second, third, *advice = await blame(pair, timeout)
        assert first.endswith("tried from 10.0.0.1 port 49152 (host) to 10.0.0.2 port 49152 (host)")
        assert "STUN" in second
        assert third.startswith("ICE is checking" if timeout else "ICE is failed")
        assert "pairs=1" in third
        assert ["restartIce()" in each for each in advice] == ([] if timeout else [True])

    main()


@on_virtual_pair
async def test_the_wrong_certificate(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    await pair.a.setLocalDescription()
    await pair.b.setRemoteDescription(pair.a.localDescription)
    await pair.b.setLocalDescription()
    answer = pair.b.localDescription.toJSON()
    answer["sdp"] = re.sub("sha-256 ..:..", "sha-256 00:00", answer["sdp"])
    await pair.a.setRemoteDescription(answer)
    assert await blame(pair) == ("the peer's certificate is not the one signalling promised",)


@on_virtual_pair
async def test_a_handshake_that_gets_no_answer(pair: VirtualPair):
    pair.a.createDataChannel("chat")
    pair.net.listen(lambda packet: pair.net.block() if 20 <= packet.data[0] <= 63 else None)
    await pair.negotiate()
    assert await blame(pair, 3) == (
        "ICE works, but the DTLS handshake has not finished: DTLS is connecting",
    )


@on_virtual_pair
async def test_a_path_that_was_lost(pair: VirtualPair):
    await pair.connect()
    pair.net.block()
    await asyncio.sleep(60)
    finding, advice = await blame(pair)
    assert finding.startswith("ICE is failed because consent to send is lost")
    assert advice.startswith("it stays failed until an ICE restart")


@on_virtual_pair
async def test_our_own_close(pair: VirtualPair):
    waiting = asyncio.create_task(blame(pair))
    await asyncio.sleep(0)
    pair.a.close()
    assert await waiting == ("close() was called on this side",)
    assert await blame(pair) == ("close() was called on this side",)
