"""When nothing works: `disconnected` while hope is left, `failed` only when none is."""

import pytest

from frazil import ConnectivityError, IceConfig, SessionConfig
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
SHORT_CHECKS = SessionConfig(ice=IceConfig(check_sends=2, check_last_wait=2))
"""Checks that fail after 1.5 s, long before patience is over."""


async def unreachable_pair(stage, **options):
    alice, bob = stage.pair(**options)
    stage.net.block("alice", "bob")
    alice.channel()
    return alice, bob


async def test_c7_failed_comes_after_both_ends_of_candidates_and_the_patience_timer(stage):
    alice, bob = await unreachable_pair(stage)
    await stage.negotiate()
    answered_at = stage.now
    await stage.sleep(39.3)
    assert states(alice, ICE) == states(bob, ICE) == "new checking"
    await stage.sleep(1)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking failed"
        assert states(peer, CONNECTION) == "new connecting failed"
        assert states(peer, "RTCDtlsTransport.state") == "new"
    assert alice.witness.at(ICE, "failed") >= answered_at + 39.5


async def test_c7_without_the_peers_end_it_never_fails(stage):
    alice, bob = await unreachable_pair(stage)
    stage.signalling(carries_end=False)
    await stage.negotiate()
    await stage.sleep(3600)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking disconnected"
    await alice.pc.addIceCandidate(None)
    await stage.sleep(0.001)
    assert states(alice, ICE) == "new checking disconnected failed"
    assert states(bob, ICE) == "new checking disconnected"


async def test_c7_while_gathering_it_never_fails(stage):
    stage.net.stun_server("192.0.2.1", name="stun.example").silent = True
    ice = IceConfig(check_sends=2, check_last_wait=2, patience_s=1, gathering_sends=7)
    alice, _ = await unreachable_pair(
        stage,
        configuration={"iceServers": [{"urls": "stun:stun.example"}]},
        session=SessionConfig(ice=ice),
    )
    await stage.negotiate()
    await stage.sleep(120)
    assert states(alice, ICE) == "new checking disconnected failed"
    gathered_at = alice.witness.at("iceGatheringState", "complete")
    assert gathered_at > 30
    assert alice.witness.at(ICE, "failed") >= gathered_at


async def test_c13_no_working_pair_is_failed_and_one_is_completed(stage):
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1", "10.2.0.1")
    bob = stage.peer("bob", "10.0.0.2", "10.1.0.2")
    stage.introduce(alice, bob)
    stage.net.block("alice", "bob")
    stage.net.heal("alice", "bob")
    for ours in ("10.0.0.1", "10.1.0.1", "10.2.0.1"):
        for theirs in ("10.0.0.2", "10.1.0.2"):
            if (ours, theirs) != ("10.1.0.1", "10.0.0.2"):
                stage.net.block(ours, theirs)
    await stage.connect()
    await stage.sleep(120)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    pair = alice.ice.getSelectedCandidatePair()
    assert (pair.local.address, pair.remote.address) == ("10.1.0.1", "10.0.0.2")


async def test_c13_failed_without_any_candidate_on_either_side(stage):
    alice, bob = stage.introduce(stage.peer("alice"), stage.peer("bob", "10.0.0.2"))
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    assert states(alice, "iceGatheringState") == "new gathering complete"
    assert alice.pc.iceConnectionState == bob.pc.iceConnectionState == "failed"


@pytest.mark.parametrize("early_s", [0.0, 0.001])
async def test_q7_patience_ends_on_time_and_not_a_millisecond_earlier(stage, early_s):
    alice, _ = await unreachable_pair(stage, session=SHORT_CHECKS)
    alice.pc.on("signalingstatechange", lambda: marks.append(stage.now))
    marks = []
    await stage.negotiate()
    await stage.sleep(marks[-1] + 39.5 - early_s - stage.now)
    await stage.sleep(1e-9)
    assert states(alice, ICE) == ("new checking" if early_s else "new checking failed")
    change = alice.pc.stateHistory[-1]
    if not early_s:
        assert change.at == alice.witness.at(ICE, "failed") == marks[-1] + 39.5
        assert change.reason.cause == "gave-up"


async def test_c28_failed_stays_failed_until_a_restart(stage):
    alice, bob = await unreachable_pair(stage)
    await stage.negotiate()
    await stage.sleep(60)
    stage.net.heal()
    await alice.pc.addIceCandidate(bob.candidates[0])
    await stage.sleep(3600)
    assert states(alice, ICE) == states(bob, ICE) == "new checking failed"
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking failed checking connected completed"
        assert states(peer, CONNECTION) == "new connecting failed connecting connected"


async def test_c29_a_late_candidate_leads_from_disconnected_over_checking_to_connected(stage):
    alice = stage.peer("alice", "10.0.0.1", session=SHORT_CHECKS)
    bob = stage.peer("bob", "10.0.0.2", "10.1.0.2")
    stage.introduce(alice, bob)
    stage.signalling(carries_candidates=False, carries_end=False)
    stage.net.block("alice", "10.0.0.2")
    alice.channel()
    await stage.negotiate()
    by_address = {each.address: each for each in bob.candidates[:2]}
    await alice.pc.addIceCandidate(by_address["10.0.0.2"])
    await stage.sleep(600)
    assert states(alice, ICE) == "new checking disconnected"
    assert states(alice, CONNECTION) == "new connecting disconnected"
    await alice.pc.addIceCandidate(by_address["10.1.0.2"].toJSON())
    await stage.sleep(1)
    assert states(alice, ICE) == "new checking disconnected checking connected"
    assert states(alice, CONNECTION) == "new connecting disconnected connecting connected"
    assert states(bob, ICE) == "new checking connected"


async def test_wait_connected_tells_what_was_observed(stage):
    alice, _ = await unreachable_pair(stage)
    await stage.negotiate()
    with pytest.raises(ConnectivityError) as caught:
        await alice.pc.wait_connected()
    assert caught.value.report.codes == ("FZ-ICE-UNANSWERED",)
    assert stage.now == pytest.approx(39.6, abs=0.1)
    assert "10.0.0.1:49152 (host) to 10.0.0.2:49152 (host)" in str(caught.value)


async def test_c38_the_advice_is_to_watch_what_is_disconnected_and_to_restart_what_failed(stage):
    alice, _ = await stage.connect()
    stage.net.block("alice", "bob")
    await stage.until(lambda: alice.pc.connectionState == "disconnected")
    with pytest.raises(ConnectivityError) as caught:
        await alice.pc.wait_connected(timeout=1)
    assert caught.value.report.codes == ("FZ-ICE-SILENT",)
    assert "watch it for some seconds" in str(caught.value)
    await stage.until(lambda: alice.pc.connectionState == "failed")
    with pytest.raises(ConnectivityError) as caught:
        await alice.pc.wait_connected()
    assert caught.value.report.codes == ("FZ-ICE-CONSENT-LOST",)
    assert "call restartIce() on either side" in str(caught.value)
