"""Whole peers that reach each other through TURN servers, if there is no other way."""

import asyncio

import pytest

from frazil.stun import ErrorCode, Method
from frazil.testing import PORT_RESTRICTED_CONE, SYMMETRIC
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
HOME, OFFICE, RELAY = "203.0.113.5", "203.0.113.9", "192.0.2.7"


def turn(url="turn:relay.example", credential="password"):
    return {"urls": url, "username": "user", "credential": credential}


def configured(*servers, policy="all"):
    return {"iceServers": list(servers or [turn()]), "iceTransportPolicy": policy}


def relay_server(stage, address=RELAY, name="relay.example"):
    return stage.net.turn_server(address, name=name)


def homes(stage, ours=None, theirs=None, kind=SYMMETRIC):
    """Alice and Bob, each behind a router that lets only answers in."""
    net = stage.net
    home, office = net.nat("home", HOME, kind=kind), net.nat("office", OFFICE, kind=kind)
    alice = net.host("alice", "192.168.1.2", behind=home)
    bob = net.host("bob", "10.0.0.2", behind=office)
    return stage.introduce(
        stage.peer("alice", host=alice, configuration=ours or configured()),
        stage.peer("bob", host=bob, configuration=theirs or configured()),
    )


def selected(peer):
    pair = peer.ice.getSelectedCandidatePair()
    return pair and (pair.local.type, pair.remote.type)


def types(peer):
    return {each.type for each in peer.candidates if each and each.candidate}


def messages(peer, kind):
    """The errors that the peer was told of."""
    return [(event.url, event.errorCode) for event in peer.fired("pc", kind)]


async def exchange(stage, *peers):
    """A message each way."""
    for sender, receiver in (peers, peers[::-1]):
        receiver.inbox["chat"].clear()
        sender.channels["chat"].send("over")
        await stage.until(lambda receiver=receiver: receiver.inbox["chat"] == ["over"])


async def test_two_symmetric_nats_connect_through_a_relay(stage):
    relay_server(stage)
    alice, bob = homes(stage)
    await stage.connect()
    assert stage.now < 1.0
    await exchange(stage, alice, bob)
    await stage.sleep(60)
    assert "relay" in (selected(alice) + selected(bob))
    for peer in (alice, bob):
        assert types(peer) == {"host", "srflx", "relay"}
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, CONNECTION) == "new connecting connected"
        assert messages(peer, "icecandidateerror") == []


async def test_one_relay_is_enough(stage):
    relay_server(stage)
    stage.net.stun_server("192.0.2.1", name="stun.example")
    alice, bob = homes(stage, theirs=configured({"urls": "stun:stun.example"}))
    await stage.connect()
    await exchange(stage, alice, bob)
    assert selected(alice)[0] == "relay"
    assert types(bob) == {"host", "srflx"}


async def test_a_relay_tells_where_it_is_and_who_it_serves(stage):
    relay_server(stage)
    alice, _ = homes(stage)
    await stage.connect()
    (relay,) = [each for each in alice.candidates if each and each.type == "relay"]
    (reflexive,) = [each for each in alice.candidates if each and each.type == "srflx"]
    assert (relay.address, relay.protocol, relay.url) == (RELAY, "udp", "turn:relay.example")
    assert (relay.relatedAddress, relay.relatedPort) == (HOME, reflexive.port)
    assert (reflexive.address, reflexive.relatedAddress) == (HOME, "192.168.1.2")
    assert relay.priority < reflexive.priority


async def test_a_direct_path_is_preferred(stage):
    relay_server(stage)
    alice, bob = homes(stage, kind=PORT_RESTRICTED_CONE)
    await stage.connect()
    await stage.sleep(60)
    assert "relay" not in selected(alice) + selected(bob)


