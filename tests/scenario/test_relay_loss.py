"""Whole peers whose relay is lost in the middle of the session: another takes its place."""

import asyncio
import contextlib

import pytest

from frazil import IceOptions
from frazil.stun import ErrorCode, Method
from frazil.testing import FULL_CONE, NO_UDP, SYMMETRIC
from support.scenario import states
from support.swallow import streams, swallow
from support.turn_stream_server import TurnStreamServer

RELAY, NAME = "192.0.2.7", "relay.example"
OTHER, ALIAS = "192.0.2.8", "alias.example"
UDP, TCP, TLS = f"turn:{NAME}", f"turn:{NAME}:443?transport=tcp", f"turns:{NAME}:443"
HOME, OFFICE, HOTEL = "203.0.113.5", "203.0.113.9", "203.0.113.12"


def configured(url, **options):
    server = {"urls": url, "username": "user", "credential": "password"} | options
    return {"iceServers": [server]}


async def homes(stage, url, *, firewall=False):
    """Alice and Bob behind symmetric NATs, and the server that they need."""
    net = stage.net
    kind = {"firewall": NO_UDP, "kind": FULL_CONE} if firewall else {"kind": SYMMETRIC}
    alice = net.host("alice", "192.168.1.2", behind=net.nat("home", HOME, **kind))
    bob = net.host("bob", "10.0.0.2", behind=net.nat("office", OFFICE, kind=SYMMETRIC))
    stage.introduce(
        stage.peer("alice", host=alice, configuration=configured(url)),
        stage.peer("bob", host=bob, configuration=configured(UDP)),
    )
    net.names[NAME] = [RELAY]
    server = net.turn_server(RELAY)
    if url is UDP:
        return server
    stream_server = await TurnStreamServer.start(
        server.host, certificate_name=NAME if url is TLS else None
    )
    stage.closing.append(stream_server.close)
    return stream_server


def errors(peer):
    return [(event.url, event.errorCode) for event in peer.fired("pc", "icecandidateerror")]


async def exchange(stage):
    alice, bob = stage.peers[:2]
    for sender, receiver in ((alice, bob), (bob, alice)):
        receiver.inbox["chat"].clear()
        sender.channels["chat"].send("over")
        await stage.until(lambda receiver=receiver: receiver.inbox["chat"] == ["over"])


async def healed(stage, within_s):
    """How long it takes until a message gets through each way."""
    start = stage.now
    async with asyncio.timeout(within_s):
        await exchange(stage)
    return stage.now - start


@pytest.mark.parametrize("url", [UDP, TCP, TLS])
async def test_a_session_outlives_lifetimes_and_nonces(stage, url):
    server = await homes(stage, url, firewall=url is not UDP)
    server.service.nonce_lifetime_s = 420.0
    await stage.connect()
    for minutes in (10, 20, 30):  # it is 10, 30 and 60 minutes old
        await stage.sleep(60 * minutes)
        await exchange(stage)
    requests = server.service.requests
    assert requests[Method.REFRESH] >= 60 // 10
    assert requests[Method.CREATE_PERMISSION] >= 60 // 5
    assert requests[Method.ALLOCATE] == 2 * (1 if url is not UDP else 2)
    for peer in stage.peers[:2]:
        assert states(peer, "iceConnectionState") == "new checking connected completed"
        assert errors(peer) == []


async def test_a_server_that_restarts_is_asked_again_and_nobody_restarts_ice(stage):
    server = await homes(stage, UDP)
    await stage.connect()
    await stage.sleep(30)
    server.service.forget_allocations()
    took_s = await healed(stage, 20)
    assert took_s < 8  # five seconds of silence, a request, checks
    for peer in stage.peers[:2]:
        assert states(peer, "connectionState") == "new connecting connected disconnected connected"
        assert errors(peer) in ([], [(UDP, 437)])
        assert states(peer, "signalingState").endswith("stable")


