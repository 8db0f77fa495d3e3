"""ICE restart: from every state, by either side, without a gap, with both at once."""

import asyncio
from random import Random

import pytest

from frazil import SessionConfig
from frazil.types import Datagram
from support.heartbeat import Heartbeat
from support.scenario import all_states, states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
SIDES = pytest.mark.parametrize("side", [0, 1], ids=["the offerer", "the answerer"])


@SIDES
async def test_q8_a_restart_while_connected_fires_no_iceconnectionstatechange(stage, side):
    alice, bob = stage.pair()
    stage.signalling(carries_end=False)
    await stage.connect()
    await stage.sleep(20)
    before = [peer.ice.getLocalParameters() for peer in (alice, bob)]
    transports = [(peer.pc.sctp, peer.dtls, peer.ice) for peer in (alice, bob)]
    await stage.negotiate(stage.peers[side], ice_restart=True)
    await stage.sleep(60)
    for peer, old, same in zip((alice, bob), before, transports, strict=True):
        assert states(peer, ICE) == "new checking connected"
        assert states(peer, CONNECTION) == "new connecting connected"
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"
        assert peer.ice.getLocalParameters().usernameFragment != old.usernameFragment
        assert (peer.pc.sctp, peer.dtls, peer.ice) == same


@SIDES
@pytest.mark.parametrize("ends", [True, False], ids=["completed", "connected"])
async def test_c35_data_flows_without_a_gap_during_a_restart(stage, side, ends):
    alice, bob = stage.pair()
    stage.signalling(carries_end=ends)
    await stage.connect()
    heartbeat = Heartbeat(stage)
    await heartbeat.beat(5)
    loop_task = stage.spawn(heartbeat.beat(10))
    await stage.negotiate(stage.peers[side], ice_restart=True)
    await loop_task
    await stage.sleep(1)
    heartbeat.verify()
    assert heartbeat.longest_gap_s() == pytest.approx(0.02, abs=1e-6)
    assert alice.ice.getRemoteParameters() == bob.ice.getLocalParameters()


@SIDES
async def test_c12_a_restart_from_completed_goes_to_connected_and_back(stage, side):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    await stage.negotiate(stage.peers[side], ice_restart=True)
    await stage.sleep(20)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed connected completed"
        assert states(peer, CONNECTION) == "new connecting connected"


@SIDES
async def test_c12_a_restart_from_disconnected_goes_to_checking(stage, side):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", for_s=15)
    await stage.sleep(10)
    assert alice.pc.iceConnectionState == bob.pc.iceConnectionState == "disconnected"
    await stage.negotiate(stage.peers[side], ice_restart=True)
    await stage.sleep(20)
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "completed disconnected checking connected completed"
        assert states(peer, CONNECTION, since=5) == "connected disconnected connecting connected"


@SIDES
async def test_c12_a_restart_from_failed_goes_to_checking(stage, side):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", for_s=60)
    await stage.sleep(59)
    assert alice.pc.iceConnectionState == bob.pc.iceConnectionState == "failed"
    await stage.negotiate(stage.peers[side], ice_restart=True)
    await stage.sleep(20)
    for peer in (alice, bob):
        assert (
            states(peer, ICE, since=5)
            == "completed disconnected failed checking connected completed"
        )


@SIDES
async def test_q6_a_failed_connection_recovers_with_everything_that_was_queued(stage, side):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob")
    for peer in (alice, bob):
        peer.channels["chat"].send(f"{peer.name}: into the dark")
    await stage.sleep(600)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "failed"
        assert (peer.dtls.state, peer.pc.sctp.state) == ("connected", "connected")
        assert peer.channels["chat"].readyState == "open"
        peer.channels["chat"].send(f"{peer.name}: while failed")
    stage.net.heal()
    await stage.sleep(60)
    assert alice.inbox["chat"] == bob.inbox["chat"] == []
    await stage.negotiate(stage.peers[side], ice_restart=True)
    await stage.sleep(5)
    assert bob.inbox["chat"] == ["alice: into the dark", "alice: while failed"]
    assert alice.inbox["chat"] == ["bob: into the dark", "bob: while failed"]
    for peer in (alice, bob):
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"
        assert states(peer, "RTCSctpTransport.state") == "connecting connected"


