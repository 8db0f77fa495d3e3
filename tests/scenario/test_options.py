"""What users can say about candidates, seen from both ends of a connection."""

import errno
import os

import pytest

from frazil import IceOptions
from frazil.testing import FULL_CONE, StunServer
from support.scenario import states
from support.turn_stream_server import TurnStreamServer

STUN = {"iceServers": [{"urls": "stun:one.example"}]}
TURN = {"username": "user", "credential": "password"}
ICE = "iceConnectionState"


def lines(peer) -> list[str]:
    return [each.candidate for each in peer.candidates if each and each.candidate]


def places(peer) -> list[tuple[str, str]]:
    return [(each.type, each.address) for each in peer.candidates if each and each.candidate]


def selected(peer) -> tuple[str, str]:
    pair = peer.ice.getSelectedCandidatePair()
    return pair.local.type, pair.local.address


async def test_filters_leave_out_interfaces_addresses_and_families(stage):
    host = stage.net.host("alice")
    for name, address in (("eth0", "10.0.0.1"), ("eth0", "fd00::1"), ("eth1", "10.9.0.1")):
        host.add_interface(address, name)
    host.add_interface("172.17.0.1", "docker0")
    options = IceOptions(interfaces=["!docker*"], addresses=["!10.9.0.0/16"], families=[4])
    alice = stage.peer("alice", host=host, ice=options)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.connect()
    assert places(alice) == [("host", "10.0.0.1")]
    assert [socket.local[0] for socket in host.sockets()] == ["10.0.0.1"]


async def test_every_socket_is_within_the_range(stage):
    options = IceOptions(ports=range(40000, 40010))
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1", ice=options)
    bob = stage.peer("bob", "10.0.0.2", ice=options)
    stage.introduce(alice, bob)
    await stage.connect()
    ports = [s.local[1] for peer in (alice, bob) for s in peer.host.sockets()]
    assert len(ports) == 3
    assert all(port in options.ports for port in ports)


async def test_an_exhausted_range_is_told_and_not_raised(stage):
    options = IceOptions(ports=range(40000, 40002))
    alice = stage.peer("alice", "10.0.0.1", ice=options)
    for port in options.ports:
        alice.host.open_udp("10.0.0.1", port, lambda batch: None)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.negotiate()  # no channel: nothing is gathered yet
    alice.channel()
    await stage.negotiate()
    await stage.sleep(1)
    (error,) = alice.fired("pc", "icecandidateerror")
    assert (error.url, error.errorCode, error.address, error.port) == ("", 701, "10.0.0.1", 0)
    why = f"no port from 40000 to 40001 can be had: {os.strerror(errno.EADDRINUSE)}"
    assert error.errorText == f"no UDP socket on 10.0.0.1: {why}"
    assert alice.pc.iceGatheringState == "complete"
    assert lines(alice) == []
    (record,) = [r for r in alice.pc.trace.records if r.event == "host-failed"]
    assert record.facts["address"] == "10.0.0.1"
    for socket in alice.host.sockets():
        socket.close()


async def test_replaced_addresses_are_told_as_hosts_and_never_the_local_one(stage):
    stage.net.stun_server("192.0.2.1", name="one.example")
    turn = stage.net.turn_server("192.0.2.7")
    cloud = stage.net.nat("cloud", "198.51.100.7", kind=FULL_CONE)
    host = stage.net.host("alice", "10.0.0.5", behind=cloud)
    relay = {"urls": f"turn:{turn.address[0]}", **TURN}
    servers = {"iceServers": [*STUN["iceServers"], relay]}
    options = IceOptions(address_map={"10.0.0.0/8": "198.51.100.7"}, ports=range(40000, 40010))
    alice = stage.peer("alice", host=host, configuration=servers, ice=options)
    bob = stage.peer("bob", "203.0.113.2")
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(1)
    assert places(alice)[0] == ("host", "198.51.100.7")
    assert [kind for kind, _ in places(alice)] == ["host", "relay"]
    assert "raddr" not in lines(alice)[0]
    assert "10.0.0.5" not in str(lines(alice)) + alice.pc.localDescription.sdp
    assert "raddr 0.0.0.0 rport 9" in lines(alice)[1]
    assert selected(alice) == ("host", "198.51.100.7")
    remote = bob.ice.getSelectedCandidatePair().remote
    assert (remote.type, remote.address) == ("host", "198.51.100.7")
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected completed"


