"""A connection under fire: forged, broken and replayed datagrams at every stage of its life.

Nothing may raise, nothing may grow, and the connection with the real peer must not even flinch.
See :data:`support.attacker.for_long` for attacks of any length.
"""

import pytest

from frazil.testing import Conditions
from support.attacker import Attacker, footprint, for_long, seeds_for_long
from support.scenario import Stage, states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
ATTACK_S = 60.0


async def before_any_description(stage, attacker):
    """Alice has sockets and an offer out; the answer is late."""
    alice, bob = stage.peers
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    await attacker.attack(ATTACK_S)
    await bob.pc.setLocalDescription()
    await stage.back.describe(bob.pc.localDescription)
    await alice.pc.wait_connected(timeout=5)


async def while_checking(stage, attacker):
    """The real path is dead for a while."""
    stage.net.block("alice", "bob", for_s=20)
    stage.peers[0].channel()
    await stage.negotiate()
    await attacker.attack(ATTACK_S)


async def while_securing(stage, attacker):
    """Everything takes seconds: DTLS and SCTP are set up under fire."""
    stage.net.connect("alice", "bob", Conditions(delay_s=2.0))
    stage.peers[0].channel()
    await stage.negotiate()
    await attacker.attack(ATTACK_S)


async def while_connected(stage, attacker):
    """Messages flow in both directions."""
    await stage.connect()
    attack = stage.spawn(attacker.attack(ATTACK_S))
    for number in range(600):
        for peer in stage.peers:
            peer.channels["chat"].send(f"{number}")
        await stage.sleep(0.1)
    await attack
    await stage.sleep(1)
    for peer in stage.peers:
        assert peer.inbox["chat"] == [f"{number}" for number in range(600)]


async def while_restarting(stage, attacker):
    """A new generation every ten seconds."""
    await stage.connect()
    attack = stage.spawn(attacker.attack(ATTACK_S))
    for number in range(6):
        await stage.sleep(9)
        await stage.negotiate(stage.peers[number % 2], ice_restart=True)
    await attack


EXPECTED_ICE = {
    before_any_description: "new checking connected completed",
    while_checking: "new checking connected completed",
    while_securing: "new checking connected completed",
    while_connected: "new checking connected completed",
    while_restarting: "new checking connected completed" + " connected completed" * 6,
}


async def survive(stage, story, *, spoofs, seed):
    """Live through ``story`` under fire and show that nothing came of it."""
    alice, bob = stage.pair()
    attacker = Attacker(stage.net, [alice.host, bob.host], seed=seed, spoofs=spoofs)
    await story(stage, attacker)
    await stage.sleep(5)
    assert attacker.thrown > 1000
    assert sum(sum(peer.pc.trace.counters.values()) for peer in (alice, bob)) > 500
    for peer in (alice, bob):
        assert states(peer, ICE) == EXPECTED_ICE[story]
        assert states(peer, CONNECTION) == "new connecting connected"
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"
        assert states(peer, "RTCSctpTransport.state") == "connecting connected"
    alice.channels["chat"].send("still here")
    await stage.sleep(6)
    assert bob.inbox["chat"][-1] == "still here"


@pytest.mark.parametrize("story", EXPECTED_ICE, ids=lambda story: story.__name__)
@pytest.mark.parametrize("spoofs", [False, True], ids=["from afar", "on the path"])
async def test_the_real_connection_does_not_flinch(stage, story, spoofs):
    await survive(stage, story, spoofs=spoofs, seed=1)


async def test_an_attack_leaves_nothing_behind(stage):
    alice, bob = await stage.connect()
    attacker = Attacker(stage.net, [alice.host, bob.host])
    await attacker.attack(30)
    before = [footprint(peer.pc._peer) for peer in (alice, bob)]
    await attacker.attack(120)
    after = [footprint(peer.pc._peer) for peer in (alice, bob)]
    for (objects, size), (more, larger) in zip(before, after, strict=True):
        assert more < objects + 2000
        assert larger < size + 100_000


@for_long
def test_for_as_long_as_you_like():
    for seed in seeds_for_long():
        for story in EXPECTED_ICE:
            for spoofs in (False, True):
                print(f"seed {seed}, {story.__name__}, {spoofs=}")
                stage = Stage(seed)
                stage.play(
                    survive, {"stage": stage, "story": story, "spoofs": spoofs, "seed": seed}
                )