async def test_d12_after_failed_a_restart_connects_again_and_again(stage):
    alice, bob = await stage.connect()
    for _ in range(3):
        stage.net.block("alice", "bob", for_s=50)
        await stage.sleep(51)
        await stage.negotiate(ice_restart=True)
        await stage.sleep(10)
    once = "disconnected failed checking connected completed"
    for peer in (alice, bob):
        assert states(peer, ICE) == f"new checking connected completed {once} {once} {once}"


async def test_d11_no_state_goes_back_to_new(stage):
    alice, bob = await stage.connect()
    for number in range(6):
        if number == 3:
            stage.net.block("alice", "bob", for_s=40)
            await stage.sleep(50)
        await stage.negotiate(stage.peers[number % 2], ice_restart=True)
        await stage.sleep(1)
    for peer in (alice, bob):
        for values in all_states(peer).values():
            assert "new" not in values.split()[1:]


async def test_a_restart_before_there_was_any_connection_keeps_checking(stage):
    alice, bob = stage.pair()
    stage.net.block("alice", "bob", for_s=20)
    alice.channel()
    await stage.negotiate()
    await stage.sleep(10)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(30)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_a_restart_over_a_dead_path_keeps_failing_by_the_rules(stage):
    alice, bob = await stage.connect()
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    await stage.negotiate(ice_restart=True)
    restarted_at = stage.now
    await stage.sleep(60)
    for peer in (alice, bob):
        assert (
            states(peer, ICE)
            == "new checking connected completed disconnected failed checking failed"
        )
    assert alice.witness.at(ICE, "failed") - restarted_at == pytest.approx(39.5, abs=0.2)


async def test_c36_the_answerer_restarts_because_the_offer_has_new_credentials(stage):
    alice, bob = await stage.connect()
    before = bob.ice.getLocalParameters()
    await stage.negotiate()
    await stage.sleep(1)
    assert bob.ice.getLocalParameters() == before
    assert states(bob, ICE) == "new checking connected completed"
    await stage.negotiate(ice_restart=True)
    await stage.sleep(1)
    after = bob.ice.getLocalParameters()
    assert after.usernameFragment != before.usernameFragment
    assert after.password != before.password
    assert alice.ice.getRemoteParameters() == after
    assert states(bob, ICE) == "new checking connected completed connected completed"


async def test_c33_gathering_starts_again(stage):
    alice, bob = await stage.connect()
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert states(peer, "iceGatheringState") == "new gathering complete gathering complete"
        assert [each and each.candidate[:10] for each in peer.candidates] == [
            "candidate:",
            "",
            None,
        ] * 2


async def test_a_restart_while_gathering_tells_nothing_that_the_peer_would_refuse(stage):
    """The end of what is over would come behind the offer that ends it."""
    dead = {"iceServers": [{"urls": "stun:192.0.2.99"}]}
    alice = stage.peer("alice", "10.0.0.1", configuration=dead)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    alice.channel()
    await stage.negotiate()
    await stage.sleep(1)
    assert alice.pc.iceGatheringState == "gathering"
    await stage.negotiate(ice_restart=True)
    await stage.sleep(10)
    ufrag = alice.ice.getLocalParameters().usernameFragment
    ends = [each.usernameFragment for each in alice.candidates if each and not each.candidate]
    assert ends == [ufrag]
    assert states(alice, "iceGatheringState") == "new gathering complete"


async def test_c34_restart_ice_asks_for_a_negotiation_and_survives_a_rollback(stage):
    alice, bob = await stage.connect()
    await stage.sleep(1)
    before = alice.ice.getLocalParameters().usernameFragment
    alice.pc.restartIce()
    await stage.sleep(1)
    assert len(alice.fired("pc", "negotiationneeded")) == 1
    stage.signalling(carries_candidates=False, carries_end=False)  # an offer nobody hears of
    await alice.pc.setLocalDescription()
    await stage.sleep(1)
    await alice.pc.setLocalDescription({"type": "rollback"})
    stage.signalling(carries_candidates=True, carries_end=True)
    await stage.sleep(1)
    assert len(alice.fired("pc", "negotiationneeded")) == 2
    assert alice.ice.getLocalParameters().usernameFragment == before
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    await bob.pc.setLocalDescription()
    await stage.back.describe(bob.pc.localDescription)
    await stage.sleep(5)
    assert alice.ice.getLocalParameters().usernameFragment != before
    assert len(alice.fired("pc", "negotiationneeded")) == 2
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed connected completed"


