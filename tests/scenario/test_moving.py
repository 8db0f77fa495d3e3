"""A session whose network changes under it: NATs that forget, interfaces that come and go."""

from dataclasses import replace
from itertools import pairwise

import pytest

from frazil import IceOptions
from frazil.testing import FULL_CONE, Conditions, PortAssignment
from frazil.types import Transmit
from support.heartbeat import Heartbeat
from support.scenario import states

ICE = "iceConnectionState"
HOME, OFFICE = "203.0.113.5", "203.0.113.9"
STUN = {"iceServers": [{"urls": "stun:stun.example"}]}
OPEN_NAT = replace(FULL_CONE, ports=PortAssignment.RANDOM)

MISHAPS = {
    "bindings lost": lambda home: home.forget(),
    "another address": lambda home: home.change_address("203.0.113.77"),
}


async def neighbours(stage, delay_s=0.02):
    """Alice and Bob connected through a NAT each, settled; the NATs."""
    net = stage.net
    net.stun_server("192.0.2.1", name="stun.example")
    home = net.nat("home", HOME, kind=OPEN_NAT)
    office = net.nat("office", OFFICE, kind=OPEN_NAT)
    net.connect("home", "office", Conditions(delay_s=delay_s))
    for name, address, router in (
        ("alice", "192.168.1.2", home),
        ("bob", "10.0.0.2", office),
    ):
        host = net.host(name, address, behind=router)
        stage.peer(name, host=host, configuration=STUN)
    stage.introduce(*stage.peers)
    await stage.connect()
    await stage.sleep(60)
    return home, office


def is_check(packet, source):
    """Whether a datagram is a Binding request from ``source``."""
    return packet.source[0] == source and packet.data[:2] == b"\0\1"


# --- a NAT gives other addresses ----------------------------------------------------------------


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("moved", [0, 1], ids=["offerer", "answerer"])
@pytest.mark.parametrize("delay_s", [0.005, 0.05])
async def test_a_peer_whose_nat_moves_it_is_followed_at_once(stage, mishap, moved, delay_s):
    routers = await neighbours(stage, delay_s)
    alice, bob = stage.peers
    heartbeat = Heartbeat(stage, 0.05)
    beating = stage.spawn(heartbeat.beat(20))
    await stage.sleep(5)
    MISHAPS[mishap](routers[moved])
    await beating
    await stage.sleep(1)
    heartbeat.verify()
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    assert heartbeat.longest_gap_s() < 0.7


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize(
    ("talker", "within_s"),
    [
        pytest.param(0, 0.7, id="the one that moved"),
        # Nobody can write to the new address before the moved end has something to say: that is
        # after 2.5 s of silence at the latest.
        pytest.param(1, 3.2, id="the other"),
    ],
)
async def test_one_end_that_talks_is_followed_too(stage, mishap, talker, within_s):
    home, _ = await neighbours(stage)
    sender, receiver = stage.peers[talker], stage.peers[1 - talker]
    MISHAPS[mishap](home)
    delays = []
    receiver.channels["chat"].on("message", lambda text: delays.append(stage.now - float(text)))
    for _ in range(100):
        sender.channels["chat"].send(f"{stage.now}")
        await stage.sleep(0.05)
    await stage.sleep(1)
    assert len(delays) == 100
    assert max(delays) < within_s
    for peer in stage.peers:
        assert states(peer, ICE) == "new checking connected completed"


async def test_the_end_that_a_nat_moved_learns_its_new_address(stage):
    home, _ = await neighbours(stage)
    alice, bob = stage.peers
    before = alice.ice.getSelectedCandidatePair()
    home.change_address("203.0.113.77")
    alice.channels["chat"].send("where am I?")
    await stage.sleep(7)  # the next consent check tells
    ours, theirs = alice.ice.getSelectedCandidatePair(), bob.ice.getSelectedCandidatePair()
    (binding,) = home.bindings
    assert (ours.local.address, ours.local.port, ours.local.type) == (*binding.outside, "prflx")
    assert (theirs.remote.type, theirs.remote.port) == ("prflx", binding.outside[1])
    assert ours.remote.candidate == before.remote.candidate
    assert bob.inbox["chat"] == ["where am I?"]
    for peer in (alice, bob):
        assert len(peer.fired("ice", "selectedcandidatepairchange")) == 2
    events = [each.event for each in alice.pc.trace.records if each.layer == "ice"]
    assert (events.count("address-changed"), events.count("identified")) == (1, 0)