@pytest.mark.parametrize("url", [TCP, TLS])
async def test_a_stream_that_breaks_is_replaced(stage, url):
    server = await homes(stage, url, firewall=True)
    await stage.connect()
    await stage.sleep(30)
    server.hang_up()
    assert await healed(stage, 20) < 2
    alice = stage.peers[0]
    assert errors(alice) == [(url, 701)]
    assert alice.ice.getSelectedCandidatePair().local.type == "relay"
    assert alice.pc.connectionState == "connected"
    (reason,) = {each.reason.text for each in alice.pc.stateHistory if each.new == "disconnected"}
    assert reason == "the relay of the selected pair is gone"


@pytest.mark.parametrize("url", [TCP, TLS])
async def test_a_stream_that_falls_silent_is_replaced(stage, url):
    server = await homes(stage, url, firewall=True)
    alice, bob = stage.peers[:2]
    await stage.connect()
    await stage.sleep(30)
    swallow(alice.host, server.host)
    assert 5 < await healed(stage, 20) < 11
    assert errors(alice) == [(url, 701)]
    assert len(streams(alice.host)) == 1
    for peer in (alice, bob):
        assert states(peer, "connectionState") == "new connecting connected disconnected connected"


@pytest.mark.parametrize("occasion", ["restart", "another address"])
async def test_a_stream_that_a_redirection_led_to_goes_on(stage, occasion):
    """The server that redirects is asked anew, and names a server that relays for us already."""
    server = await homes(stage, TCP, firewall=True)
    other = await TurnStreamServer.start(stage.net.host("other", OTHER))
    stage.closing.append(other.close)
    server.service.redirect_to = (OTHER, 443)
    alice = stage.peers[0]
    await stage.connect()
    await stage.sleep(10)
    before = dict(other.service.allocations)
    assert len(before) == 1
    if occasion == "restart":
        await stage.negotiate(ice_restart=True)
    else:
        hotel = stage.net.nat("hotel", HOTEL, kind=FULL_CONE, firewall=NO_UDP)
        alice.host.add_interface("192.168.7.2", behind=hotel)
    await stage.sleep(20)
    assert {client: other.service.allocations.get(client) for client in before} == before
    assert len(other.streams) == (1 if occasion == "restart" else 2)
    assert "disconnected" not in states(alice, "iceConnectionState")
    assert errors(alice) == []
    await exchange(stage)


@pytest.mark.parametrize("number", [0, 1])
async def test_a_stream_that_breaks_leaves_another_to_the_same_server_alone(stage, number):
    server = await homes(stage, TCP, firewall=True)
    stage.net.names[ALIAS] = [RELAY]
    urls = [TCP, f"turn:{ALIAS}:443?transport=tcp"]
    alice = stage.peers[0]
    alice.pc.setConfiguration(configured(urls))
    await stage.connect()
    await stage.sleep(20)
    kept = dict(server.streams)
    assert len(kept) == 2
    broken = list(kept)[number]
    server.streams.pop(broken).close()
    del kept[broken]
    assert await healed(stage, 20) < 2
    assert server.streams == kept
    ((url, code),) = errors(alice)
    assert (url in urls, code) == (True, 701)


async def test_a_stream_that_a_restart_wants_no_more_is_not_opened(stage):
    server = await homes(stage, TCP, firewall=True)
    await stage.connect()
    await stage.sleep(30)
    server.hang_up()
    await stage.until(lambda: errors(stage.peers[0]))
    await stage.negotiate(ice_restart=True)
    await stage.sleep(20)
    assert len(server.streams) == 1
    assert len(streams(stage.peers[0].host)) == 1
    await exchange(stage)


async def test_a_short_silence_costs_no_relay(stage):
    server = await homes(stage, TCP, firewall=True)
    alice = stage.peers[0]
    await stage.connect()
    await stage.sleep(30)
    stage.net.block(alice.host, for_s=6)
    await healed(stage, 20)
    await stage.sleep(60)
    assert errors(alice) == []
    assert server.service.requests[Method.ALLOCATE] == 2


