"""Two whole peers behind NATs and firewalls, with a STUN server.

Which kinds of NAT let whom through is the business of ``tests/matrix``; this is about the rest.
"""

from dataclasses import replace

import pytest

from frazil.testing import (
    ADDRESS_RESTRICTED_CONE,
    FULL_CONE,
    NO_UDP,
    PORT_RESTRICTED_CONE,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    Conditions,
    Fate,
    Firewall,
    PortAssignment,
)
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
HOME, OFFICE = "203.0.113.5", "203.0.113.9"
STUN = {"iceServers": [{"urls": "stun:stun.example"}]}


def pair_types(peer):
    """The types of the two candidates of the selected pair."""
    pair = peer.ice.getSelectedCandidatePair()
    return pair and (pair.local.type, pair.remote.type)


def stun_server(stage):
    return stage.net.stun_server("192.0.2.1", name="stun.example")


def resident(stage, name, address, router):
    """A peer behind a router."""
    host = stage.net.host(
        name, *([address] if isinstance(address, str) else address), behind=router
    )
    return stage.peer(name, host=host, configuration=STUN)


def neighbours(stage, home, office, alice_at="192.168.1.2", bob_at="10.0.0.2"):
    """Alice behind one router, Bob behind another."""
    stun_server(stage)
    return stage.introduce(
        resident(stage, "alice", alice_at, home), resident(stage, "bob", bob_at, office)
    )


async def fails(stage):
    """Let both try until they give up."""
    first, second = stage.peers[:2]
    first.channel()
    await stage.negotiate()
    await stage.sleep(60)
    for peer in (first, second):
        assert states(peer, ICE) == "new checking failed"
        assert states(peer, CONNECTION) == "new connecting failed"
        assert peer.ice.getSelectedCandidatePair() is None


# --- how soon the search is over ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (FULL_CONE, FULL_CONE),
        (PORT_RESTRICTED_CONE, PORT_RESTRICTED_CONE),
        (SYMMETRIC, ADDRESS_RESTRICTED_CONE),
    ],
    ids=["full cones", "restricted cones", "symmetric"],
)
async def test_completed_does_not_wait_for_addresses_that_cannot_answer(stage, ours, theirs):
    """The private addresses of the other home have three transmissions, and nobody waits on."""
    alice, bob = neighbours(
        stage,
        stage.net.nat("home", HOME, kind=ours),
        stage.net.nat("office", OFFICE, kind=theirs),
    )
    await stage.connect()
    await stage.sleep(60)
    for peer in (alice, bob):
        connected_at = peer.witness.at(ICE, "connected")
        assert states(peer, ICE) == "new checking connected completed"
        assert 2.0 < peer.witness.at(ICE, "completed") - connected_at < 2.6


async def test_completed_across_nats_with_a_relay_comes_as_soon(stage):
    stun_server(stage)
    stage.net.turn_server("192.0.2.7", name="turn.example")
    turn = {"urls": "turn:turn.example", "username": "user", "credential": "password"}
    servers = {"iceServers": [*STUN["iceServers"], turn]}
    for name, outside in (("alice", HOME), ("bob", OFFICE)):
        router = stage.net.nat(f"router of {name}", outside, kind=SYMMETRIC_RANDOM)
        host = stage.net.host(name, "192.168.1.2", behind=router)
        stage.peer(name, host=host, configuration=servers)
    alice, bob = stage.introduce(*stage.peers)
    await stage.connect()
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert "relay" in pair_types(peer)
        assert peer.witness.at(ICE, "completed") < 4.0


# --- homes --------------------------------------------------------------------------------------


async def test_hosts_of_one_home_talk_directly(stage):
    home = stage.net.nat("home", HOME, kind=replace(SYMMETRIC, hairpin=False))
    alice, bob = neighbours(stage, home, home, "192.168.1.2", "192.168.1.3")
    await stage.connect()
    assert pair_types(alice) == pair_types(bob) == ("host", "host")
    bob.inbox.clear()
    alice.channels["chat"].send("lan")
    sent_at = stage.now
    await stage.sleep(1)
    assert {each.hops for each in stage.net.packets if each.sent_at == sent_at} == {()}