async def test_payload_that_nobody_answers_brings_a_check_early(stage):
    """As in front of a peer that takes nothing from an address that it does not know."""
    await stage.connect()
    alice, _ = stage.peers
    await stage.sleep(21)
    stage.net.block("bob", "alice", one_way=True)
    alice.channels["chat"].send("anybody there?")
    silent_since = stage.now
    await stage.sleep(0.45)
    (first,) = [
        packet.sent_at - silent_since
        for packet in stage.net.packets
        if packet.sent_at >= silent_since and is_check(packet, "10.0.0.1")
    ]
    assert first == pytest.approx(0.3, abs=0.01)


# --- hints that lie -----------------------------------------------------------------------------


class Forger:
    """Sends what looks like payload of the session from ever other addresses."""

    def __init__(self, stage, target):
        self._target = target
        self._host = stage.net.host("forger", *(f"198.51.100.{n}" for n in range(1, 51)))
        self._sockets = [
            self._host.open_udp(interface.address, 0, lambda batch: None)
            for interface in self._host.interfaces()
        ]
        stage.closing += [socket.close for socket in self._sockets]

    async def forge(self, stage, for_s):
        record = b"\x17\xfe\xfd\x00\x01" + bytes(6) + (40).to_bytes(2) + bytes(40)
        for number in range(round(for_s / 0.002)):
            socket = self._sockets[number % len(self._sockets)]
            socket.send([Transmit(record, len(record), socket.local, self._target)])
            await stage.sleep(0.002)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
async def test_forged_payload_moves_nothing_and_costs_a_few_checks(stage, busy):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    target = next(each.local for each in bob.host.sockets())
    pair = bob.ice.getSelectedCandidatePair()
    heartbeat = Heartbeat(stage, 0.02)
    beating = stage.spawn(heartbeat.beat(10 if busy else 0.02))
    await stage.sleep(1)
    since = stage.now
    sent = []
    stage.net.listen(lambda packet: sent.append(packet) if packet.sent_at >= since else None)
    await Forger(stage, target).forge(stage, 8)
    await beating
    outward = [each for each in sent if each.source == target and each.destination[0] != "10.0.0.1"]
    inward = [each for each in sent if each.source[0].startswith("198.51.100.")]
    assert len(inward) == 4000
    assert len(outward) == 0 if busy else 1 <= len(outward) <= 32
    assert sum(len(each.data) for each in outward) < sum(len(each.data) for each in inward) / 40
    assert len([each for each in sent if is_check(each, "10.0.0.2")]) <= (4 if busy else 66)
    heartbeat.verify()
    assert bob.ice.getSelectedCandidatePair().remote.candidate == pair.remote.candidate
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_messages_that_are_acknowledged_bring_no_check(stage):
    """Neither does the acknowledgement that comes last, which nobody answers."""
    alice, bob = await stage.connect()
    await stage.sleep(20)
    since = stage.now
    for number in range(10):
        alice.channels["chat"].send(f"{number}")
        await stage.sleep(0.1 * number)
    await stage.sleep(2)
    checks = [each for each in stage.net.packets if each.sent_at >= since]
    checks = [each.sent_at - since for each in checks if each.data[:2] == b"\0\1"]
    assert len(bob.inbox["chat"]) == 10
    assert len(checks) <= 4  # consent: one in 4 to 6 s each


async def test_an_idle_session_asks_no_more_than_before(stage):
    """A check of each end in 5 s: what the peer asks counts as a sign of life."""
    await stage.connect()
    await stage.sleep(20)
    since = stage.now
    sent = []
    stage.net.listen(lambda packet: sent.append(packet) if packet.sent_at >= since else None)
    await stage.sleep(600)
    checks = [each for each in sent if each.data[:2] == b"\0\1"]
    assert len(checks) <= 1.05 * 2 * 600 / 5  # turns of two seconds and of three


# --- interfaces come and go ---------------------------------------------------------------------


WIFI, CELL = "10.0.0.1", "10.9.0.1"


def phone(stage, *addresses):
    """Alice has a phone, with these addresses on ``wlan0``; Bob is somewhere else."""
    host = stage.net.host("alice")
    for address in addresses:
        host.add_interface(address, "wlan0")
    alice = stage.peer("alice", host=host)
    return stage.introduce(alice, stage.peer("bob", "10.0.0.2"))


def local_address(peer):
    """The local address of the selected pair."""
    pair = peer.ice.getSelectedCandidatePair()
    return pair and pair.local.address


