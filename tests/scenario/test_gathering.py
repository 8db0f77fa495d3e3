"""Candidates: how they are found, signalled, ended, and refused."""

import pytest

from frazil import (
    InvalidStateError,
    OperationError,
    RTCIceCandidate,
    RTCPeerConnectionIceErrorEvent,
)
from support.scenario import states

ICE = "iceConnectionState"
ONE_SERVER = {"iceServers": [{"urls": "stun:one.example"}]}
TWO_SERVERS = {"iceServers": [{"urls": ["stun:one.example", "stun:two.example"]}]}


async def test_c16_gathering_ends_with_the_empty_candidate_then_with_none(stage):
    alice, _ = await stage.connect()
    told = [moment for moment in alice.witness.moments if moment.event.type == "icecandidate"]
    found, end, done = (moment.event.candidate for moment in told)
    assert (found.type, found.address, found.protocol) == ("host", "10.0.0.1", "udp")
    assert (end.candidate, end.sdpMid, end.sdpMLineIndex) == ("", "0", 0)
    assert end.usernameFragment == alice.ice.getLocalParameters().usernameFragment
    assert done is None
    assert [m.states["iceGatheringState"] for m in told] == ["gathering", "gathering", "complete"]
    assert alice.pc.localDescription.sdp.count("a=end-of-candidates") == 1


async def test_c17_a_dead_server_is_told_once_and_only_while_gathering(stage):
    stage.net.stun_server("192.0.2.1", name="one.example").silent = True
    stage.net.stun_server("192.0.2.2", name="two.example").silent = True
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1", configuration=TWO_SERVERS)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.connect()
    await stage.sleep(600)
    errors = [m for m in alice.witness.moments if m.event.type == "icecandidateerror"]
    assert sorted(m.event.url for m in errors) == ["stun:one.example", "stun:two.example"]
    assert {m.event.errorCode for m in errors} == {701}
    assert {m.states["iceGatheringState"] for m in errors} == {"gathering"}
    assert all(isinstance(m.event, RTCPeerConnectionIceErrorEvent) for m in errors)
    assert states(alice, ICE) == "new checking connected completed"


async def test_c17_a_server_without_a_name_is_told_once(stage):
    alice = stage.peer("alice", "10.0.0.1", configuration=ONE_SERVER)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.connect()
    await stage.sleep(60)
    (error,) = alice.fired("pc", "icecandidateerror")
    assert (error.url, error.errorCode) == ("stun:one.example", 701)
    assert "one.example" in error.errorText
    assert states(alice, "iceGatheringState") == "new gathering complete"


async def test_a_dead_server_does_not_hide_a_good_one(stage):
    stage.net.stun_server("192.0.2.1", name="one.example").silent = True
    good = stage.net.stun_server("192.0.2.2", name="two.example")
    alice = stage.peer("alice", "10.0.0.1", configuration=TWO_SERVERS)
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.connect()
    assert good.requests == 1
    assert alice.pc.iceGatheringState == "gathering"
    await stage.sleep(60)
    assert good.requests == 1
    assert [error.url for error in alice.fired("pc", "icecandidateerror")] == ["stun:one.example"]


async def test_a_server_behind_a_nat_shows_a_reflexive_candidate_with_its_base(stage):
    stage.net.stun_server("192.0.2.1", name="one.example")
    home = stage.net.nat("home", "198.51.100.1")
    host = stage.net.host("alice", "10.0.0.1", behind=home)
    alice = stage.peer("alice", host=host, configuration=ONE_SERVER)
    stage.introduce(alice, stage.peer("bob", "203.0.113.2"))
    await stage.connect()
    reflexive = [each for each in alice.candidates if each and each.type == "srflx"]
    (candidate,) = reflexive
    host_candidate = alice.candidates[0]
    assert candidate.address == "198.51.100.1"
    assert (candidate.relatedAddress, candidate.relatedPort) == ("10.0.0.1", host_candidate.port)
    assert candidate.url == "stun:one.example"
    assert candidate.priority < host_candidate.priority
    assert alice.pc.connectionState == "connected"


