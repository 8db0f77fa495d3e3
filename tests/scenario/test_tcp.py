"""Whole peers that reach each other by TCP, because UDP does not pass (RFC 6544)."""

import asyncio
from itertools import pairwise

import pytest

from frazil import IceOptions
from frazil.aio import StreamHandlers
from frazil.testing import FULL_CONE, NO_UDP, SYMMETRIC, Conditions
from frazil.testing.tcp.stream import VirtualStream
from support.scenario import states
from support.swallow import streams, swallow

CONNECTION, ICE = "connectionState", "iceConnectionState"
ALICE, BOB, MALLORY = "203.0.113.5", "198.51.100.2", "198.51.100.66"


def peers(stage, ours="active", theirs="passive", *, blocked=True, **options):
    """Alice, behind a firewall without UDP if ``blocked``, and Bob on the internet."""
    router = stage.net.firewall("office", NO_UDP) if blocked else None
    alice = stage.net.host("alice", ALICE, behind=router)
    bob = stage.net.host("bob", BOB)
    return stage.introduce(
        stage.peer("alice", host=alice, ice=IceOptions(tcp=ours, **options)),
        stage.peer("bob", host=bob, ice=IceOptions(tcp=theirs, **options)),
    )


async def exchange(stage, size=4):
    """A message each way."""
    alice, bob = stage.peers[:2]
    for sender, receiver in ((alice, bob), (bob, alice)):
        receiver.inbox["chat"].clear()
        sender.channels["chat"].send(b"over" * (size // 4))
        await stage.until(lambda receiver=receiver: receiver.inbox["chat"])
        assert receiver.inbox["chat"] == [b"over" * (size // 4)]


def selected(peer):
    pair = peer.ice.getSelectedCandidatePair()
    return [(each.protocol, each.type, each.tcpType) for each in (pair.local, pair.remote)]


def tcp_lines(peer):
    return [c.candidate for c in peer.candidates if c and c.protocol == "tcp"]


# --- connecting -------------------------------------------------------------------------------


async def test_without_udp_and_without_a_server_tcp_connects(stage):
    alice, bob = peers(stage)
    await stage.connect()
    assert stage.now < 1.0
    await exchange(stage)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, CONNECTION) == "new connecting connected"
    assert selected(alice) == [("tcp", "prflx", "active"), ("tcp", "host", "passive")]
    assert selected(bob) == [("tcp", "host", "passive"), ("tcp", "prflx", "active")]


@pytest.mark.parametrize("offerer", [0, 1])
@pytest.mark.parametrize(
    ("ours", "theirs"), [("active", "passive"), ("active", "both"), ("both", "both")]
)
async def test_either_side_may_offer(stage, ours, theirs, offerer):
    sides = [("alice", ALICE, ours), ("bob", BOB, theirs)]
    if offerer:
        sides.reverse()
    made = []
    for name, address, tcp in sides:
        router = stage.net.firewall(f"firewall {name}", NO_UDP) if name == "alice" else None
        host = stage.net.host(name, address, behind=router)
        made.append(stage.peer(name, host=host, ice=IceOptions(tcp=tcp)))
    stage.introduce(*made)
    await stage.connect()
    assert stage.now < 1.0
    await exchange(stage)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("off", "passive"), ("active", "off"), ("active", "active")]
)
async def test_it_takes_one_who_connects_and_one_who_lets(stage, ours, theirs):
    alice, bob = peers(stage, ours, theirs)
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, CONNECTION) == "new connecting failed"


async def test_where_udp_works_it_is_preferred(stage):
    alice, bob = peers(stage, "both", "both", blocked=False)
    await stage.connect()
    await exchange(stage)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert [each[0] for each in selected(peer)] == ["udp", "udp"]
        assert states(peer, ICE) == "new checking connected completed"


async def test_a_nat_in_the_way_changes_nothing(stage):
    router = stage.net.nat("home", "203.0.113.9", kind=FULL_CONE, firewall=NO_UDP)
    alice = stage.net.host("alice", "192.168.1.2", behind=router)
    stage.introduce(
        stage.peer("alice", host=alice), stage.peer("bob", BOB, ice=IceOptions(tcp="passive"))
    )
    await stage.connect()
    await exchange(stage)


# --- candidates -------------------------------------------------------------------------------


async def test_passive_candidates_are_told_and_active_ones_are_not(stage):
    alice, bob = peers(stage, "both", "active", blocked=False)
    await stage.connect()
    (line,) = tcp_lines(alice)
    words = line.split()
    assert words[2:5:2] == ["tcp", ALICE]
    assert words[6:10] == ["typ", "host", "tcptype", "passive"]
    udp = next(c for c in alice.candidates if c and c.protocol == "udp")
    assert int(words[3]) < udp.priority
    assert tcp_lines(bob) == []
    report = await bob.pc.getStats()
    shown = [
        (each["candidateType"], each.get("tcpType")) for each in report.of_type("local-candidate")
    ]
    assert ("host", None) in shown
    assert ("prflx", "active") in shown or ("host", "active") in shown