@pytest.mark.parametrize("mover", [0, 1], ids=["offerer", "answerer"])
async def test_from_wifi_to_cellular_without_a_break(stage, mover):
    """The new interface is there before the old one goes: no state moves, nothing waits."""
    phone(stage, WIFI)
    if mover:
        stage.introduce(*reversed(stage.peers))
        stage.peers.reverse()
    await stage.connect()
    moving, other = stage.peers[mover], stage.peers[1 - mover]
    await stage.sleep(20)
    heartbeat = Heartbeat(stage, 0.02)
    beating = stage.spawn(heartbeat.beat(20))
    await stage.sleep(2)
    moving.host.add_interface(CELL, "wwan0")
    await stage.sleep(5)
    assert local_address(moving) == WIFI
    moving.host.remove_interface(WIFI)
    await beating
    await stage.sleep(1)
    assert local_address(moving) == CELL
    heartbeat.verify()
    for peer in (moving, other):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, "connectionState") == "new connecting connected"
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"
        assert states(peer, "RTCSctpTransport.state") == "connecting connected"
    gathering = "new gathering complete gathering complete gathering complete"
    assert states(moving, "iceGatheringState") == gathering  # the default route is another, too
    assert states(other, "iceGatheringState") == "new gathering complete"
    # What the moving end sends arrives without a gap. The other end follows its nomination, or,
    # controlling, its payload when the pair in use has been quiet for 0.1 s.
    assert heartbeat.gap_s(other.name) == pytest.approx(0.02, abs=0.002)
    assert heartbeat.gap_s(moving.name) < (0.16 if mover else 0.03)


async def test_q9_a_new_interface_is_told_and_checked_and_nothing_moves(stage):
    alice, bob = phone(stage, WIFI)
    await stage.connect()
    await stage.sleep(20)
    since = stage.now
    alice.host.add_interface(CELL, "wwan0")
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    assert states(alice, "iceGatheringState", since=since) == "complete gathering complete"
    assert [each and each.candidate.split()[4:5] for each in alice.candidates] == [
        *([WIFI], [], None),
        *([CELL], [], None),
    ]
    assert len({each.usernameFragment for each in alice.candidates if each}) == 1
    assert [each.address for each in alice.ice.getLocalCandidates()] == [WIFI, CELL]
    assert [each.address for each in bob.ice.getRemoteCandidates()] == [WIFI, CELL]
    assert local_address(alice) == WIFI
    answered = [each for each in stage.net.packets if each.destination[0] == CELL]
    assert [each.data[:2] for each in answered if each.data[:2] == b"\1\1"]
    assert len(alice.fired("ice", "selectedcandidatepairchange")) == 1


async def test_cellular_after_wifi_has_gone(stage):
    """Break before make: whatever was sent in between arrives when there is a network again."""
    alice, bob = phone(stage, WIFI)
    await stage.connect()
    await stage.sleep(20)
    heartbeat = Heartbeat(stage, 0.05)
    beating = stage.spawn(heartbeat.beat(10))
    await stage.sleep(1)
    lost_at = stage.now
    alice.host.take_down("wlan0")
    await stage.sleep(3)
    alice.host.add_interface(CELL, "wwan0")
    made_at = stage.now
    await beating
    await stage.sleep(1)
    heartbeat.verify()
    assert states(alice, ICE) == "new checking connected completed disconnected connected completed"
    assert states(bob, ICE) == "new checking connected completed"
    assert alice.witness.at(ICE, "disconnected") == lost_at
    assert local_address(alice) == CELL
    assert heartbeat.longest_gap_s() - (made_at - lost_at) < 0.7


@pytest.mark.parametrize(
    "policy", ["default_public_and_private_interfaces", "default_public_interface_only"]
)
async def test_the_default_route_moves_to_an_interface_that_was_there_before(stage, policy):
    """A laptop is undocked: by policy nothing was gathered from its other interface yet."""
    host = stage.net.host("alice")
    host.add_interface(WIFI, "eth0")
    host.add_interface(CELL, "wlan0")
    alice = stage.peer("alice", host=host, ice=IceOptions(ip_handling=policy))
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.connect()
    assert local_address(alice) == WIFI
    host.remove_interface(WIFI)
    await stage.sleep(2)
    assert local_address(alice) == CELL


async def test_a_default_route_that_comes_after_its_address_is_used(stage):
    """The STUN server cannot be asked before, and the peer's firewall lets only answers in."""
    net = stage.net
    net.stun_server("192.0.2.1", name="stun.example")
    carrier = net.nat("carrier", OFFICE, kind=FULL_CONE)
    host = net.host("alice", WIFI)
    alice = stage.peer("alice", host=host, configuration=STUN)
    server = net.host("bob", "10.0.0.2", behind=net.firewall("rack"))
    stage.introduce(alice, stage.peer("bob", host=server))
    await stage.connect()
    await stage.sleep(20)
    host.remove_interface(WIFI)
    host.add_interface("192.168.9.2", "wwan0", behind=carrier)
    host.remove_route("192.168.9.2")
    await stage.sleep(8)
    assert alice.pc.iceConnectionState == "disconnected"
    assert alice.pc.iceGatheringState == "complete"
    host.add_route("192.168.9.2")
    await stage.sleep(1)
    assert alice.pc.iceConnectionState == "completed"
    assert states(alice, "iceGatheringState", since=2) == (
        "complete gathering complete gathering complete"
    )