async def test_both_homes_may_use_the_same_private_address(stage):
    """A check of the host candidate then comes back to its own sender, who must not mind."""
    alice, bob = neighbours(
        stage,
        stage.net.nat("home", HOME),
        stage.net.nat("office", OFFICE),
        "192.168.1.2",
        "192.168.1.2",
    )
    await stage.connect()
    await stage.sleep(60)
    own = [each for each in stage.net.packets if each.source[0] == each.destination[0]]
    assert {each.fate for each in own} == {Fate.DELIVERED}
    for peer in (alice, bob):
        assert pair_types(peer) == ("srflx", "srflx")
        assert states(peer, ICE) == "new checking connected completed"


@pytest.mark.parametrize("hairpin", [True, False])
async def test_two_homes_of_one_carrier_need_its_hairpin(stage, hairpin):
    net = stage.net
    carrier = net.nat("carrier", HOME, kind=replace(FULL_CONE, hairpin=hairpin))
    homes = [net.nat(f"home {n}", f"100.64.0.{n}", behind=carrier) for n in (1, 2)]
    alice, bob = neighbours(stage, *homes)
    if not hairpin:
        await fails(stage)
        assert net.counters[Fate.NO_HAIRPIN] > 0
        return
    await stage.connect()
    for peer in (alice, bob):
        pair = peer.ice.getSelectedCandidatePair()
        assert (pair.local.address, pair.remote.address) == (HOME, HOME)


@pytest.mark.parametrize("inner", [FULL_CONE, SYMMETRIC], ids=["cone", "symmetric"])
async def test_double_nat_is_as_good_as_its_worse_half(stage, inner):
    net = stage.net
    home = net.nat("home", "100.64.0.1", kind=inner, behind=net.nat("carrier", HOME))
    neighbours(stage, home, net.nat("office", OFFICE))
    if inner is SYMMETRIC:
        await fails(stage)
        return
    alice, _ = await stage.connect()
    assert alice.ice.getSelectedCandidatePair().local.address == HOME


async def test_ipv6_needs_no_translation_and_gets_through_two_home_routers(stage):
    net = stage.net
    alice, bob = neighbours(
        stage,
        net.nat("home", HOME, kind=SYMMETRIC),
        net.nat("office", OFFICE, kind=SYMMETRIC),
        ["192.168.1.2", "2001:db8:1::2"],
        ["10.0.0.2", "2001:db8:2::2"],
    )
    await stage.connect()
    await stage.sleep(60)
    assert pair_types(alice) == pair_types(bob) == ("host", "host")
    assert alice.ice.getSelectedCandidatePair().remote.address == "2001:db8:2::2"


# --- firewalls ----------------------------------------------------------------------------------


async def test_no_udp_no_connection(stage):
    net = stage.net
    office = net.nat("office", OFFICE, kind=FULL_CONE, firewall=NO_UDP)
    neighbours(stage, net.nat("home", HOME, kind=FULL_CONE), office)
    await fails(stage)
    assert office.counters[Fate.FORBIDDEN] > 0


async def test_a_firewall_by_ports_lets_ask_for_the_address_and_no_more(stage):
    net = stage.net
    hotel = net.firewall("hotel", Firewall(udp_ports={443, 3478}))
    alice, _ = neighbours(
        stage, hotel, net.nat("home", HOME, kind=FULL_CONE), alice_at="198.51.100.7"
    )
    await fails(stage)
    assert alice.pc.iceGatheringState == "complete"
    assert hotel.counters[Fate.FORBIDDEN] > 0


async def test_a_stateful_firewall_is_no_obstacle_to_a_cone(stage):
    net = stage.net
    alice, bob = neighbours(
        stage, net.firewall("hotel"), net.nat("home", HOME), alice_at="198.51.100.7"
    )
    await stage.connect()
    assert (pair_types(alice), pair_types(bob)) == (("host", "srflx"), ("srflx", "host"))


async def test_a_firewall_that_looks_at_ports_stops_a_symmetric_nat(stage):
    net = stage.net
    home = net.nat("home", HOME, kind=SYMMETRIC)
    neighbours(stage, net.firewall("hotel"), home, alice_at="198.51.100.7")
    await fails(stage)


# --- what happens to a NAT while peers talk -----------------------------------------------------


