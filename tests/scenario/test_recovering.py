"""A connection that restarts ICE by itself: when, how often, and what the states are meanwhile."""

import asyncio
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from frazil import ConnectivityError, IceOptions
from frazil.peer.recovery import FIRST_WAIT_S, GRACE_S, YIELD_S
from frazil.testing import PORT_RESTRICTED_CONE, PortAssignment
from support.scenario import states
from support.turn_stream_server import TurnStreamServer

ICE = "iceConnectionState"
CONNECTION = "connectionState"
STUN = {"iceServers": [{"urls": "stun:stun.example"}]}
BOTH = pytest.mark.parametrize(
    "policies", [("restart", "restart"), ("restart", "none"), ("none", "restart")]
)


RESTARTED = "completed disconnected failed checking connected completed"
RESTARTED_BY_THE_OTHER = "completed disconnected checking connected completed"
"""Consent ends half an interval later here, and the restart of the other comes before."""
RESTARTED_BEFORE_SILENCE = "completed connected disconnected connected completed"


async def connected(stage, *policies, carries_end=True, **options):
    """Two peers that negotiate by themselves; the first one offered and is polite."""
    policies = policies or ("restart", "restart")
    for name, address, policy in zip(
        ("alice", "bob"), ("10.0.0.1", "10.0.0.2"), policies, strict=True
    ):
        stage.peer(name, address, recovery=policy, **options)
    stage.introduce(*stage.peers)
    stage.signalling(carries_end=carries_end)
    stage.negotiate_perfectly()
    stage.peers[0].channel()
    await stage.until(lambda: "chat" in stage.peers[1].channels)
    await stage.sleep(20)
    return stage.peers


def asked(peer):
    """When the connection asked for a negotiation, after the first time."""
    moments = peer.witness.moments
    return [each.at for each in moments if each.event.type == "negotiationneeded" and each.at > 1]


@BOTH
async def test_a_path_that_failed_is_restarted_by_one_side(stage, policies):
    alice, bob = await connected(stage, *policies)
    stage.net.block("alice", "bob", for_s=40)
    for peer in (alice, bob):
        peer.channels["chat"].send(f"{peer.name} in the dark")
    await stage.sleep(60)
    restarter, other = sorted((alice, bob), key=lambda peer: len(asked(peer)), reverse=True)
    assert (len(asked(restarter)), len(asked(other))) == (1, 0)
    assert states(restarter, ICE, since=5) == RESTARTED
    assert states(other, ICE, since=5) in (RESTARTED, RESTARTED_BY_THE_OTHER)
    for peer in (alice, bob):
        assert states(peer, CONNECTION, since=5).replace("failed ", "") == (
            "connected disconnected connecting connected"
        )
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"
    assert (alice.inbox["chat"], bob.inbox["chat"]) == (["bob in the dark"], ["alice in the dark"])
    assert policies[stage.peers.index(restarter)] == "restart"
    late_s = 0 if restarter is alice else YIELD_S  # the controlling side does not wait
    failed_at = restarter.witness.at(ICE, "failed")
    assert asked(restarter)[0] == pytest.approx(failed_at + late_s, abs=0.01)


@BOTH
async def test_a_path_is_restarted_although_no_end_of_candidates_was_signalled(stage, policies):
    """It stays disconnected, as more candidates may come; but those would not do."""
    alice, bob = await connected(stage, *policies, carries_end=False)
    silent_since = stage.now
    stage.net.block("alice", "bob", for_s=40)
    await stage.sleep(90)
    (asked_at,) = asked(alice) + asked(bob)
    assert 25 < asked_at - silent_since < 30 + GRACE_S + YIELD_S
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "connected disconnected checking connected"


async def test_without_an_end_of_candidates_silence_that_heals_needs_no_restart_either(stage):
    alice, bob = await connected(stage, carries_end=False)
    stage.net.block("alice", "bob", for_s=20)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "connected disconnected connected"
        assert asked(peer) == []


async def test_who_may_not_send_any_more_and_is_still_heard_restarts_at_once(stage):
    alice, bob = await connected(stage, "restart", "none", carries_end=False)
    stage.net.block("alice", "bob", for_s=40, one_way=True)
    await stage.sleep(90)
    assert states(alice, ICE, since=5) == "connected disconnected checking connected"
    assert asked(alice) == [alice.witness.at(ICE, "disconnected")]
    assert bob.pc.iceConnectionState == "connected"


