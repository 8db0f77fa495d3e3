"""A path that worked: what silence, loss, delay and lost consent do to the states."""

import pytest

from frazil import IceConfig, SessionConfig
from frazil.testing import Conditions
from support.heartbeat import Heartbeat
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"


def last_heard_at(stage, address):
    """When a datagram was delivered to ``address`` last."""
    return max(
        packet.at
        for packet in stage.net.packets
        if packet.destination[0] == address and packet.fate == "delivered"
    )


def change_of(peer, machine, new):
    """The last change of ``machine`` to ``new``."""
    return [each for each in peer.pc.stateHistory if (each.machine, each.new) == (machine, new)][-1]


async def stand_still(stage, peer, for_s):
    """Block the program of ``peer``: what comes waits in its socket, and nothing leaves it."""
    source = stage.peers[1 - stage.peers.index(peer)].name
    stage.net.block(peer.name, source, one_way=True, for_s=for_s)
    (socket,) = peer.host.sockets()
    take, waiting = socket._on_datagrams, []
    socket._on_datagrams = waiting.extend
    await stage.sleep(for_s)
    socket._on_datagrams = take
    take(waiting)


async def test_c8_a_blackout_of_6_s_that_heals_never_fails(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_end=False)
    await stage.connect()
    await stage.sleep(60)
    stage.net.block("alice", "bob", for_s=6)
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected disconnected connected"
        assert states(peer, CONNECTION) == "new connecting connected disconnected connected"


async def test_c8_what_is_sent_during_a_blackout_arrives_in_order_without_loss(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", for_s=6)
    for number in range(60):
        alice.channels["chat"].send(f"there {number}")
        bob.channels["chat"].send(f"back {number}")
        await stage.sleep(0.1)
    await stage.sleep(6)
    assert bob.inbox["chat"] == [f"there {number}" for number in range(60)]
    assert alice.inbox["chat"] == [f"back {number}" for number in range(60)]
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "completed disconnected connected completed"
        assert change_of(peer, "ice-transport 0", "connected").reason.cause == "liveness-back"


@pytest.mark.parametrize("length_s", [1.6, 2.3, 3.0, 3.7, 4.4])
async def test_after_a_blackout_that_nobody_noticed_traffic_is_back_at_once(stage, length_s):
    """The timeouts of SCTP have doubled several times by then, and are not waited for."""
    await stage.connect()
    await stage.sleep(20)
    heartbeat = Heartbeat(stage, 0.05)
    beating = stage.spawn(heartbeat.beat(10))
    await stage.sleep(2)
    stage.net.block("alice", "bob", for_s=length_s)
    await beating
    await stage.sleep(1)
    heartbeat.verify()
    assert heartbeat.longest_gap_s() < length_s + 0.4
    for peer in stage.peers:
        assert states(peer, ICE) == "new checking connected completed"


async def test_c8_nothing_waits_longer_than_a_moment_once_the_path_is_back(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", for_s=20)
    await stage.sleep(10)
    alice.channels["chat"].send("hello")
    await stage.sleep(10)
    assert alice.pc.connectionState == "disconnected"
    await stage.sleep(0.7)  # the next question on the silent pair, and a round trip
    assert bob.inbox["chat"] == ["hello"]


async def test_c11_the_state_changes_long_after_negotiation(stage):
    alice, _ = await stage.connect()
    await stage.sleep(3600)
    negotiated_at = alice.witness.at("signalingState", "stable")
    stage.net.block("alice", "bob", for_s=10)
    await stage.sleep(60)
    assert alice.witness.at(ICE, "disconnected") > negotiated_at + 3600


async def test_q4_silence_is_disconnected_at_5_s_and_failed_at_30(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    for peer, address in ((alice, "10.0.0.1"), (bob, "10.0.0.2")):
        heard_at = last_heard_at(stage, address)
        assert states(peer, ICE, since=5) == "completed disconnected failed"
        assert states(peer, CONNECTION, since=5) == "connected disconnected failed"
        assert peer.witness.at(ICE, "disconnected") == pytest.approx(heard_at + 5, abs=1e-9)
        assert 25 <= peer.witness.at(ICE, "failed") - heard_at <= 30
        assert change_of(peer, "ice-transport 0", "failed").reason.cause == "consent-lost"
        assert (peer.dtls.state, peer.pc.sctp.state) == ("connected", "connected")
        assert peer.channels["chat"].readyState == "open"


async def test_q4_without_an_end_of_candidates_it_stays_disconnected(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_end=False)
    await stage.connect()
    stage.net.block("alice", "bob")
    await stage.sleep(3600)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected disconnected"
        assert peer.ice.getSelectedCandidatePair() is None
    quiet_since = max(packet.sent_at for packet in stage.net.packets)
    assert quiet_since < 60  # consent is lost: nothing may be sent (RFC 7675)


@pytest.mark.parametrize("early_s", [0.0, 0.001])
async def test_d10_disconnected_comes_at_the_configured_silence_and_not_earlier(stage, early_s):
    session = SessionConfig(ice=IceConfig(disconnected_after_s=8.0))
    alice, _ = stage.pair(session=session)
    await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob")
    await stage.sleep(3)
    heard_at = last_heard_at(stage, "10.0.0.1")
    await stage.sleep(heard_at + 8.0 - early_s - stage.now)
    await stage.sleep(1e-9)
    assert alice.pc.iceConnectionState == ("completed" if early_s else "disconnected")
    if not early_s:
        facts = dict(change_of(alice, "ice-transport 0", "disconnected").reason.evidence)
        assert facts["silent_s"] == 8.0
        assert facts["unanswered_checks"] >= 2


@pytest.mark.parametrize("rtt_s", [0.6, 2.0, 4.0])
async def test_q5_a_slow_path_is_no_dead_path(stage, rtt_s):
    """Silence of 5 s needs two unanswered checks; a slow answer is an answer."""
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=rtt_s / 2))
    await stage.connect()
    for minute in range(30):
        alice.channels["chat"].send(f"there {minute}")
        bob.channels["chat"].send(f"back {minute}")
        await stage.sleep(60)
    for peer, name in ((alice, "back"), (bob, "there")):
        assert states(peer, CONNECTION) == "new connecting connected"
        assert states(peer, ICE) == "new checking connected completed"
        assert peer.inbox["chat"] == [f"{name} {minute}" for minute in range(30)]


@pytest.mark.parametrize("stage", [1, 2, 3], indirect=True)
async def test_a_fifth_of_all_datagrams_lost_never_fails(stage):
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.03, loss=0.2))
    await stage.connect()
    for number in range(600):
        alice.channels["chat"].send(f"there {number}")
        bob.channels["chat"].send(f"back {number}")
        await stage.sleep(1)
    await stage.sleep(30)
    for peer, name in ((alice, "back"), (bob, "there")):
        assert states(peer, CONNECTION) == "new connecting connected"
        assert peer.inbox["chat"] == [f"{name} {number}" for number in range(600)]