async def settled(stage, kind, office_kind=None):
    """Two connected peers; the NATs in front of them."""
    home = stage.net.nat("home", HOME, kind=kind)
    office = stage.net.nat("office", OFFICE, kind=office_kind or kind)
    alice, bob = neighbours(stage, home, office)
    await stage.connect()
    await stage.sleep(60)
    return alice, bob, home, office


async def passes(stage, sender, receiver):
    """Whether a message arrives within three seconds."""
    inbox = receiver.inbox["chat"]
    before = len(inbox)
    sender.channels["chat"].send("x")
    await stage.sleep(3)
    return len(inbox) > before


async def test_idle_connections_keep_their_bindings(stage):
    alice, bob, _, _ = await settled(stage, replace(PORT_RESTRICTED_CONE, timeout_s=30))
    await stage.sleep(3600)
    for peer in (alice, bob):
        assert states(peer, CONNECTION) == "new connecting connected"
        assert states(peer, ICE) == "new checking connected completed"
    assert await passes(stage, bob, alice)


@pytest.mark.parametrize("kind", [FULL_CONE, PORT_RESTRICTED_CONE], ids=["full", "restricted"])
async def test_nobody_notices_lost_bindings_that_come_back_alike(stage, kind):
    alice, bob, home, office = await settled(stage, kind)
    home.forget()
    office.forget()
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    assert await passes(stage, alice, bob)
    assert await passes(stage, bob, alice)


MISHAPS = {
    "bindings lost": lambda home: home.forget(),
    "another address": lambda home: home.change_address("203.0.113.77"),
}


@pytest.mark.parametrize("mishap", MISHAPS)
async def test_a_peer_that_appears_elsewhere_is_followed_if_it_may_write(stage, mishap):
    alice, bob, home, _ = await settled(stage, replace(FULL_CONE, ports=PortAssignment.RANDOM))
    (before,) = home.bindings
    MISHAPS[mishap](home)
    await stage.sleep(30)
    (binding,) = home.bindings
    assert binding.outside != before.outside
    late = [each for each in stage.net.packets if each.sent_at > stage.now - 10]
    assert {each.destination for each in late if each.source[0] == "10.0.0.2"} == {binding.outside}
    for peer, other in ((alice, bob), (bob, alice)):
        assert peer.pc.connectionState == "connected"
        assert await passes(stage, peer, other)
        assert "failed" not in states(peer, ICE)


@pytest.mark.parametrize("mishap", MISHAPS)
async def test_a_peer_that_appears_elsewhere_and_may_not_write_needs_a_restart(stage, mishap):
    kind = replace(PORT_RESTRICTED_CONE, ports=PortAssignment.RANDOM)
    alice, bob, home, _ = await settled(stage, kind)
    MISHAPS[mishap](home)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "failed"
    await stage.negotiate(ice_restart=True)
    await stage.sleep(60)
    for peer, other in ((alice, bob), (bob, alice)):
        assert peer.pc.connectionState == "connected"
        assert await passes(stage, peer, other)


async def test_datagrams_forbidden_in_the_middle_of_it_and_allowed_again(stage):
    alice, bob, home, _ = await settled(stage, PORT_RESTRICTED_CONE)
    home.firewall = NO_UDP
    await stage.sleep(15)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "disconnected"
    home.firewall = Firewall()
    await stage.sleep(15)
    for peer, other in ((alice, bob), (bob, alice)):
        assert peer.pc.connectionState == "connected"
        assert await passes(stage, peer, other)


async def test_a_phone_leaves_home_for_a_mobile_network(stage):
    net = stage.net
    home = net.nat("home", HOME)
    mobile = net.nat("mobile", "198.51.100.1", kind=SYMMETRIC_RANDOM)
    office = net.nat("office", OFFICE, kind=FULL_CONE)
    net.connect(mobile, office, Conditions(delay_s=0.06))
    alice, bob = neighbours(stage, home, office)
    await stage.connect()
    alice.host.remove_interface("192.168.1.2")
    alice.host.add_interface("10.9.0.2", "wwan0", behind=mobile)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(10)
    assert pair_types(alice) == ("prflx", "srflx")
    for peer, other in ((alice, bob), (bob, alice)):
        assert peer.pc.connectionState == "connected"
        assert await passes(stage, peer, other)
