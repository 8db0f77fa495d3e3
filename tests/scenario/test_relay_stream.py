"""Whole peers whose way to the TURN server is TCP or TLS, as behind firewalls without UDP."""

import pytest

from frazil.stun import Method
from frazil.testing import FULL_CONE, NO_UDP
from support.scenario import states
from support.turn_stream_server import TurnStreamServer

RELAY, NAME = "192.0.2.7", "relay.example"
TCP, TLS = f"turn:{NAME}:443?transport=tcp", f"turns:{NAME}:443"


def configured(*urls, credential="password"):
    server = {"urls": list(urls), "username": "user", "credential": credential}
    return {"iceServers": [server]}


async def serving(stage, **options):
    host = stage.net.host("server", RELAY)
    stage.net.names[NAME] = [RELAY]
    server = await TurnStreamServer.start(host, **options)
    stage.closing.append(server.close)
    return server


def office(stage, *urls, **options):
    """Alice behind a firewall without UDP, Bob without any."""
    router = stage.net.nat("office", "203.0.113.9", kind=FULL_CONE, firewall=NO_UDP)
    host = stage.net.host("alice", "10.0.0.2", behind=router)
    alice = stage.peer("alice", host=host, configuration=configured(*urls, **options))
    return stage.introduce(alice, stage.peer("bob", "198.51.100.2"))


def errors(peer):
    return [(event.url, event.errorCode) for event in peer.fired("pc", "icecandidateerror")]


async def exchange(stage, *peers):
    for sender, receiver in (peers, peers[::-1]):
        receiver.inbox["chat"].clear()
        sender.channels["chat"].send("over")
        await stage.until(lambda receiver=receiver: receiver.inbox["chat"] == ["over"])


@pytest.mark.parametrize("url", [TCP, TLS])
async def test_without_udp_a_stream_leads_out(stage, url):
    await serving(stage, certificate_name=NAME if url is TLS else None)
    alice, bob = office(stage, url)
    await stage.connect()
    assert stage.now < 1.5
    for _ in range(30):
        await stage.sleep(60)
        await exchange(stage, alice, bob)
    pair = alice.ice.getSelectedCandidatePair()
    assert (pair.local.type, pair.local.address) == ("relay", RELAY)
    for peer in (alice, bob):
        assert states(peer, "connectionState") == "new connecting connected"
    assert errors(alice) == []


async def test_the_peer_does_not_learn_where_the_stream_comes_from(stage):
    await serving(stage)
    alice, _ = office(stage, TCP)
    await stage.connect()
    assert {each.type for each in alice.candidates if each and each.candidate} == {"host", "relay"}
    assert "raddr 0.0.0.0 rport 9" in alice.pc.localDescription.sdp


async def test_a_certificate_of_somebody_else_is_told(stage):
    await serving(stage, certificate_name="else.example")
    alice, _ = office(stage, TLS)
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    assert errors(alice) == [(TLS, 701)]
    assert states(alice, "connectionState") == "new connecting failed"


@pytest.mark.parametrize("reason", ["refused", "silent", "unknown"])
async def test_a_server_that_cannot_be_reached_is_told_and_hinders_nothing(stage, reason):
    if reason != "unknown":
        stage.net.names[NAME] = [RELAY]
    if reason == "refused":
        stage.net.host("server", RELAY)
    alice = stage.peer("alice", "198.51.100.1", configuration=configured(TCP))
    stage.introduce(alice, stage.peer("bob", "198.51.100.2"))
    await stage.connect()
    assert stage.now < 1.0
    await stage.sleep(30)
    assert errors(alice) == [(TCP, 701)]
    assert states(alice, "iceConnectionState") == "new checking connected completed"


async def test_a_wrong_password_is_told(stage):
    await serving(stage)
    alice, _ = office(stage, TCP, credential="wrong")
    alice.channel()
    await stage.negotiate()
    await stage.sleep(1)
    assert errors(alice) == [(TCP, 401)]


async def test_a_restart_uses_the_stream_that_is_there(stage):
    server = await serving(stage)
    alice, bob = office(stage, TCP)
    await stage.connect()
    await stage.sleep(10)
    streams = dict(server.streams)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(10)
    assert server.streams == streams
    assert server.service.requests[Method.ALLOCATE] == 2
    await exchange(stage, alice, bob)


async def test_closing_while_the_stream_is_being_opened_leaves_nothing(stage):
    await serving(stage)
    alice, _ = office(stage, TCP)
    stage.expected_refusals = True  # the peer never hears of the offer
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.sleep(0.002)
    await alice.pc.close()
    await stage.sleep(1)
    assert alice.host.sockets() == []