async def test_under_the_relay_policy_no_address_of_ours_is_told_or_used(stage):
    server = relay_server(stage)
    policy = configured(policy="relay")
    alice, bob = stage.introduce(
        stage.peer("alice", "198.51.100.1", configuration=policy),
        stage.peer("bob", "198.51.100.2", configuration=policy),
    )
    await stage.connect()
    await exchange(stage, alice, bob)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert selected(peer) == ("relay", "relay")
        assert types(peer) == {"relay"}
        assert "198.51.100" not in peer.pc.localDescription.sdp
        assert "raddr 0.0.0.0 rport 9" in peer.pc.localDescription.sdp
    ends = {each.destination[0] for each in stage.net.packets if each.source[0] != RELAY}
    assert ends == {RELAY}
    assert len(server.service.allocations) == 2


async def test_under_the_relay_policy_nobody_can_find_out_where_we_are(stage):
    relay_server(stage)
    alice = stage.peer("alice", "198.51.100.1", configuration=configured(policy="relay"))
    bob = stage.peer("bob", "198.51.100.2", configuration=configured())
    stage.introduce(alice, bob)
    await stage.connect()
    pair = alice.ice.getSelectedCandidatePair()
    assert (pair.local.type, pair.local.address) == ("relay", RELAY)
    assert "198.51.100.1" not in {
        each.destination[0] for each in stage.net.packets if each.source[0] == "198.51.100.2"
    }


async def test_a_relay_stands_by_although_its_server_was_out_of_reach_for_a_while(stage):
    """Too long for the permission, which was to be renewed, and not for the allocation."""
    relay_server(stage)
    alice = stage.peer("alice", "198.51.100.1", configuration=configured())
    bob = stage.peer("bob", "198.51.100.2")
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(230)
    stage.net.block("alice", RELAY, for_s=100)
    await stage.sleep(330)
    assert "relay" not in selected(alice)
    stage.net.block("alice", "bob")
    async with asyncio.timeout(20):
        await exchange(stage, alice, bob)
    assert "relay" in selected(alice)


async def test_without_a_relay_the_relay_policy_fails_and_says_why(stage):
    relay_server(stage)
    wrong = configured(turn(credential="wrong"), policy="relay")
    alice = stage.peer("alice", "198.51.100.1", configuration=wrong)
    stage.introduce(alice, stage.peer("bob", "198.51.100.2"))
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    assert messages(alice, "icecandidateerror") == [("turn:relay.example", 401)]
    assert states(alice, CONNECTION) == "new connecting failed"


async def test_a_wrong_password_is_told_and_hinders_nothing(stage):
    relay_server(stage)
    alice = stage.peer("alice", "198.51.100.1", configuration=configured(turn(credential="no")))
    bob = stage.peer("bob", "198.51.100.2")
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(60)
    assert messages(alice, "icecandidateerror") == [("turn:relay.example", 401)]
    (error,) = alice.fired("pc", "icecandidateerror")
    assert error.address == "198.51.100.1"
    for peer in (alice, bob):
        assert selected(peer) == ("host", "host")
        assert states(peer, ICE) == "new checking connected completed"


async def test_a_dead_server_delays_nothing(stage):
    relay_server(stage).service.silent = True
    relay_server(stage, "192.0.2.8", "other.example")
    both = configured(turn(), turn("turn:other.example"))
    alice, bob = homes(stage, ours=both, theirs=both)
    await stage.connect()
    assert stage.now < 1.0
    assert alice.pc.iceGatheringState == "gathering"
    await stage.sleep(11)
    assert alice.pc.iceGatheringState == "complete"
    assert messages(alice, "icecandidateerror") == [("turn:relay.example", 701)]
    await exchange(stage, alice, bob)


async def test_an_hour_of_data_through_a_relay(stage):
    server = relay_server(stage)
    alice, bob = homes(stage)
    await stage.connect()
    for _ in range(60):
        await stage.sleep(60)
        await exchange(stage, alice, bob)
    assert server.service.requests[Method.REFRESH] >= 2 * 6
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_data_on_the_selected_pair_uses_a_channel(stage):
    server = relay_server(stage)
    alice, bob = homes(stage)
    await stage.connect()
    await stage.sleep(1)
    assert server.service.requests[Method.CHANNEL_BIND] >= 1
    start = stage.now
    await exchange(stage, alice, bob)
    to_server = [
        p for p in stage.net.packets if p.sent_at >= start and p.destination == server.address
    ]
    assert {p.data[0] >> 6 for p in to_server} == {1}