async def test_a_default_route_that_is_not_used_starts_no_gathering(stage):
    host = stage.net.host("alice", WIFI, CELL)
    alice = stage.peer("alice", host=host, ice=IceOptions(addresses=[WIFI]))
    stage.introduce(alice, stage.peer("bob", "10.0.0.2"))
    await stage.connect()
    host.remove_route(WIFI)  # the other one leads from the other address
    await stage.sleep(1)
    assert states(alice, "iceGatheringState") == "new gathering complete"


@pytest.mark.parametrize("moves", ["after the rollback", "before it", "before another offer"])
async def test_a_restart_that_was_rolled_back_hinders_no_move(stage, moves):
    """Whether the network changes after the rollback, or before it while the offer is pending."""

    async def offer_a_restart():
        await alice.pc.setLocalDescription(await alice.pc.createOffer({"iceRestart": True}))
        await stage.sleep(1)

    alice, bob = phone(stage, WIFI)
    await stage.connect()
    await stage.sleep(20)
    stage.signalling(carries_candidates=False, carries_end=False)  # an offer nobody hears of
    await offer_a_restart()
    if moves != "after the rollback":
        alice.host.add_interface(CELL, "wwan0")
        await stage.sleep(1)
    if moves == "before another offer":
        await offer_a_restart()
    stage.signalling(carries_candidates=True, carries_end=True)
    await alice.pc.setLocalDescription({"type": "rollback"})
    await stage.sleep(1)
    if moves == "after the rollback":
        alice.host.add_interface(CELL, "wwan0")
        await stage.sleep(1)
    alice.host.remove_interface(WIFI)
    await stage.sleep(10)
    assert local_address(alice) == CELL
    assert [each.address for each in bob.ice.getRemoteCandidates()] == [WIFI, CELL]
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_wifi_that_comes_back_is_used_again(stage):
    alice, bob = phone(stage, WIFI)
    await stage.connect()
    alice.host.add_interface(CELL, "wwan0")
    await stage.sleep(2)
    alice.host.take_down("wlan0")
    await stage.sleep(20)
    assert local_address(alice) == CELL
    heartbeat = Heartbeat(stage, 0.02)
    beating = stage.spawn(heartbeat.beat(5))
    await stage.sleep(1)
    alice.host.bring_up("wlan0")
    await beating
    await stage.sleep(1)
    heartbeat.verify()
    assert heartbeat.longest_gap_s() == pytest.approx(0.02, abs=0.001)
    assert local_address(alice) == WIFI
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_an_interface_that_goes_takes_its_candidates_along_at_once(stage):
    alice, bob = phone(stage, WIFI, CELL)
    await stage.connect()
    await stage.sleep(60)
    used = local_address(alice)
    alice.host.remove_interface(used)
    gone_at = stage.now
    await stage.sleep(60)
    assert alice.witness.at(ICE, "disconnected") == gone_at
    assert states(alice, ICE) == "new checking connected completed disconnected connected completed"
    assert states(bob, ICE) == "new checking connected completed"
    sent = [each for each in stage.net.packets if each.sent_at > gone_at]
    assert used not in {each.source[0] for each in sent}
    assert alice.witness.at(ICE, "connected") - gone_at < 0.1
    assert local_address(alice) != used


async def test_the_lost_pair_is_told_in_the_words_of_its_generation(stage):
    alice, _ = phone(stage, WIFI)
    await stage.connect()
    await stage.sleep(20)
    found = []
    alice.pc.on(
        "iceconnectionstatechange", lambda: found.append(alice.ice.getSelectedCandidatePair())
    )
    alice.ice._pair = None  # nobody has asked for it before
    alice.host.remove_interface(WIFI)
    await stage.sleep(1)
    (pair,) = found
    ufrag = alice.ice.getLocalParameters().usernameFragment
    assert (pair.local.address, pair.local.usernameFragment) == (WIFI, ufrag)
    assert pair.local.sdpMid == pair.remote.sdpMid == "0"


