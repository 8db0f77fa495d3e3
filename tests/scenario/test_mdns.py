"""Names in place of addresses: looked up, published, and never needed to be."""

import pytest

from frazil import IceOptions
from frazil.aio import mdns
from frazil.testing import Conditions
from support.scenario import states

ICE = "iceConnectionState"
PUBLISH = IceOptions(mdns="publish")


def link(stage):
    """Two hosts on one link."""
    router = stage.net.nat("home", "198.51.100.1")
    return [
        stage.net.host("alice", "10.0.0.1", behind=router),
        stage.net.host("bob", "10.0.0.2", behind=router),
    ]


def pair(stage, home, *options):
    alice = stage.peer("alice", host=home[0], ice=options[0])
    bob = stage.peer("bob", host=home[1], ice=options[1])
    return stage.introduce(alice, bob)


def named(peer):
    return [each for each in peer.candidates if each and (each.address or "").endswith(".local")]


def resolved(peer):
    return [r.facts for r in peer.pc.trace.records if r.event.startswith("name-")]


@pytest.mark.parametrize("both", [True, False])
async def test_names_connect_as_hosts(stage, both):
    home = link(stage)
    alice, bob = pair(stage, home, PUBLISH, PUBLISH if both else None)
    await stage.connect()
    (candidate,) = named(alice)
    assert candidate.type == "host"
    assert "10.0.0.1" not in alice.pc.localDescription.sdp
    assert "c=IN IP4 0.0.0.0" in alice.pc.localDescription.sdp
    (fact,) = resolved(bob)
    assert (fact["host"], fact["address"]) == (candidate.address, "10.0.0.1")
    remote = bob.ice.getSelectedCandidatePair().remote
    assert (remote.type, remote.address) == ("host", candidate.address)
    await stage.sleep(60)
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected completed"


async def test_only_names_lead_there(stage):
    """Neither side could learn the address of the other from a check: each waits for a name."""
    home = link(stage)
    alice, bob = pair(stage, home, PUBLISH, PUBLISH)
    stage.back.carries_candidates = stage.back.carries_end = False
    await stage.connect()
    assert [fact["address"] for fact in resolved(bob)] == ["10.0.0.1"]
    assert resolved(alice) == []
    assert alice.ice.getSelectedCandidatePair().remote.type == "prflx"


async def test_the_name_outlives_a_restart_and_dies_with_the_connection(stage):
    home = link(stage)
    alice, bob = pair(stage, home, PUBLISH, None)
    await stage.connect()
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    assert len({each.address for each in named(alice)}) == 1
    assert len(named(alice)) == 2
    assert [fact["address"] for fact in resolved(bob)] == ["10.0.0.1"] * 2
    assert [socket.local[1] for socket in home[0].sockets()].count(5353) == 1
    await alice.pc.close()
    assert 5353 not in [socket.local[1] for socket in home[0].sockets()]
    await bob.pc.close()
    assert len(mdns._services) == 0


async def test_names_outlive_a_link_that_was_gone(stage):
    """Whoever looks meanwhile finds one link missing; when it is there again, so are its names."""
    router = stage.net.nat("home", "198.51.100.1")
    laptop = stage.net.host("alice", "10.0.0.1", behind=router)
    laptop.add_interface("10.0.0.3", "cable", behind=router)
    alice, bob = pair(
        stage, [laptop, stage.net.host("bob", "10.0.0.2", behind=router)], PUBLISH, None
    )
    await stage.connect()
    first = named(alice)[0].address
    wireless = laptop.interfaces()[0].name
    laptop.take_down(wireless)
    laptop.add_interface("10.0.0.4", "cable", behind=router)
    await stage.sleep(1)
    laptop.bring_up(wireless)
    await stage.sleep(1)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(6)
    assert [each.address for each in named(alice)].count(first) >= 2
    told = [fact for fact in resolved(bob) if fact["host"] == first]
    assert [fact.get("address") for fact in told] == ["10.0.0.1"] * len(told)
    assert len(told) >= 2


async def test_names_come_along_to_another_network_with_the_same_addresses(stage):
    """Most homes and cafés give out the same ones, and a laptop has one wireless interface."""
    home, cafe = stage.net.nat("home", "198.51.100.1"), stage.net.nat("cafe", "198.51.100.2")
    laptop = stage.net.host("alice")
    laptop.add_interface("10.0.0.1", "wlan0", behind=home)
    _, bob = pair(stage, [laptop, stage.net.host("bob", "10.0.0.2", behind=cafe)], PUBLISH, PUBLISH)
    other = stage.peer("other", host=laptop, ice=PUBLISH)
    other.channel()
    await other.pc.setLocalDescription()
    await stage.sleep(1)
    laptop.remove_interface("10.0.0.1")
    await stage.sleep(3)
    laptop.add_interface("10.0.0.1", "wlan0", behind=cafe)
    await stage.connect()
    assert [fact["address"] for fact in resolved(bob)] == ["10.0.0.1"]


