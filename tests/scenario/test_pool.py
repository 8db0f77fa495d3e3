"""Candidates that are gathered before anyone needs them (RFC 9429 3.5.4)."""

import pytest

from frazil import InvalidModificationError
from frazil.peer.transport_pool import MAX_SPARE_TRANSPORTS
from support.scenario import all_states, states

STUN = {"iceServers": [{"urls": "stun:one.example"}]}
TURN = {"urls": "turn:192.0.2.7", "username": "user", "credential": "password"}
ICE = "iceConnectionState"


def home(stage):
    """A host behind a NAT, two milliseconds from a STUN server."""
    router = stage.net.nat("home", "198.51.100.1")
    return stage.net.host("alice", "10.0.0.1", behind=router)


def told(peer):
    return [(c.type, c.usernameFragment) for c in peer.candidates if c and c.candidate]


async def test_pooled_candidates_are_told_at_once_and_not_before(stage):
    server = stage.net.stun_server("192.0.2.1", name="one.example")
    alice = stage.peer("alice", host=home(stage), configuration=STUN | {"iceCandidatePoolSize": 1})
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    stage.expected_refusals = True  # candidates come before the description
    await stage.sleep(5)
    assert (server.requests, len(alice.host.sockets())) == (1, 1)
    assert (alice.candidates, alice.pc.iceGatheringState) == ([], "new")
    assert alice.pc.trace.counters == {}
    alice.channel()
    began_at = stage.now
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    assert stage.now == began_at
    ufrag = alice.ice.getLocalParameters().usernameFragment
    assert told(alice) == [("host", ufrag), ("srflx", ufrag)]
    released = [dict(r.facts) for r in alice.pc.trace.records if r.event == "candidate-released"]
    assert [(each["type"], each["ufrag"]) for each in released] == told(alice)
    assert states(alice, "iceGatheringState") == "new gathering complete"
    assert server.requests == 1
    await stage.connect()
    assert alice.ice.getSelectedCandidatePair().local.type == "srflx"
    assert len(alice.host.sockets()) == 1


async def test_gathering_that_is_under_way_goes_on(stage):
    stage.net.stun_server("192.0.2.1", name="one.example").delay_s = 1.0
    alice = stage.peer("alice", host=home(stage), configuration=STUN | {"iceCandidatePoolSize": 1})
    alice.channel()
    await stage.sleep(0.6)
    await alice.pc.setLocalDescription()
    await stage.sleep(0.1)
    assert [kind for kind, _ in told(alice)] == ["host"]
    assert alice.pc.iceGatheringState == "gathering"
    await alice.pc.gathering_complete()
    assert stage.now < 1.1
    assert [kind for kind, _ in told(alice)] == ["host", "srflx"]


async def test_the_answerer_uses_its_pool_too_and_checks_nothing_before_it_answers(stage):
    pool = {"iceCandidatePoolSize": 1}
    alice, bob = stage.pair(configuration=pool)
    await stage.sleep(1)
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    before = len(stage.net.packets)
    await stage.sleep(1)
    assert len(stage.net.packets) == before
    assert states(bob, ICE) == "new checking" or bob.candidates == []
    await bob.pc.setLocalDescription()
    await stage.back.describe(bob.pc.localDescription)
    await bob.pc.wait_connected(5)
    await stage.sleep(20)
    assert len(bob.host.sockets()) == len(alice.host.sockets()) == 1
    assert states(bob, ICE) == states(alice, ICE) == "new checking connected completed"


async def test_with_a_pool_the_states_are_the_same(stage):
    with_pool = stage.pair(configuration={"iceCandidatePoolSize": 1})
    await stage.connect()
    await stage.sleep(20)
    assert states(with_pool[0], ICE) == "new checking connected completed"
    assert all_states(with_pool[0])["iceGatheringState"] == "new gathering complete"


async def test_relays_are_pooled(stage):
    stage.net.turn_server("192.0.2.7")
    pooled = {"iceServers": [TURN], "iceTransportPolicy": "relay", "iceCandidatePoolSize": 1}
    alice = stage.peer("alice", host=home(stage), configuration=pooled)
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    stage.expected_refusals = True  # candidates come before the description
    await stage.sleep(300)
    alice.channel()
    began_at = stage.now
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    assert stage.now == began_at
    assert [kind for kind, _ in told(alice)] == ["relay"]
    await stage.connect()
    await stage.sleep(900)
    assert states(alice, "connectionState") == "new connecting connected"