async def test_passive_ports_are_of_the_range(stage):
    alice, _ = peers(stage, "both", "both", blocked=False, ports=range(40000, 40004))
    await stage.connect()
    ports = [c.port for c in alice.candidates if c and c.candidate]
    assert len(set(ports)) == 2
    assert set(ports) <= set(range(40000, 40004))


async def test_an_exhausted_range_is_told(stage):
    alice, _ = peers(stage, "both", "both", blocked=False, ports=range(40000, 40001))
    await stage.connect()
    assert tcp_lines(alice) == []
    (error,) = alice.fired("pc", "icecandidateerror")
    assert (error.url, error.errorCode) == ("", 701)


async def test_the_relay_policy_tells_and_opens_no_tcp(stage):
    net = stage.net
    net.turn_server("192.0.2.7", name="relay.example")
    server = {"urls": "turn:relay.example", "username": "user", "credential": "password"}
    alice = stage.peer(
        "alice",
        ALICE,
        configuration={"iceServers": [server], "iceTransportPolicy": "relay"},
        ice=IceOptions(tcp="both"),
    )
    stage.introduce(alice, stage.peer("bob", BOB, ice=IceOptions(tcp="both")))
    await stage.connect()
    await stage.sleep(60)
    assert tcp_lines(alice) == []
    assert alice.host.tcp.open_ends() == []


# --- in use -----------------------------------------------------------------------------------


async def test_big_messages_pass(stage):
    alice, bob = peers(stage)
    await stage.connect()
    await exchange(stage, size=262_144)
    for _ in range(8):
        alice.channels["chat"].send(b"x" * 262_144)
    bob.inbox["chat"].clear()
    await stage.until(lambda: len(bob.inbox["chat"]) == 8)


async def test_an_idle_hour(stage):
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(3600)
    await exchange(stage)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


def break_streams(peer):
    """End every stream of a host, as a router does that restarts."""
    for end in peer.host.tcp.open_ends():
        if hasattr(end, "remote"):
            end._abort()


@pytest.mark.parametrize("breaks", [0, 1])
@pytest.mark.parametrize("offerer", [0, 1])
async def test_a_stream_that_ends_is_opened_again(stage, breaks, offerer):
    made = peers(stage) if not offerer else None
    if made is None:
        router = stage.net.firewall("office", NO_UDP)
        bob = stage.peer("bob", BOB, ice=IceOptions(tcp="passive"))
        host = stage.net.host("alice", ALICE, behind=router)
        made = stage.introduce(bob, stage.peer("alice", host=host))
    await stage.connect()
    await stage.sleep(45)
    start = stage.now
    break_streams(made[breaks])
    await exchange(stage)
    assert stage.now - start < 1.0
    for peer in made:
        assert states(peer, CONNECTION) == "new connecting connected disconnected connected"
    lost = [c for c in made[0].pc.stateHistory if c.reason.cause == "stream-lost"]
    assert [change.new for change in lost][:1] == ["disconnected"]


@pytest.mark.parametrize("loses", [0, 1])
async def test_a_stream_on_which_it_is_lost_where_datagrams_begin_gives_way_to_another(
    stage, loses
):
    made = peers(stage)
    await stage.connect()
    await stage.sleep(45)
    start = stage.now
    (end,) = streams(made[1 - loses].host)
    end.send(b"\xc0\xdec")
    await exchange(stage)
    assert stage.now - start < 1.0
    (lost, *_) = [each for each in made[loses].pc.trace.records if each.event == "stream-lost"]
    assert lost.facts["text"] == "a datagram of 49374 bytes; 16421 are accepted"
    for peer in made:
        assert states(peer, CONNECTION) == "new connecting connected disconnected connected"
        assert len(streams(peer.host)) == 1


async def test_a_stream_that_is_opened_again_may_look_like_the_old_one(stage):
    """To the peer, whom a NAT that has forgotten shows the port of the old one."""
    router = stage.net.nat("home", "203.0.113.9", kind=SYMMETRIC, firewall=NO_UDP)
    alice = stage.peer("alice", host=stage.net.host("alice", "192.168.1.2", behind=router))
    bob = stage.peer("bob", BOB, ice=IceOptions(tcp="passive"))
    stage.introduce(alice, bob)
    await stage.connect()
    break_streams(alice)  # the next one has the second port
    await stage.sleep(5)
    router.forget()  # what leaves now has the first one, and is reset; the next has the second
    await stage.sleep(10)
    await exchange(stage)
    for peer in (alice, bob):
        assert states(peer, CONNECTION).split().count("disconnected") == 2
        assert peer.pc.iceConnectionState == "completed"


