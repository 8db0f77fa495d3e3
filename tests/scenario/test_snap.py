"""How much sooner a channel opens if both ends announce INIT (draft-hancke-tsvwg-snap)."""

import pytest

from frazil import SessionConfig
from frazil.testing import Conditions

ROUND_TRIP_S = 0.2


@pytest.mark.parametrize(
    ("one", "other", "round_trips"),
    [(True, True, 0), (False, False, 2), (True, False, 2), (False, True, 2)],
    ids=["both", "neither", "the offerer", "the answerer"],
)
async def test_round_trips_from_connected_to_open(stage, one, other, round_trips):
    alice, bob = stage.introduce(
        stage.peer("alice", "10.0.0.1", session=SessionConfig(snap=one)),
        stage.peer("bob", "10.0.0.2", session=SessionConfig(snap=other)),
    )
    stage.net.connect("alice", "bob", Conditions(delay_s=ROUND_TRIP_S / 2))
    channel = alice.channel()
    await stage.negotiate()
    await alice.pc.wait_connected(10)
    connected_at = stage.now
    await channel.wait_open()
    assert stage.now - connected_at == pytest.approx(round_trips * ROUND_TRIP_S)
    channel.send("hello")
    sent_at = stage.now
    await stage.until(lambda: bob.inbox.get("chat") == ["hello"])
    assert stage.now - sent_at == pytest.approx(ROUND_TRIP_S / 2, abs=0.002)


async def test_what_the_answerer_sends_at_once_waits_for_the_answer(stage):
    alice, bob = stage.pair()
    alice.pc.addTransceiver("audio")
    await stage.negotiate()
    for peer in (alice, bob):
        await peer.pc.wait_connected(10)
    stage.signalling(delay_s=1.0)
    alice.channel(negotiated=True, id=8)  # she has nothing to send that Bob might answer
    channel = bob.channel("eager")
    channel.on("open", lambda *_: channel.send("hello"))
    await stage.negotiate()
    answered_at = stage.now
    await stage.until(lambda: alice.inbox.get("eager") == ["hello"])
    assert stage.now - answered_at == pytest.approx(0, abs=0.002)