async def test_closing_gives_the_allocations_back(stage):
    server = relay_server(stage)
    alice, bob = homes(stage)
    await stage.connect()
    assert len(server.service.allocations) == 2
    await alice.pc.close()
    await stage.sleep(1)
    assert [event.type for event in bob.fired("pc", "remoteclose")] == ["remoteclose"]
    await bob.pc.close()
    await stage.sleep(1)
    assert server.service.allocations == {}


async def test_a_lost_relay_is_replaced_by_another_that_stands_by(stage):
    server = relay_server(stage)
    relay_server(stage, "192.0.2.8", "other.example")
    both = configured(turn(), turn("turn:other.example"))
    alice, bob = homes(stage, ours=both, theirs=both)
    await stage.connect()
    await stage.sleep(15)
    in_use = {
        alice.ice.getSelectedCandidatePair().local.address,
        alice.ice.getSelectedCandidatePair().remote.address,
    }
    assert RELAY in in_use or "192.0.2.8" in in_use
    server.service.silent = True
    server.service.forget_allocations()
    await stage.sleep(60)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "connected"
    await exchange(stage, alice, bob)


async def test_a_restart_keeps_the_allocation(stage):
    server = relay_server(stage)
    alice, bob = homes(stage)
    await stage.connect()
    await stage.sleep(30)
    before = dict(server.service.allocations)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(30)
    assert server.service.allocations == before
    assert server.service.requests[Method.ALLOCATE] == 2 * 2
    await exchange(stage, alice, bob)
    for peer in (alice, bob):
        assert "disconnected" not in states(peer, CONNECTION)
        assert peer.pc.connectionState == "connected"


async def test_a_busy_server_sends_us_to_another(stage):
    busy = relay_server(stage)
    other = relay_server(stage, "192.0.2.8", "other.example")
    busy.service.redirect_to = other.address
    alice, bob = homes(stage)
    await stage.connect()
    await exchange(stage, alice, bob)
    assert "192.0.2.8" in {each.address for each in alice.candidates if each and each.candidate}
    assert len(other.service.allocations) == 2
    assert messages(alice, "icecandidateerror") == []


@pytest.mark.parametrize("ipv6_of", ["alice", "bob"])
async def test_a_relay_joins_the_families(stage, ipv6_of):
    net = stage.net
    net.turn_server(RELAY, "2001:db8:7::7", name="relay.example")
    net.names["relay.example"] = [RELAY, "2001:db8:7::7"]
    addresses = {"alice": "198.51.100.1", "bob": "198.51.100.2", ipv6_of: "2001:db8:1::2"}
    alice = stage.peer("alice", addresses["alice"], configuration=configured())
    bob = stage.peer("bob", addresses["bob"], configuration=configured())
    stage.introduce(alice, bob)
    await stage.connect()
    await exchange(stage, alice, bob)


async def test_a_stun_server_may_live_at_the_same_address(stage):
    relay_server(stage)
    alice, _ = homes(stage, ours=configured({"urls": "stun:relay.example"}, turn()))
    await stage.connect()
    assert stage.now < 1.0
    assert messages(alice, "icecandidateerror") == []
    assert types(alice) == {"host", "srflx", "relay"}


async def test_a_server_that_refuses_the_peer_is_left_for_one_that_does_not(stage):
    strict = relay_server(stage)
    relay_server(stage, "192.0.2.8", "other.example")
    strict.service.refusals[Method.CREATE_PERMISSION] = ErrorCode(403, "Forbidden")
    both = configured(turn(), turn("turn:other.example"))
    alice, bob = homes(stage, ours=both, theirs=both)
    await stage.connect()
    assert stage.now < 1.0
    await stage.sleep(60)
    for peer in (alice, bob):
        pair = peer.ice.getSelectedCandidatePair()
        assert RELAY not in (pair.local.address, pair.remote.address)