@pytest.mark.parametrize(("silence_s", "restart_after_s"), [(13, 5), (22, 22.5)])
async def test_a_restart_gives_up_no_relay_that_lives(stage, silence_s, restart_after_s):
    """Neither one that is silent for longer than gathering waits, nor one asked long before."""
    server = await homes(stage, UDP)
    alice, bob = stage.peers[:2]
    for peer in (alice, bob):
        peer.pc.setConfiguration(configured(UDP) | {"iceTransportPolicy": "relay"})
    await stage.connect()
    await stage.sleep(120)
    before = dict(server.service.allocations)
    stage.net.block(alice.host, for_s=silence_s)
    await stage.sleep(restart_after_s)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(30)
    assert server.service.allocations == before
    assert errors(alice) == ([(UDP, 701)] if restart_after_s < silence_s else [])
    relays = [each.address for each in alice.ice.getLocalCandidates() if each.type == "relay"]
    assert len(relays) == 1
    await exchange(stage)


async def test_restarts_without_an_address_to_gather_from_give_up_no_relay(stage):
    """As while the default route is away and the interface stays."""
    net, wanted = stage.net, ["192.168.1.2"]
    net.names[NAME] = [RELAY]
    server = net.turn_server(RELAY)
    home = net.nat("home", HOME, kind=SYMMETRIC)
    alice = stage.peer(
        "alice",
        host=net.host("alice", "192.168.1.2", behind=home),
        configuration=configured(UDP) | {"iceTransportPolicy": "relay"},
        ice=IceOptions(interfaces=lambda one: one.address in wanted),
    )
    stage.introduce(alice, stage.peer("bob", OFFICE))
    await stage.connect()
    await stage.sleep(30)
    net.block(alice.host, for_s=40)
    await stage.until(lambda: alice.pc.connectionState == "disconnected")
    await stage.sleep(30)
    address = wanted.pop()
    for _ in range(2):
        await stage.negotiate(ice_restart=True)
        await stage.sleep(1)
    del net.names[NAME]
    await stage.sleep(10)
    wanted.append(address)
    await stage.negotiate(ice_restart=True)
    assert await healed(stage, 20) < 5
    assert len(server.service.allocations) == 1


async def test_a_server_that_never_answers_again_is_asked_on_one_stream_at_a_time(stage):
    server = await homes(stage, TCP, firewall=True)
    alice = stage.peers[0]
    await stage.connect()
    await stage.sleep(30)
    server.service.silent = True
    for _ in range(60):
        await stage.sleep(30)
        assert len(server.streams) <= 1
        assert len(streams(alice.host)) <= 1
    assert states(alice, "connectionState") == "new connecting connected disconnected failed"


async def test_a_server_that_is_away_for_a_while_is_asked_until_it_is_back(stage):
    server = await homes(stage, UDP)
    await stage.connect()
    await stage.sleep(30)
    server.service.forget_allocations()
    server.service.refusals[Method.ALLOCATE] = ErrorCode(508, "Not Yet")
    await stage.sleep(12)
    server.service.refusals.clear()
    assert await healed(stage, 18) < 12
    assert (UDP, 508) in errors(stage.peers[0]) + errors(stage.peers[1])


async def test_what_a_silent_server_still_keeps_serves_when_it_is_back(stage):
    server = await homes(stage, UDP)
    await stage.connect()
    await stage.sleep(30)
    server.service.silent = True
    await stage.sleep(40)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(60)  # gathering has long ended without it
    server.service.silent = False
    await stage.negotiate(ice_restart=True)
    assert await healed(stage, 20) < 4
    assert server.service.requests[Method.ALLOCATE] == 2 * 2  # without proof, and with it
    assert [errors(peer) for peer in stage.peers] == [[(UDP, 701)]] * 2