async def test_a_stream_that_cannot_be_opened_again_fails_in_time(stage):
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(45)
    stage.net.block(alice.host, bob.host)
    break_streams(alice)
    break_streams(bob)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, CONNECTION) == "new connecting connected disconnected failed"


async def test_streams_that_end_again_and_again(stage):
    alice, _ = peers(stage)
    await stage.connect()
    for _ in range(30):
        await stage.sleep(3)
        break_streams(alice)
        await exchange(stage)


@pytest.mark.parametrize("for_s", [1, 12])
async def test_a_blackout_heals(stage, for_s):
    """A check that leaves in the dark comes three times as late as the dark lasts, by TCP's RTO."""
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(45)
    stage.net.block(alice.host, bob.host, for_s=for_s)
    await stage.sleep(for_s)
    start = stage.now
    await exchange(stage)
    assert stage.now - start < for_s  # TCP waits ever longer before it tries again
    expected = "new connecting connected" + " disconnected connected" * (for_s > 6)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert states(peer, CONNECTION) == expected


@pytest.mark.parametrize("stage", range(5), indirect=True)
async def test_a_lossy_slow_line(stage):
    stage.net.default = Conditions(delay_s=0.15, jitter_s=0.05, loss=0.05, reordering=0.02)
    alice, bob = peers(stage)
    await stage.connect()
    for _ in range(20):
        await stage.sleep(15)
        await exchange(stage, size=4000)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "connected"


async def test_another_network_without_udp_is_moved_to(stage):
    net = stage.net
    host = net.host("alice")
    for name, address in (("wlan0", ALICE), ("wwan0", "203.0.113.77")):
        host.add_interface(address, name, behind=net.firewall(f"firewall {name}", NO_UDP))
    host.take_down("wwan0")
    alice = stage.peer("alice", host=host)
    bob = stage.peer("bob", BOB, ice=IceOptions(tcp="passive"))
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(45)
    host.take_down("wlan0")
    host.bring_up("wwan0")
    start = stage.now
    await exchange(stage)
    assert stage.now - start < 2
    assert alice.pc.connectionState == "connected"


async def test_the_side_that_listens_may_move_too(stage):
    net = stage.net
    router = net.firewall("office", NO_UDP)
    alice = stage.peer("alice", host=net.host("alice", ALICE, behind=router))
    host = net.host("bob")
    host.add_interface(BOB, "wlan0")
    bob = stage.peer("bob", host=host, ice=IceOptions(tcp="passive"))
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(45)
    host.take_down("wlan0")
    host.add_interface("198.51.100.77", "wwan0")
    start = stage.now
    await exchange(stage)
    assert stage.now - start < 3
    assert bob.ice.getSelectedCandidatePair().local.address == "198.51.100.77"


async def test_a_restart_uses_tcp_again(stage):
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(10)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(60)
    await exchange(stage)
    for peer in (alice, bob):
        assert peer.pc.iceConnectionState == "completed"
        assert "disconnected" not in states(peer, ICE)


async def test_closing_leaves_no_stream_and_no_port(stage):
    alice, bob = peers(stage, "both", "both")
    await stage.connect()
    await alice.pc.close()
    await bob.pc.close()
    await stage.sleep(1)
    assert alice.host.tcp.open_ends() == []
    assert bob.host.tcp.open_ends() == []


# --- streams that fall silent -----------------------------------------------------------------


@pytest.mark.parametrize("idle_s", [0, 45])
async def test_a_stream_that_falls_silent_gives_way_to_another(stage, idle_s):
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(idle_s)
    start = stage.now
    swallow(alice.host, bob.host)
    await exchange(stage)
    assert 5 < stage.now - start < 9
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, CONNECTION) == "new connecting connected disconnected connected"
        assert peer.pc.iceConnectionState == "completed"
        assert len(streams(peer.host)) == 1
    assert [each[0] for each in selected(alice)] == ["tcp", "tcp"]


async def test_streams_that_fall_silent_again_and_again(stage):
    """The end where they arrive does not run out of places for them."""
    alice, bob = peers(stage)
    await stage.connect()
    for _ in range(50):
        await stage.sleep(15)
        swallow(alice.host, bob.host)
        await exchange(stage)
        assert len(streams(alice.host)) == 1
        assert len(streams(bob.host)) <= 3