async def test_several_public_addresses_are_several_candidates(stage):
    public = ["198.51.100.7", "198.51.100.8"]
    cloud = stage.net.nat("cloud", *public, kind=FULL_CONE)
    host = stage.net.host("alice", "10.0.0.5", behind=cloud)
    alice = stage.peer("alice", host=host, ice=IceOptions(address_map={"10.0.0.5": public}))
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    await stage.connect()
    assert places(alice) == [("host", public[0]), ("host", public[1])]
    first, second = (each for each in alice.candidates if each and each.candidate)
    assert first.priority > second.priority
    assert first.port == second.port


async def test_added_addresses_are_reflexive_beside_the_local_one(stage):
    cloud = stage.net.nat("cloud", "198.51.100.7", kind=FULL_CONE)
    host = stage.net.host("alice", "10.0.0.5", behind=cloud)
    options = IceOptions(
        address_map={"10.0.0.5": "198.51.100.7"},
        address_map_mode="add",
    )
    alice = stage.peer("alice", host=host, ice=options)
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    await stage.connect()
    assert places(alice) == [("host", "10.0.0.5"), ("srflx", "198.51.100.7")]
    reflexive = alice.candidates[1]
    assert (reflexive.relatedAddress, reflexive.relatedPort) == ("10.0.0.5", reflexive.port)
    assert reflexive.url is None
    assert selected(alice) == ("srflx", "198.51.100.7")


async def test_a_stun_server_on_this_side_of_the_nat_does_not_betray_a_replaced_address(stage):
    home = stage.net.nat("home", "198.51.100.7")
    inside = stage.net.host("stun", "10.0.0.9", behind=home)
    host = stage.net.host("alice", "10.0.0.5", behind=home)
    inside_server = StunServer(inside, 3478)
    stage.closing.append(inside_server.close)
    options = IceOptions(address_map={"10.0.0.5": "198.51.100.7"})
    servers = {"iceServers": [{"urls": "stun:10.0.0.9"}]}
    alice = stage.peer("alice", host=host, configuration=servers, ice=options)
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    assert inside_server.requests == 1
    assert places(alice) == [("host", "198.51.100.7")]


def many_homes(stage):
    """A host with two interfaces, each behind a NAT of its own; the first has the default route."""
    stage.net.stun_server("192.0.2.1", name="one.example")
    wifi, mobile = stage.net.nat("wifi", "198.51.100.1"), stage.net.nat("mobile", "198.51.100.2")
    host = stage.net.host("alice", "10.0.0.1", behind=wifi)
    host.add_interface("10.7.0.1", behind=mobile)
    return host


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default", ["10.0.0.1", "10.7.0.1", "198.51.100.1", "198.51.100.2"]),
        ("default_public_and_private_interfaces", ["10.0.0.1", "198.51.100.1"]),
        ("default_public_interface_only", ["198.51.100.1"]),
        ("disable_non_proxied_udp", []),
    ],
)
async def test_rfc_8828_modes_tell_what_they_may(stage, policy, expected):
    host = many_homes(stage)
    options = IceOptions(ip_handling=policy)
    alice = stage.peer("alice", host=host, configuration=STUN, ice=options)
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    assert sorted(address for _, address in places(alice)) == expected
    if policy == "default_public_interface_only":
        assert lines(alice)[0].endswith("typ srflx raddr 0.0.0.0 rport 9")
        assert "10.0.0.1" not in alice.pc.localDescription.sdp
    if policy == "disable_non_proxied_udp":
        assert not host.sockets()


async def test_mode_3_connects_although_no_host_candidate_is_told(stage):
    alice = stage.peer(
        "alice",
        host=many_homes(stage),
        configuration=STUN,
        ice=IceOptions(ip_handling="default_public_interface_only"),
    )
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    await stage.connect()
    assert selected(alice) == ("srflx", "198.51.100.1")


async def test_mode_3_tells_a_public_address_once_a_server_has_seen_it(stage):
    stage.net.stun_server("192.0.2.1", name="one.example")
    options = IceOptions(ip_handling="default_public_interface_only")
    alice = stage.peer("alice", "203.0.113.9", configuration=STUN, ice=options)
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    await stage.connect()
    assert places(alice) == [("srflx", "203.0.113.9")]


async def test_mode_4_connects_through_a_stream_to_a_turn_server(stage):
    server = await TurnStreamServer.start(stage.net.host("server", "192.0.2.7"))
    stage.closing.append(server.close)
    urls = ["turn:192.0.2.7", "turn:192.0.2.7:443?transport=tcp", "stun:192.0.2.7"]
    servers = {"iceServers": [{"urls": urls, **TURN}]}
    host = many_homes(stage)
    options = IceOptions(ip_handling="disable_non_proxied_udp")
    alice = stage.peer("alice", host=host, configuration=servers, ice=options)
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    await stage.connect()
    assert places(alice) == [("relay", "192.0.2.7")]
    assert not host.sockets()
    assert alice.fired("pc", "icecandidateerror") == []