async def test_without_an_end_of_candidates_a_dead_path_is_tried_again_and_again(stage):
    alice, bob = await connected(stage, carries_end=False)
    stage.net.block("alice", "bob")
    await stage.sleep(600)
    attempts = sorted(asked(alice) + asked(bob))
    waits = [two - one for one, two in pairwise(attempts)]
    assert 5 <= len(attempts) <= 600 / 39.5
    assert min(waits) >= 39.5
    assert "failed" not in states(alice, ICE)
    stage.net.heal()
    await stage.sleep(70)
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "connected"


async def test_who_waits_for_the_connection_waits_while_it_is_tried_again(stage):
    alice, bob = await connected(stage, "restart", "none")
    stage.net.block("alice", "bob")
    await stage.until(lambda: alice.pc.connectionState == bob.pc.connectionState == "failed")
    with pytest.raises(ConnectivityError, match="not connected: connectionState is failed"):
        await bob.pc.wait_connected()
    began_at = stage.now
    with pytest.raises(ConnectivityError, match="not connected after 5 s: "):
        await alice.pc.wait_connected(timeout=5)
    assert stage.now == began_at + 5
    stage.net.heal()
    await alice.pc.wait_connected()
    assert stage.now < began_at + 60


async def test_who_waits_hears_that_the_connection_is_closed(stage):
    alice, _ = await connected(stage, "restart", "none")
    stage.net.block("alice", "bob")
    await stage.until(lambda: alice.pc.connectionState == "failed")
    asyncio.get_running_loop().call_later(5, alice.pc.close)
    with pytest.raises(ConnectivityError, match="not connected: connectionState is closed"):
        await alice.pc.wait_connected()


async def test_a_peer_that_has_left_is_not_called_back(stage):
    alice, bob = await connected(stage, "restart", "none")
    await bob.pc.close()
    await stage.sleep(60)
    assert states(alice, ICE, since=5) == "completed disconnected failed"
    assert asked(alice) == []
    with pytest.raises(ConnectivityError, match="not connected: connectionState is failed"):
        await alice.pc.wait_connected(timeout=60)


async def test_a_path_to_somebody_else_is_not_restored(stage):
    for name, address in (("alice", "10.0.0.1"), ("bob", "10.0.0.2")):
        stage.peer(name, address, recovery="restart")
    stage.introduce(*stage.peers)
    stage.negotiate_perfectly()
    deliver = stage.back.receive

    async def receive(message):
        if "sdp" in message:
            forged = re.sub("(?<=sha-256 )[0-9A-F:]+", ":".join(["00"] * 32), message["sdp"])
            message = message | {"sdp": forged}
        await deliver(message)

    stage.back.receive = receive
    stage.peers[0].channel()
    await stage.sleep(20)
    stage.net.block("alice", "bob")
    await stage.sleep(120)
    for peer in stage.peers:
        assert peer.dtls.state == "failed"
        assert states(peer, ICE, since=5) == "completed disconnected failed"
        assert asked(peer) == []
        with pytest.raises(ConnectivityError, match="not connected: connectionState is failed"):
            await peer.pc.wait_connected(timeout=60)


async def test_by_default_the_application_decides(stage):
    alice, bob = await connected(stage, "none", "none")
    stage.net.block("alice", "bob", for_s=40)
    await stage.sleep(600)
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "completed disconnected failed"
        assert asked(peer) == []


async def test_silence_that_heals_needs_no_restart(stage):
    alice, bob = await connected(stage)
    stage.net.block("alice", "bob", for_s=20)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "completed disconnected connected completed"
        assert asked(peer) == []


async def test_a_path_that_stays_dead_is_tried_again_and_again_but_not_faster(stage):
    alice, bob = await connected(stage)
    stage.net.block("alice", "bob")
    await stage.sleep(600)
    attempts = asked(alice) + asked(bob)
    waits = [two - one for one, two in pairwise(sorted(attempts))]
    assert 5 <= len(attempts) <= 600 / 39.5
    assert min(waits) >= 39.5
    assert waits[-1] >= 60
    once = "checking failed"
    attempted = states(alice, ICE, since=5).removeprefix("completed disconnected ")
    assert attempted.removeprefix("failed ").startswith(f"{once} {once} {once}")
    stage.net.heal()
    await stage.sleep(70)
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"