async def test_a_new_address_may_be_seen_where_a_lost_one_was(stage):
    net = stage.net
    server = net.turn_server(RELAY)
    net.names[NAME] = [RELAY]
    office = net.nat("office", OFFICE, kind=SYMMETRIC)
    stage.introduce(
        stage.peer("alice", "198.51.100.1"),
        stage.peer(
            "bob",
            host=net.host("bob", "10.0.0.2", behind=office),
            configuration={**configured(UDP), "iceTransportPolicy": "relay"},
        ),
    )
    bob = stage.peers[1]
    await stage.connect()
    await stage.sleep(30)
    (client,) = server.service.allocations
    bob.host.remove_interface("10.0.0.2")
    office.forget()
    await stage.sleep(5)
    bob.host.add_interface("10.0.0.3", behind=office)
    assert await healed(stage, 20) < 5
    assert list(server.service.allocations) == [client]


async def test_a_stream_on_which_the_server_does_not_answer_is_not_used_again(stage):
    server = await homes(stage, TCP, firewall=True)
    await stage.connect()
    await stage.sleep(30)
    (old,) = server.streams
    server.service.silent = True
    await stage.sleep(40)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(20)
    server.service.silent = False
    await stage.negotiate(ice_restart=True)
    assert await healed(stage, 20) < 5
    assert len(server.streams) == 1
    assert old not in server.streams


@pytest.mark.parametrize("url", [UDP, TCP])
async def test_fresh_credentials_keep_the_relay_when_the_old_ones_expire(stage, url):
    server = await homes(stage, url, firewall=url is TCP)
    await stage.connect()
    await stage.sleep(30)
    server.service.users = {"user": "fresh"}
    for peer, its_url in zip(stage.peers, (url, UDP), strict=True):
        peer.pc.setConfiguration(configured(its_url, credential="fresh"))
    await stage.sleep(1800)
    await exchange(stage)
    for peer in stage.peers:
        assert states(peer, "connectionState") == "new connecting connected"
    assert errors(stage.peers[0]) == []


@pytest.mark.parametrize("breaks", [False, True], ids=["the stream is silent", "it breaks"])
async def test_without_udp_nothing_is_asked_from_an_address_that_is_gone(stage, breaks):
    net = stage.net
    net.names[NAME] = [RELAY]
    server = await TurnStreamServer.start(net.turn_server(RELAY).host)
    stage.closing.append(server.close)
    host = net.host("alice", HOME)
    options = IceOptions(ip_handling="disable_non_proxied_udp")
    alice = stage.peer("alice", host=host, configuration=configured(TCP), ice=options)
    stage.introduce(alice, stage.peer("bob", OFFICE))
    await stage.connect()
    if breaks:
        server.hang_up()
        await stage.sleep(0.3)
    host.remove_interface(HOME)
    host.add_interface(HOTEL)
    await stage.sleep(2)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(700)
    await exchange(stage)
    assert len(errors(alice)) == int(breaks)


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH", None])
async def test_why_a_stream_was_lost_is_told(stage, said):
    server = await homes(stage, TCP, firewall=True)
    await stage.connect()
    (stream,) = server.streams.values()
    stream.close() if said is None else stream.send(said)
    await stage.sleep(1)
    texts = [event.errorText for event in stage.peers[0].fired("pc", "icecandidateerror")]
    nonsense = "No message begins with 5353482d322e302d."
    assert texts == ["The server ended the stream." if said is None else nonsense]


def forget_permissions(server):
    """As if the client had slept for some minutes, and its clock with it (RFC 8656 9)."""
    for allocation in server.service.allocations.values():
        allocation.permissions.clear()
        allocation.channels.clear()


@pytest.mark.parametrize("url", [UDP, TCP])
async def test_permissions_that_the_server_has_forgotten_are_asked_for_again(stage, url):
    server = await homes(stage, url, firewall=url is TCP)
    await stage.connect()
    await stage.sleep(30)
    forget_permissions(server)
    assert await healed(stage, 20) < 7
    for peer in stage.peers:
        assert states(peer, "connectionState") == "new connecting connected disconnected connected"
        assert errors(peer) == []