async def test_an_interface_that_nobody_uses_goes_unnoticed(stage):
    alice, bob = phone(stage, WIFI, CELL)
    await stage.connect()
    await stage.sleep(20)
    unused = ({WIFI, CELL} - {local_address(alice)}).pop()
    alice.host.remove_interface(unused)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    assert len(alice.host.sockets()) == 1


async def test_without_any_interface_a_restart_fails_at_once_and_the_next_one_heals(stage):
    alice, bob = phone(stage, WIFI)
    await stage.connect()
    await stage.sleep(20)
    alice.host.remove_interface(WIFI)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(2)
    assert states(alice, ICE, since=5) == "completed disconnected checking failed"
    alice.host.add_interface(CELL)
    alice.channels["chat"].send("here again")
    await stage.negotiate(ice_restart=True)
    await stage.sleep(1)
    assert bob.inbox["chat"] == ["here again"]
    assert states(alice, ICE, since=5) == (
        "completed disconnected checking failed checking connected completed"
    )


@pytest.mark.parametrize("gap_s", [0, 3])
async def test_from_wifi_to_cellular_before_anything_answers(stage, gap_s):
    alice, bob = phone(stage, WIFI)
    alice.channel("chat")
    stage.net.block("alice", "bob")
    await stage.negotiate()
    await stage.sleep(5)
    alice.host.remove_interface(WIFI)
    await stage.sleep(gap_s)
    alice.host.add_interface(CELL, "wwan0")
    stage.net.heal()
    await stage.sleep(10)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    assert local_address(alice) == CELL


async def test_the_address_changes_while_late_candidates_are_checked(stage):
    """Patience is over, and yet nothing fails for want of an address while there is another."""
    alice, bob = phone(stage, WIFI)
    alice.channel("chat")
    stage.net.block("alice", "bob")
    await stage.negotiate()
    await stage.sleep(35)
    bob.host.add_interface("10.0.0.3")
    await stage.sleep(10)
    alice.host.remove_interface(WIFI)
    alice.host.add_interface(CELL, "wwan0")
    stage.net.heal()
    await stage.sleep(10)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


@pytest.mark.parametrize("mover", [0, 1], ids=["offerer", "answerer"])
async def test_a_robot_that_changes_networks_all_day(stage, mover):
    """It has six addresses in each of them, and signals all; nobody can remember all of them."""
    alice, bob = phone(stage)
    names = [f"eth{number}" for number in range(6)]
    networks = [[f"10.{n}.0.{3 + i}" for i in range(6)] for n in range(1, 20)]
    for address, name in zip(networks[0], names, strict=True):
        alice.host.add_interface(address, name)
    if mover:
        stage.introduce(bob, alice)
        stage.peers.reverse()
    await stage.connect()
    await stage.sleep(40)
    for before, after in pairwise(networks):
        for address in before:
            alice.host.remove_interface(address)
        await stage.sleep(1)
        for address, name in zip(after, names, strict=True):
            alice.host.add_interface(address, name)
        await stage.sleep(59)
        assert local_address(alice) in after
        assert [each.address for each in alice.ice.getLocalCandidates()] == after
        assert {each.address for each in bob.ice.getRemoteCandidates()} >= set(after)
    assert states(bob, ICE) == "new checking connected completed"
    assert len(bob.ice.getRemoteCandidates()) == 100
    assert len(alice.host.sockets()) == 6
    assert alice.pc.localDescription.sdp.count("a=candidate:") == 6
    alice.channels["chat"].send("still here")
    await stage.negotiate()
    await stage.sleep(1)
    assert bob.inbox["chat"] == ["still here"]
    assert bob.pc.remoteDescription.sdp.count("a=candidate:") == 6


async def test_interfaces_that_flap_leave_nothing_behind(stage):
    alice, bob = phone(stage, WIFI)
    await stage.connect()
    await stage.sleep(10)
    alice.host.add_interface(CELL, "wwan0")
    for _ in range(20):
        alice.host.take_down("wlan0")
        await stage.sleep(0.3)
        alice.host.bring_up("wlan0")
        await stage.sleep(0.3)
    await stage.sleep(30)
    assert len(alice.host.sockets()) == 2
    assert alice.pc.iceConnectionState == bob.pc.iceConnectionState == "completed"
    for peer, other in ((alice, bob), (bob, alice)):
        peer.channels["chat"].send("still here")
        await stage.sleep(1)
        assert other.inbox["chat"] == ["still here"]


async def test_a_closed_connection_watches_nothing(stage):
    alice, _ = phone(stage, WIFI)
    await stage.connect()
    await alice.pc.close()
    alice.host.add_interface(CELL, "wwan0")
    await stage.sleep(1)
    assert alice.host.sockets() == []