@pytest.mark.parametrize("rtt_s", [0.05, 0.3])
@pytest.mark.parametrize("since_s", [0.5, 5, 30])
@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
async def test_a_peer_that_stood_still_is_missed_as_soon_as_any_other(
    stage, rtt_s, since_s, is_busy
):
    """It answers all questions at once, the oldest after 12 s; the path is as quick as it was."""
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=rtt_s / 2))
    await stage.connect()
    beating = stage.spawn(Heartbeat(stage, 0.5).beat(36 + since_s)) if is_busy else None
    await stage.sleep(20)
    await stand_still(stage, bob, 15)
    await stage.sleep(since_s)
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    if beating is not None:
        await beating
    heard_at = last_heard_at(stage, "10.0.0.1")
    lost = "completed disconnected connected completed disconnected failed"
    assert states(alice, ICE, since=5) == lost
    assert change_of(alice, "ice-transport 0", "disconnected").at == pytest.approx(heard_at + 5)
    failed_at = change_of(alice, "ice-transport 0", "failed").at
    assert 24 <= failed_at - heard_at <= 30 + 1e-9


async def test_a_peer_that_stands_still_now_and_then_is_missed_as_soon_as_any_other(stage):
    """Never for so long that its silence would count, though some answers take 4 s."""
    alice, bob = await stage.connect()
    beating = stage.spawn(Heartbeat(stage, 0.5).beat(140))
    for _ in range(10):
        await stage.sleep(10)
        await stand_still(stage, bob, 4)
    await stage.sleep(5)
    assert states(alice, ICE) == "new checking connected completed"
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    await beating
    heard_at = last_heard_at(stage, "10.0.0.1")
    assert states(alice, ICE) == "new checking connected completed disconnected failed"
    assert alice.witness.at(ICE, "disconnected") == pytest.approx(heard_at + 5)