async def test_a_pooled_relay_of_the_answerer_lets_the_peer_in(stage):
    """The relay is there, and all candidates of the peer, before the answer pairs them."""
    stage.net.turn_server("192.0.2.7")
    pooled = {"iceServers": [TURN], "iceTransportPolicy": "relay", "iceCandidatePoolSize": 1}
    alice = stage.peer("alice", "203.0.113.2")
    bob = stage.peer("bob", "203.0.113.3", configuration=pooled)
    stage.introduce(alice, bob)
    stage.signalling(carries_candidates=False, carries_end=False)
    await stage.sleep(5)
    alice.channel()
    for peer, link in ((alice, stage.there), (bob, stage.back)):
        await peer.pc.setLocalDescription()
        await peer.pc.gathering_complete()
        await link.describe(peer.pc.localDescription)
    await bob.pc.wait_connected(10)
    assert bob.ice.getSelectedCandidatePair().local.type == "relay"


async def test_there_are_not_too_many_spare_transports(stage):
    alice = stage.peer("alice", "10.0.0.1", configuration={"iceCandidatePoolSize": 200})
    await stage.sleep(1)
    assert len(alice.host.sockets()) == MAX_SPARE_TRANSPORTS
    alice.pc.setConfiguration({"iceCandidatePoolSize": 2})
    await stage.sleep(1)
    assert len(alice.host.sockets()) == 2
    alice.pc.setConfiguration({})
    await stage.sleep(1)
    assert len(alice.host.sockets()) == 0


async def test_other_servers_are_asked_anew(stage):
    one = stage.net.stun_server("192.0.2.1", name="one.example")
    two = stage.net.stun_server("192.0.2.2", name="two.example")
    alice = stage.peer("alice", host=home(stage), configuration=STUN | {"iceCandidatePoolSize": 1})
    await stage.sleep(1)
    configuration = alice.pc.getConfiguration()
    alice.pc.setConfiguration(configuration)
    await stage.sleep(1)
    assert (one.requests, two.requests) == (1, 0)
    configuration["iceServers"] = [{"urls": "stun:two.example"}]
    alice.pc.setConfiguration(configuration)
    await stage.sleep(1)
    assert (one.requests, two.requests) == (1, 1)
    assert len(alice.host.sockets()) == 1
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.sleep(1)
    assert alice.candidates[1].url == "stun:two.example"


async def test_the_size_stays_once_there_is_a_description(stage):
    alice = stage.peer("alice", "10.0.0.1", configuration={"iceCandidatePoolSize": 1})
    alice.channel()
    await alice.pc.setLocalDescription()
    with pytest.raises(InvalidModificationError, match="iceCandidatePoolSize"):
        alice.pc.setConfiguration({"iceCandidatePoolSize": 2})


async def test_an_answer_gives_back_what_is_left(stage):
    alice, bob = stage.pair(configuration={"iceCandidatePoolSize": 3})
    await stage.sleep(1)
    assert len(alice.host.sockets()) == 3
    await stage.connect()
    await stage.sleep(1)
    assert len(alice.host.sockets()) == len(bob.host.sockets()) == 1
    alice.pc.setConfiguration(alice.pc.getConfiguration() | STUN)
    await stage.sleep(1)
    assert len(alice.host.sockets()) == 1


async def test_an_interface_that_goes_is_not_told(stage):
    alice = stage.peer("alice", "10.0.0.1", configuration={"iceCandidatePoolSize": 1})
    await stage.sleep(1)
    stack = alice.pc._peer.transports._pool.spare[0]
    alice.pc._peer.transports.remove_local_address(
        stack.name, alice.host.sockets()[0].local, stage.now
    )
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    assert told(alice) == []


async def test_a_connection_that_closes_early_leaves_nothing(stage):
    stage.net.stun_server("192.0.2.1", name="one.example").silent = True
    alice = stage.peer("alice", host=home(stage), configuration=STUN | {"iceCandidatePoolSize": 2})
    await stage.sleep(0.1)
    await alice.pc.close()
    assert alice.host.sockets() == []