async def test_a_restart_asks_for_forgotten_permissions_again(stage):
    server = await homes(stage, UDP)
    await stage.connect()
    await stage.sleep(30)
    server.service.silent = True
    await stage.sleep(60)
    server.service.silent = False
    forget_permissions(server)
    await stage.negotiate(ice_restart=True)
    assert await healed(stage, 20) < 4


async def test_without_fresh_credentials_the_loss_is_told(stage):
    server = await homes(stage, UDP)
    await stage.connect()
    await stage.sleep(30)
    server.service.users = {"user": "fresh"}
    await stage.sleep(700)
    assert (UDP, 401) in errors(stage.peers[0])


async def test_the_new_relay_does_not_wait_for_checks_to_the_old_one(stage):
    """Both are of the same foundation, and nobody answers at the old one any more."""
    server = stage.net.turn_server(RELAY, name=NAME)
    policy = configured(UDP) | {"iceTransportPolicy": "relay"}
    stage.introduce(
        stage.peer("alice", "198.51.100.1", configuration=policy),
        stage.peer("bob", "198.51.100.2", configuration=policy),
    )
    await stage.connect()
    await stage.sleep(30)
    server.service.forget_allocations()
    assert await healed(stage, 20) < 7


@contextlib.asynccontextmanager
async def offered_in_vain(stage):
    """Alice offers a restart that Bob never hears of, and takes it back at the end."""
    alice = stage.peers[0]
    stage.signalling(carries_candidates=False, carries_end=False)
    await alice.pc.setLocalDescription(await alice.pc.createOffer({"iceRestart": True}))
    yield
    await alice.pc.setLocalDescription({"type": "rollback"})
    stage.signalling(carries_candidates=True, carries_end=True)


@pytest.mark.parametrize("lost", ["before the offer", "while it is pending"])
async def test_a_relay_that_came_while_an_offer_was_pending_serves_after_its_rollback(stage, lost):
    server = await homes(stage, TCP, firewall=True)
    alice = stage.peers[0]
    await stage.connect()
    await stage.sleep(30)
    if lost == "before the offer":
        server.hang_up()
    async with offered_in_vain(stage):
        await stage.sleep(2)
        if lost == "while it is pending":
            server.hang_up()
        await stage.sleep(2)
    assert await healed(stage, 20) < 2
    assert len(server.streams) == 1
    assert alice.ice.getSelectedCandidatePair().local.type == "relay"


@pytest.mark.parametrize(("back", "within_s"), [("before the rollback", 2), ("after it", 4)])
async def test_a_relay_may_be_there_only_after_the_rollback(stage, back, within_s):
    server = await homes(stage, TCP, firewall=True)
    await stage.connect()
    await stage.sleep(30)
    server.service.refusals[Method.ALLOCATE] = ErrorCode(508, "Not Yet")
    server.hang_up()
    await stage.sleep(1)
    async with offered_in_vain(stage):
        await stage.sleep(2)
        if back == "before the rollback":
            server.service.refusals.clear()
    if back == "after it":
        await stage.sleep(2)
        server.service.refusals.clear()
    assert await healed(stage, 20) < within_s


async def test_an_attempt_that_failed_is_told_at_once(stage):
    """Though the relay only stands by, and nothing else happens on the path."""
    server = stage.net.turn_server(RELAY, name=NAME)
    alice = stage.peer("alice", "198.51.100.1", configuration=configured(UDP))
    stage.introduce(alice, stage.peer("bob", "198.51.100.2"))
    await stage.connect()
    server.service.forget_allocations()
    server.service.refusals[Method.ALLOCATE] = ErrorCode(508, "Not Yet")
    await stage.sleep(240.5)  # permissions are renewed after 240 s
    assert errors(alice) == [(UDP, 437), (UDP, 508)]