async def test_many_connections_share_one_socket(stage):
    home = link(stage)
    peers = [stage.peer(f"alice {n}", host=home[0], ice=PUBLISH) for n in range(5)]
    for peer in peers:
        peer.channel()
        await peer.pc.setLocalDescription()
    await stage.sleep(1)
    assert len({named(peer)[0].address for peer in peers}) == 5
    assert [socket.local[1] for socket in home[0].sockets()].count(5353) == 1


async def connect_with(stage, name):
    """Connect while bob is told of a candidate of this name besides."""
    alice, bob = pair(stage, link(stage), None, None)
    line = f"a=candidate:1 1 udp 2113937151 {name} 50000 typ host\r\n"

    async def receive(message):
        if "sdp" in message:
            message["sdp"] = message["sdp"].replace("a=end-of", line + "a=end-of")
            await bob.pc.setRemoteDescription(message)

    stage.there.receive = receive
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    await stage.there.describe(alice.pc.localDescription)
    await bob.pc.setLocalDescription()
    await stage.back.describe(bob.pc.localDescription)
    await bob.pc.wait_connected()
    return bob


async def test_a_name_that_nobody_has_costs_nothing_and_is_recorded(stage):
    bob = await connect_with(stage, "nobody.local")
    assert stage.now < 0.5
    await stage.sleep(4)
    assert states(bob, ICE) == "new checking connected"  # the name may yet turn out to be better
    await stage.sleep(10)
    (fact,) = resolved(bob)
    assert fact == {
        "host": "nobody.local",
        "text": "nobody on a link of this host answers for nobody.local",
    }
    assert states(bob, ICE) == "new checking connected completed"


async def test_what_cannot_be_a_name_costs_nothing_and_is_recorded(stage):
    name = "a" * 256 + ".local"
    bob = await connect_with(stage, name)
    assert stage.now < 0.5
    await stage.sleep(10)
    (fact,) = resolved(bob)
    assert fact["host"] == name
    assert fact["text"].startswith("this cannot be the name of a host on a link")
    assert states(bob, ICE) == "new checking connected completed"


async def test_without_mdns_a_name_is_of_no_use(stage):
    home = link(stage)
    _, bob = pair(stage, home, PUBLISH, IceOptions(mdns="off"))
    await stage.connect()
    (fact,) = resolved(bob)
    assert fact["text"] == "looking up names is switched off"
    assert bob.ice.getSelectedCandidatePair().remote.type == "prflx"
    assert 5353 not in [socket.local[1] for socket in home[1].sockets()]


async def test_without_a_name_nothing_is_opened(stage):
    home = link(stage)
    pair(stage, home, None, None)
    await stage.connect()
    assert [5353 for host in home for s in host.sockets() if s.local[1] == 5353] == []


async def test_a_lost_question_is_asked_again(stage):
    home = link(stage)
    _, bob = pair(stage, home, PUBLISH, IceOptions(mdns="resolve"))
    stage.there.delay_s = stage.back.delay_s = 0.0
    stage.net.connect(*home, Conditions(loss=0.5))
    await stage.connect()
    await stage.sleep(20)
    assert len(resolved(bob)) == 1


async def test_an_address_without_a_name_is_not_told(stage):
    """Somebody else has the port of multicast DNS."""
    home = link(stage)
    taken = home[0].open_udp("10.0.0.1", 5353, lambda batch: None)
    alice, _ = pair(stage, home, PUBLISH, None)
    await stage.connect()
    assert [each for each in alice.candidates if each and each.candidate] == []
    (error,) = alice.fired("pc", "icecandidateerror")
    assert (error.url, error.address) == ("", "10.0.0.1")
    assert error.errorText == "no mDNS name for 10.0.0.1: eth0 has no multicast over IPv4"
    taken.close()


async def test_an_address_is_told_once_there_is_a_name_for_it(stage):
    """IPv6 configures itself before DHCP has an answer, and names are looked up over IPv4."""
    router = stage.net.firewall("home")
    home = [
        stage.net.host("alice", "2001:db8::1", behind=router),
        stage.net.host("bob", "2001:db8::2", behind=router),
    ]
    alice, bob = pair(stage, home, PUBLISH, PUBLISH)
    alice.channel()
    await stage.negotiate()
    await stage.sleep(1)
    assert named(alice) == named(bob) == []
    for number, host in enumerate(home):
        host.add_interface(f"10.0.0.{number + 1}", "eth0", behind=router)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert len({each.address for each in named(peer)}) == len(named(peer)) == 2
        assert [error.address for error in peer.fired("pc", "icecandidateerror")] == [
            peer.host.interfaces()[0].address
        ]
    assert {fact["address"] for fact in resolved(bob)} == {"2001:db8::1", "10.0.0.1"}
    assert alice.pc.connectionState == bob.pc.connectionState == "connected"


async def test_hosts_on_the_internet_share_no_link(stage):
    alice = stage.peer("alice", "203.0.113.1", ice=PUBLISH)
    bob = stage.peer("bob", "203.0.113.2", ice=PUBLISH)
    stage.introduce(alice, bob)
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    assert states(alice, ICE) == states(bob, ICE) == "new checking failed"
    assert len(resolved(alice)) == len(resolved(bob)) == 1