async def test_both_sides_at_once_agree_on_one_restart(stage):
    """With no grace between them, glare is for the negotiation to resolve."""
    alice, bob = await connected(stage)
    stage.signalling(
        delay_s=YIELD_S + 3
    )  # each asks before it hears of the other, whoever fails first
    stage.net.block("alice", "bob", for_s=40)
    await stage.sleep(90)
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"
        assert peer.pc.signalingState == "stable"
        assert len(asked(peer)) == 1
    assert alice.ice.getLocalParameters() == bob.ice.getRemoteParameters()
    assert bob.ice.getLocalParameters() == alice.ice.getRemoteParameters()


@pytest.mark.parametrize("mover", [0, 1], ids=["offerer", "answerer"])
async def test_a_host_that_moves_restarts_if_its_new_address_leads_nowhere(stage, mover):
    peers = await connected(stage)
    moving, other = peers[mover], peers[1 - mover]
    stage.net.block("10.9.0.1", for_s=8)
    moving.host.remove_interface(f"10.0.0.{mover + 1}")
    await stage.sleep(1)
    moving.host.add_interface("10.9.0.1")
    added_at = stage.now
    await stage.sleep(60)
    assert asked(moving) == [pytest.approx(added_at + GRACE_S, abs=0.01)]
    assert asked(other) == []
    assert states(moving, ICE, since=5) == "completed disconnected checking connected completed"
    # Whether the other end has missed a check by then depends on whose turn it was.
    assert states(other, ICE, since=5) in (RESTARTED_BY_THE_OTHER, RESTARTED_BEFORE_SILENCE)
    for peer in peers:
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"


async def test_a_session_that_follows_the_network_asks_for_nothing(stage):
    alice, bob = await connected(stage)
    alice.host.remove_interface("10.0.0.1")
    await stage.sleep(1)
    alice.host.add_interface("10.9.0.1")
    await stage.sleep(60)
    assert states(alice, ICE, since=5) == "completed disconnected connected completed"
    assert states(bob, ICE, since=5) == "completed"
    assert asked(alice) == asked(bob) == []


@pytest.mark.parametrize("has_loopback", [False, True])
async def test_without_any_address_nothing_is_asked_for(stage, has_loopback):
    alice, bob = await connected(stage, "restart", "none")
    if has_loopback:
        alice.host.add_interface("127.0.0.1")
    alice.host.remove_interface("10.0.0.1")
    await stage.sleep(600)
    assert asked(alice) == []
    assert alice.pc.iceConnectionState == "failed"
    alice.host.add_interface("10.9.0.1")
    added_at = stage.now
    await stage.sleep(5)
    assert asked(alice) == [pytest.approx(added_at, abs=0.01)]
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"


async def test_an_address_whose_route_returns_is_a_reason_for_a_restart(stage):
    """The address was there all the time, but not to be gathered from."""
    wanted = ["10.0.0.1"]
    stage.peer(
        "alice",
        "10.0.0.1",
        recovery="restart",
        ice=IceOptions(interfaces=lambda one: one.address in wanted),
    )
    alice, bob = *stage.peers, stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    stage.signalling(carries_end=True)
    stage.negotiate_perfectly()
    alice.channel()
    await stage.sleep(20)
    address = wanted.pop()
    stage.net.block("alice", "bob")
    await stage.sleep(300)
    assert alice.pc.iceConnectionState == "failed"
    before = asked(alice)
    assert stage.now - before[-1] > FIRST_WAIT_S
    stage.net.heal()
    wanted.append(address)
    alice.host.add_interface("10.9.0.1")  # not wanted, but whoever watches looks again
    back_at = stage.now
    await stage.sleep(5)
    assert asked(alice) == [*before, pytest.approx(back_at, abs=0.01)]
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"


async def test_a_default_route_that_returns_is_a_reason_for_a_restart(stage):
    alice, bob = await connected(stage, "restart", "none")
    alice.host.remove_route("10.0.0.1")
    await stage.sleep(300)
    assert alice.pc.iceConnectionState == "failed"
    before = asked(alice)
    alice.host.add_route("10.0.0.1")
    back_at = stage.now
    await stage.sleep(5)
    assert asked(alice) == [*before, pytest.approx(back_at, abs=0.01)]
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"