async def test_a_peer_that_vanishes_is_failed_in_time_however_streams_are_opened(stage):
    """By somebody in between who takes every stream and answers nothing on it."""
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(45)
    start = stage.now
    opened = []
    connect = alice.host.connect_tcp

    async def into_the_void(*args, **kwargs):
        opened.append(stage.now)
        stream = await connect(*args, **kwargs)
        swallow(alice.host, bob.host)
        return stream

    alice.host.connect_tcp = into_the_void
    swallow(alice.host, bob.host)
    await stage.sleep(60)
    assert states(alice, CONNECTION) == "new connecting connected disconnected failed"
    lost, failed = [c for c in alice.pc.stateHistory if c.machine == "connection"][-2:]
    assert (lost.reason.cause, failed.reason.cause) == ("liveness-lost", "consent-lost")
    failed_at = failed.at
    assert 25 < failed_at - start < 31
    assert 1 < len(opened) < 6
    assert all(later - earlier > 5 for earlier, later in pairwise(opened))
    assert max(opened) < failed_at
    await stage.sleep(600)
    assert max(opened) < failed_at


async def test_a_peer_that_refuses_streams_is_not_asked_for_more_without_pause(stage):
    """Its process has ended."""
    alice, bob = peers(stage)
    await stage.connect()
    await stage.sleep(45)
    opened = []
    connect = alice.host.connect_tcp

    def note(*args, **kwargs):
        opened.append(stage.now)
        return connect(*args, **kwargs)

    alice.host.connect_tcp = note
    bob.host.tcp.open_ends()[-1].close()
    break_streams(bob)
    await stage.sleep(60)
    assert states(alice, CONNECTION) == "new connecting connected disconnected failed"
    assert 20 < len(opened) <= 2 * 30 + 1


async def test_a_peer_that_ends_each_stream_at_once_is_not_asked_for_more_without_pause(
    stage, monkeypatch
):
    peers(stage)
    await stage.connect()
    await stage.sleep(45)
    opened = []
    receive = VirtualStream.receive

    def hang_up(end, segment):
        receive(end, segment)
        if end.local[0] == BOB and end.is_open:
            opened.append(end)
            asyncio.get_running_loop().call_later(0.1, end._abort)  # it has answered by then

    monkeypatch.setattr(VirtualStream, "receive", hang_up)
    await stage.sleep(20)
    assert 10 < len(set(map(id, opened))) <= 2 * 20 + 1
    monkeypatch.undo()
    await stage.sleep(2)
    await exchange(stage)


# --- strangers --------------------------------------------------------------------------------


class Stranger:
    """Connects to the passive candidate of a peer."""

    def __init__(self):
        self.ended = False
        self.data = b""

    @classmethod
    async def connect(cls, host, remote):
        self = cls()

        def end():
            self.ended = True

        def take(data):
            self.data += data

        self.stream = await host.connect_tcp(remote, StreamHandlers(take, end))
        return self


def passive_address(peer):
    return next((c.address, c.port) for c in peer.candidates if c and c.tcpType == "passive")


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00",
        b"\x00\x01\x16",
        b"\x08\x01" + b"\x00" * 2049,
        b"\xff\xff",
    ],
)
async def test_garbage_ends_the_stream_and_nothing_else(stage, garbage):
    _, bob = peers(stage)
    await stage.connect()
    stranger = await Stranger.connect(stage.net.host("mallory", MALLORY), passive_address(bob))
    stranger.stream.send(garbage)
    await stage.sleep(1)
    assert stranger.ended
    await exchange(stage)


@pytest.mark.parametrize("sent", [b"", b"\x00", b"\x00\x14\x00\x01"])
async def test_silence_is_borne_for_ten_seconds(stage, sent):
    _, bob = peers(stage)
    await stage.connect()
    stranger = await Stranger.connect(stage.net.host("mallory", MALLORY), passive_address(bob))
    if sent:
        stranger.stream.send(sent)
    await stage.sleep(9.5)
    assert not stranger.ended
    await stage.sleep(1)
    assert stranger.ended


async def test_checks_without_the_password_prove_nothing(stage):
    _, bob = peers(stage)
    await stage.connect()
    stranger = await Stranger.connect(stage.net.host("mallory", MALLORY), passive_address(bob))
    request = b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)
    for _ in range(5):
        stranger.stream.send(len(request).to_bytes(2) + request)
        await stage.sleep(1)
    assert stranger.data.count(b"Bad Request") == 5
    await stage.sleep(6)
    assert stranger.ended


async def test_strangers_displace_each_other_and_not_the_peer(stage):
    alice, bob = peers(stage)
    host = stage.net.host("mallory", MALLORY)
    alice.channel()
    await stage.negotiate()
    await stage.until(lambda: any(c and c.tcpType for c in bob.candidates))
    strangers = [await Stranger.connect(host, passive_address(bob)) for _ in range(100)]
    await alice.pc.wait_connected(timeout=60)
    await stage.sleep(1)
    assert sum(not each.ended for each in strangers) <= 16
    open_streams = [end for end in bob.host.tcp.open_ends() if hasattr(end, "remote")]
    assert len(open_streams) <= 16 + 2
    await stage.sleep(11)
    assert all(each.ended for each in strangers)