@pytest.mark.parametrize("since_s", [5, 10, 20, 60])
@pytest.mark.parametrize("rtt_s", [3.0, 4.0, 6.0, 8.0])
async def test_a_slow_path_is_disconnected_before_consent_ends(stage, rtt_s, since_s):
    """However long its answers may take, there is time for another path to be found."""
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=rtt_s / 2))
    await stage.connect()
    await stage.sleep(since_s)
    assert alice.pc.iceConnectionState in ("connected", "completed")
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE).endswith("disconnected failed")
        lost_at, failed_at = (
            change_of(peer, "ice-transport 0", new).at for new in ("disconnected", "failed")
        )
        assert failed_at - lost_at >= 5


@pytest.mark.parametrize("stage", [1, 2, 3], indirect=True)
async def test_a_path_that_becomes_slow_is_called_lost_once_at_most(stage):
    """Until its first answer it looks like any that has gone silent."""
    alice, bob = await stage.connect()
    await stage.sleep(30)
    stage.net.connect("alice", "bob", Conditions(delay_s=1.5, jitter_s=0.5))
    await stage.sleep(20)
    settled = [states(peer, ICE).split() for peer in (alice, bob)]
    for minute in range(30):
        alice.channels["chat"].send(f"there {minute}")
        await stage.sleep(60)
    for peer, before in zip((alice, bob), settled, strict=True):
        assert before.count("disconnected") <= 1
        after = states(peer, ICE).split()
        assert after[: len(before)] == before
        assert "disconnected" not in after[len(before) :]


async def test_c26_consent_lost_with_pairs_left_is_checking(stage):
    """The peer is heard all the time, but nothing of ours gets through."""
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1")
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    stage.signalling(carries_end=False)
    await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", one_way=True)
    await stage.sleep(30.1)
    assert states(alice, ICE) == "new checking connected checking"
    reason = change_of(alice, "ice-transport 0", "checking").reason
    assert reason.cause == "consent-lost-pairs-left"
    await stage.sleep(60)
    assert states(alice, ICE) == "new checking connected checking disconnected"


async def test_c26_consent_lost_with_none_left_is_disconnected(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_end=False)
    await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", one_way=True)
    await stage.sleep(40)
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected disconnected"
    cause = change_of(alice, "ice-transport 0", "disconnected").reason.cause
    assert cause == "consent-lost-awaiting-candidates"
    assert change_of(bob, "ice-transport 0", "disconnected").reason.cause == "liveness-lost"


async def test_c27_completed_fails_when_consent_is_lost_on_all_pairs(stage):
    alice, bob = await stage.connect()
    await stage.sleep(20)
    stage.net.block("alice", "bob", one_way=True)
    await stage.sleep(40)
    assert states(alice, ICE) == "new checking connected completed failed"
    assert states(bob, ICE) == "new checking connected completed disconnected failed"
    reason = change_of(alice, "ice-transport 0", "failed").reason
    assert (reason.cause, dict(reason.evidence)["since_consent_s"]) == ("consent-lost", 30.0)


async def test_another_interface_takes_over_when_the_used_one_goes_silent(stage):
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1")
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(20)
    used = alice.ice.getSelectedCandidatePair().local.address
    other = {"10.0.0.1": "10.1.0.1", "10.1.0.1": "10.0.0.1"}[used]
    stage.net.block(used)
    for number in range(300):
        alice.channels["chat"].send(f"{number}")
        await stage.sleep(0.1)
    await stage.sleep(30)
    assert bob.inbox["chat"] == [f"{number}" for number in range(300)]
    for peer in (alice, bob):
        assert states(peer, ICE, since=5) == "completed disconnected connected completed"
    assert alice.ice.getSelectedCandidatePair().local.address == other
    assert bob.ice.getSelectedCandidatePair().remote.address == other


async def test_a_silent_hour_is_no_loss(stage):
    """With nothing but the checks themselves on the path, nothing ever changes."""
    alice, bob = await stage.connect()
    await stage.sleep(3600)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


@pytest.mark.parametrize("lost_s", [20, 45, 600])
async def test_a_handshake_outlives_the_loss_of_its_path(stage, lost_s):
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.3))
    alice.channel()
    await stage.negotiate()
    await stage.until(lambda: alice.dtls.state == "connecting")
    stage.net.block("alice", "bob", for_s=lost_s)
    await stage.sleep(lost_s + 1)
    assert (alice.dtls.state, bob.dtls.state) == ("connecting", "connecting")
    await stage.negotiate(alice, ice_restart=True)
    await stage.until(lambda: alice.channels["chat"].readyState == "open")
    await stage.sleep(1)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "connected"
        assert states(peer, "RTCDtlsTransport.state") == "new connecting connected"