async def test_c37_new_servers_are_used_by_the_next_restart(stage):
    server = stage.net.stun_server("192.0.2.1", name="stun.example")
    alice, _ = await stage.connect()
    alice.pc.setConfiguration({"iceServers": [{"urls": "stun:stun.example"}]})
    await stage.sleep(60)
    assert server.requests == 0
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    assert server.requests == 1


async def test_restarts_of_both_sides_at_once(stage):
    """Glare: the polite side gives way, and one generation remains."""
    alice, bob = stage.pair()
    polite, impolite = stage.negotiate_perfectly()
    alice.channel()
    await alice.pc.wait_connected(timeout=10)
    await stage.sleep(1)
    for _ in range(5):
        alice.pc.restartIce()
        bob.pc.restartIce()
        await stage.sleep(5)
    assert (polite.ignored, impolite.ignored) == (0, 5)
    assert alice.ice.getLocalParameters() == bob.ice.getRemoteParameters()
    assert bob.ice.getLocalParameters() == alice.ice.getRemoteParameters()
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"
        assert set(states(peer, ICE, since=1).split()) == {"connected", "completed"}


@pytest.mark.parametrize("lag_s", [0.001, 0.04, 0.06, 0.09, 0.11])
async def test_restarts_of_both_sides_shortly_after_another(stage, lag_s):
    alice, bob = stage.pair()
    stage.negotiate_perfectly()
    alice.channel()
    await alice.pc.wait_connected(timeout=10)
    await stage.sleep(1)
    heartbeat = Heartbeat(stage)
    beating = stage.spawn(heartbeat.beat(3))
    alice.pc.restartIce()
    await stage.sleep(lag_s)
    bob.pc.restartIce()
    await beating
    await stage.sleep(5)
    heartbeat.verify()
    assert heartbeat.longest_gap_s() == pytest.approx(0.02, abs=1e-6)
    assert alice.ice.getLocalParameters() == bob.ice.getRemoteParameters()
    assert alice.pc.iceConnectionState == bob.pc.iceConnectionState == "completed"


async def test_a_restart_during_a_blackout_connects_when_the_path_is_back(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", for_s=10)
    await stage.sleep(1)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(30)
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"
        assert "failed" not in states(peer, ICE)
    alice.channels["chat"].send("still there")
    await stage.sleep(0.1)
    assert bob.inbox["chat"] == ["still there"]


async def test_a_restart_finds_the_peer_at_another_address(stage):
    """Bob moves from one network to the other, and both restart."""
    alice, bob = await stage.connect()
    await stage.sleep(20)
    bob.host.remove_interface("10.0.0.2")
    bob.host.add_interface("172.16.0.2")
    bob.channels["chat"].send("on the move")
    await stage.negotiate(bob, ice_restart=True)
    await stage.sleep(2)
    assert alice.inbox["chat"] == ["on the move"]
    assert alice.ice.getSelectedCandidatePair().remote.address == "172.16.0.2"
    assert SessionConfig().ice.disconnected_after_s > 2
    assert states(alice, CONNECTION) == "new connecting connected"


async def test_a_restart_completes_though_old_datagrams_come_again(stage):
    """The controlling answerer nominates before the offerer has the answer."""
    _, bob = await stage.connect()
    random = Random(1)
    (socket,) = bob.host.sockets()
    is_over = False

    def come_again(packet):
        if packet.destination == socket.local and not is_over:
            datagram = Datagram(packet.data, socket.local, packet.source)
            delay_s = random.uniform(0.001, 0.04)
            asyncio.get_running_loop().call_later(delay_s, socket.hand_over, [datagram])

    stage.net.listen(come_again)
    for _ in range(10):
        await stage.negotiate(bob, ice_restart=True)
        await stage.sleep(1)
        for peer in stage.peers:
            assert peer.pc.iceConnectionState == "completed"
    is_over = True
    await stage.sleep(1)