async def connected_without_udp(stage):
    """A peer that can be reached through a relay alone."""
    relay, name = "192.0.2.7", "relay.example"
    stage.net.names[name] = [relay]
    server = await TurnStreamServer.start(stage.net.host("server", relay))
    stage.closing.append(server.close)
    url = {"urls": f"turn:{name}:443?transport=tcp", "username": "user", "credential": "password"}
    alice = stage.peer(
        "alice",
        "10.0.0.1",
        recovery="restart",
        configuration={"iceServers": [url]},
        ice=IceOptions(ip_handling="disable_non_proxied_udp"),
    )
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    stage.signalling(carries_end=True)
    stage.negotiate_perfectly()
    alice.channel()
    await stage.sleep(20)
    assert states(alice, ICE) == "new checking connected completed"
    return alice


async def test_without_udp_a_path_that_failed_is_restarted_as_well(stage):
    alice = await connected_without_udp(stage)
    stage.net.block("alice", "server", for_s=40)
    await stage.sleep(90)
    assert asked(alice)
    assert alice.pc.iceConnectionState == "completed"


async def test_without_udp_nothing_is_asked_for_without_any_address_either(stage):
    alice = await connected_without_udp(stage)
    stage.net.block("alice", "server")
    await stage.until(lambda: alice.fired("pc", "icecandidateerror"))
    alice.host.remove_interface("10.0.0.1")
    await stage.sleep(600)
    assert asked(alice) == []
    stage.net.heal()
    alice.host.add_interface("10.0.0.1")
    added_at = stage.now
    await stage.sleep(5)
    assert asked(alice) == [pytest.approx(added_at, abs=0.01)]
    assert alice.pc.iceConnectionState == "completed"


async def test_a_network_that_flaps_is_no_storm(stage):
    alice, bob = await connected(stage, "restart", "restart")
    stage.net.block("bob")
    for _ in range(60):
        alice.host.take_down("eth0")
        await stage.sleep(0.5)
        alice.host.bring_up("eth0")
        await stage.sleep(0.5)
    assert len(asked(alice)) <= 60 / FIRST_WAIT_S
    assert all(two - one >= FIRST_WAIT_S for one, two in pairwise(asked(alice)))
    stage.net.heal()
    await stage.sleep(70)
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"


async def test_a_nat_that_moves_and_lets_nobody_in_is_overcome_by_a_restart(stage):
    net = stage.net
    net.stun_server("192.0.2.1", name="stun.example")
    kind = replace(PORT_RESTRICTED_CONE, ports=PortAssignment.RANDOM)
    home = net.nat("home", "203.0.113.5", kind=kind)
    office = net.nat("office", "203.0.113.9", kind=kind)
    for name, address, router in (("alice", "192.168.1.2", home), ("bob", "10.0.0.2", office)):
        host = net.host(name, address, behind=router)
        stage.peer(name, host=host, configuration=STUN, recovery="restart")
    stage.introduce(*stage.peers)
    stage.negotiate_perfectly()
    alice, bob = stage.peers
    alice.channel()
    await stage.until(lambda: "chat" in bob.channels)
    await stage.sleep(20)
    home.change_address("203.0.113.77")
    await stage.sleep(60)
    seen = {states(peer, ICE, since=5) for peer in (alice, bob)}
    assert RESTARTED in seen
    assert seen <= {RESTARTED, RESTARTED_BY_THE_OTHER}
    assert len(asked(alice)) + len(asked(bob)) == 1


async def test_a_connection_that_began_offline_connects_when_there_is_a_network(stage):
    host = stage.net.host("alice")
    alice = stage.peer("alice", host=host, recovery="restart")
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    stage.negotiate_perfectly()
    alice.channel()
    await stage.sleep(10)
    assert states(alice, ICE) == "new checking failed"
    host.add_interface("10.0.0.1")
    await stage.sleep(3)
    assert states(alice, ICE) == "new checking failed checking connected completed"
    assert alice.channels["chat"].readyState == "open"


async def test_what_the_policy_may_be(stage):
    with pytest.raises(ValueError, match="reboot"):
        stage.peer("alice", "10.0.0.1", recovery="reboot")