@pytest.mark.parametrize(
    "end", [(), (None,), ({},), ({"candidate": ""},), (RTCIceCandidate("", "0"),)]
)
async def test_c15_nothing_none_and_an_empty_candidate_are_the_end(stage, end):
    _, bob = stage.pair()
    stage.there.carries_end = False
    await stage.connect()
    await stage.sleep(5)
    assert states(bob, ICE) == "new checking connected"
    await bob.pc.addIceCandidate(*end)
    await stage.sleep(1)
    assert states(bob, ICE) == "new checking connected completed"


async def test_c15_errors_have_their_w3c_names(stage):
    alice, bob = stage.pair()
    line = "candidate:1 1 udp 1 10.0.0.9 9 typ host"
    with pytest.raises(InvalidStateError):
        await alice.pc.addIceCandidate({"candidate": line, "sdpMid": "0"})
    await stage.connect()
    with pytest.raises(TypeError):
        await alice.pc.addIceCandidate({"candidate": line})
    for wrong in (
        {"candidate": line, "sdpMid": "7"},
        {"candidate": line, "sdpMLineIndex": 7},
        {"candidate": line, "sdpMid": "0", "usernameFragment": "else"},
        {"candidate": "no candidate", "sdpMid": "0"},
    ):
        with pytest.raises(OperationError):
            await alice.pc.addIceCandidate(wrong)
    await alice.pc.addIceCandidate({"candidate": "", "sdpMid": "0"})
    await stage.sleep(60)
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected completed"


async def test_candidates_that_can_never_work_do_no_harm(stage):
    alice, bob = stage.pair()
    stage.back.carries_end = False
    await stage.connect()
    for line in (
        "candidate:1 1 udp 1 0.0.0.0 9 typ host",
        "candidate:1 1 udp 1 10.0.0.9 0 typ host",
        "candidate:1 1 udp 1 6a1b3c4d-0000-4000-8000-000000000000.local 9 typ host",
        "candidate:1 1 tcp 1 10.0.0.2 9 typ host tcptype active",
        "candidate:1 2 udp 1 10.0.0.2 9 typ host",
        "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "candidate:1 1 udp 1 224.0.0.1 9 typ host",
    ):
        await alice.pc.addIceCandidate({"candidate": line, "sdpMid": "0"})
    await alice.pc.addIceCandidate(None)
    await stage.sleep(120)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, "connectionState") == "new connecting connected"


async def test_a_candidate_is_the_same_line_on_both_sides(stage):
    alice, bob = await stage.connect()
    for one, other in ((alice, bob), (bob, alice)):
        local, remote = one.ice.getLocalCandidates(), other.ice.getRemoteCandidates()
        assert [each.toJSON() for each in local] == [each.toJSON() for each in remote]
        assert local == [each for each in one.candidates if each and each.candidate]


DEAD = ["stun:silent.example", "stun:nameless.example", "stun:slow.example"]


@pytest.mark.parametrize("dead", [[], *([each] for each in DEAD), DEAD])
@pytest.mark.parametrize("dead_first", [True, False])
async def test_dead_servers_cost_a_good_one_nothing(stage, monkeypatch, dead, dead_first):
    """Silent, without a name, or with a name that takes a minute to look up."""
    stage.net.stun_server("192.0.2.1", name="one.example")
    stage.net.stun_server("192.0.2.2", name="silent.example").silent = True
    host = stage.net.host("alice", "10.0.0.1", behind=stage.net.nat("home", "198.51.100.1"))
    look_up = host.resolve

    async def resolve(name, port):
        await stage.sleep(60 if name == "slow.example" else 0)
        return await look_up(name, port)

    monkeypatch.setattr(host, "resolve", resolve)
    good = "stun:one.example"
    urls = [*dead, good] if dead_first else [good, *dead]
    alice = stage.peer("alice", host=host, configuration={"iceServers": [{"urls": urls}]})
    found = []
    alice.pc.on("icecandidate", lambda c: found.append((c and c.type, round(stage.now, 9))))
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.sleep(100)
    assert found[:2] == [("host", 0.0), ("srflx", 0.004)]  # four legs of a millisecond each
    assert found[-1][0] is None
    assert sorted(error.url for error in alice.fired("pc", "icecandidateerror")) == sorted(dead)
