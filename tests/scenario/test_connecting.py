"""From nothing to connected: every state on both sides, in every way a connection may begin."""

from itertools import pairwise

import pytest

from frazil.testing import Conditions
from support.scenario import all_states, states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
DTLS = "RTCDtlsTransport.state"


async def test_c10_the_usual_path_shows_every_state_on_both_sides(stage):
    alice, bob = await stage.connect()
    await stage.sleep(60)
    assert all_states(alice) == {
        "signalingState": "stable have-local-offer stable",
        "iceGatheringState": "new gathering complete",
        "iceConnectionState": "new checking connected completed",
        "connectionState": "new connecting connected",
        "RTCIceTransport.state": "new checking connected completed",
        "RTCIceTransport.gatheringState": "new gathering complete",
        "RTCDtlsTransport.state": "new connecting connected",
        "RTCSctpTransport.state": "connecting connected",
    }
    assert all_states(bob) == {
        **all_states(alice),
        "signalingState": "stable have-remote-offer stable",
    }


async def test_c10_connected_is_seen_also_if_the_last_check_decides_both(stage):
    """Both ends of candidates are known before the first check succeeds."""
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=1.0))
    await stage.connect()
    await stage.sleep(10)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert peer.witness.at(ICE, "connected") - peer.witness.at(ICE, "checking") > 0.9


async def test_c30_a_data_channel_alone_makes_a_connection_whose_events_come_in_w3c_order(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await stage.sleep(0.01)
    await stage.negotiate()
    for candidate in bob.candidates[:-1]:  # only now, so that no early check mixes things up
        await alice.pc.addIceCandidate(candidate)
    await stage.sleep(1)
    told = [(each.source, each.event.type) for each in alice.witness.moments]
    assert told == [
        ("pc", "negotiationneeded"),
        ("pc", "signalingstatechange"),
        ("ice", "gatheringstatechange"),
        ("pc", "icegatheringstatechange"),
        ("pc", "icecandidate"),
        ("pc", "icecandidate"),
        ("ice", "gatheringstatechange"),
        ("pc", "icegatheringstatechange"),
        ("pc", "icecandidate"),
        ("pc", "signalingstatechange"),
        ("ice", "statechange"),
        ("pc", "iceconnectionstatechange"),
        ("pc", "connectionstatechange"),
        ("ice", "selectedcandidatepairchange"),
        ("ice", "statechange"),
        ("pc", "iceconnectionstatechange"),
        ("dtls", "statechange"),
        ("ice", "statechange"),
        ("pc", "iceconnectionstatechange"),
        ("dtls", "statechange"),
        ("pc", "connectionstatechange"),
        ("sctp", "statechange"),
        ("channel chat", "open"),
    ]
    announced = [(each.source, each.event.type) for each in bob.witness.moments][-3:]
    assert announced == [("sctp", "statechange"), ("pc", "datachannel"), ("channel chat", "open")]


async def test_c3_without_any_candidate_both_sides_stay_new_for_an_hour(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await stage.negotiate()
    await stage.sleep(3600)
    for peer in (alice, bob):
        assert states(peer, ICE) == states(peer, CONNECTION) == "new"
        assert states(peer, "RTCIceTransport.state") == states(peer, "RTCDtlsTransport.state")
        assert states(peer, "iceGatheringState") == "new gathering complete"
        assert peer.pc.signalingState == "stable"


async def test_c4_an_incoming_check_alone_moves_new_to_checking(stage):
    alice, bob = stage.pair()
    stage.there.carries_candidates = stage.there.carries_end = False
    await stage.connect()
    await stage.sleep(60)
    assert states(bob, ICE) == "new checking connected"
    assert states(alice, ICE) == "new checking connected completed"
    assert bob.ice.getRemoteCandidates() == []
    pair = bob.ice.getSelectedCandidatePair()
    assert (pair.remote.candidate, pair.remote.address) == ("", None)


async def test_c2_a_dead_stun_server_delays_nothing_but_the_end_of_gathering(stage):
    server = stage.net.stun_server("192.0.2.1", name="stun.example")
    server.silent = True
    configuration = {"iceServers": [{"urls": "stun:stun.example"}]}
    alice, bob = stage.pair(configuration=configuration)
    await stage.connect()
    for peer in (alice, bob):
        assert peer.pc.iceGatheringState == "gathering"
        assert peer.witness.at(CONNECTION, "connected") < 0.2
        assert states(peer, ICE) == "new checking connected"
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        complete = peer.witness.at("iceGatheringState", "complete")
        assert 2.0 < complete <= peer.witness.at(ICE, "completed") <= complete + 0.2


async def test_c5_connected_comes_with_the_first_usable_pair_while_gathering_and_checks_go_on(
    stage,
):
    stage.net.stun_server("192.0.2.1", name="stun.example").silent = True
    configuration = {"iceServers": [{"urls": "stun:stun.example"}]}
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1", configuration=configuration)
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    stage.net.block("10.1.0.1", "bob")
    await stage.connect()
    connected = next(m for m in alice.witness.moments if m.states[ICE] == "connected")
    assert connected.states["iceGatheringState"] == "gathering"
    await stage.sleep(60)
    assert states(alice, ICE) == "new checking connected completed"


async def test_c6_completed_waits_for_the_end_of_the_peers_candidates(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_end=False)
    await stage.connect()
    await stage.sleep(300)
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected"
    await alice.pc.addIceCandidate({"candidate": "", "sdpMid": "0"})
    await stage.sleep(1)
    assert states(alice, ICE) == "new checking connected completed"
    assert states(bob, ICE) == "new checking connected"


async def test_c6_completed_waits_for_the_end_of_our_own_gathering(stage):
    server = stage.net.stun_server("192.0.2.1", name="stun.example")
    server.delay_s = 3.0
    alice = stage.peer(
        "alice", "10.0.0.1", configuration={"iceServers": [{"urls": "stun:stun.example"}]}
    )
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    await stage.connect()
    await stage.sleep(10)
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected completed"
    assert alice.witness.at("iceGatheringState", "complete") >= 1.0
    assert alice.witness.at(ICE, "completed") >= alice.witness.at("iceGatheringState", "complete")


async def test_d8_completed_never_comes_while_the_peer_may_still_trickle(stage):
    alice, bob = stage.pair()
    stage.there.carries_end = False
    await stage.connect()
    await stage.sleep(3600)
    assert states(bob, ICE) == "new checking connected"
    assert states(alice, ICE) == "new checking connected completed"


@pytest.mark.parametrize("withheld", ["there", "back"])
async def test_d9_both_roles_complete_by_the_same_rule(stage, withheld):
    alice, bob = stage.pair()
    getattr(stage, withheld).carries_end = False
    await stage.connect()
    await stage.sleep(10)
    waiting, done = (bob, alice) if withheld == "there" else (alice, bob)
    assert (alice.ice.role, bob.ice.role) == ("controlling", "controlled")
    assert states(done, ICE) == "new checking connected completed"
    assert states(waiting, ICE) == "new checking connected"
    await waiting.pc.addIceCandidate(None)
    await stage.sleep(1)
    assert states(waiting, ICE) == "new checking connected completed"


async def test_c14_a_peer_that_cannot_trickle_has_no_more_candidates(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    await bob.pc.setRemoteDescription(without_trickle(alice.pc.localDescription))
    assert bob.pc.canTrickleIceCandidates is False
    await bob.pc.setLocalDescription()
    await bob.pc.gathering_complete()
    await alice.pc.setRemoteDescription(without_trickle(bob.pc.localDescription))
    await stage.sleep(5)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_c14_a_peer_that_cannot_trickle_and_cannot_be_reached_fails(stage):
    alice, bob = stage.pair()
    stage.net.block("alice", "bob")
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await alice.pc.setLocalDescription()
    await alice.pc.gathering_complete()
    await bob.pc.setRemoteDescription(without_trickle(alice.pc.localDescription))
    await bob.pc.setLocalDescription()
    await stage.sleep(60)
    assert states(bob, ICE) == "new checking failed"
    assert alice.pc.iceConnectionState == "new"


def without_trickle(description):
    """The description of a peer that gathers first, as those before trickle ICE do."""
    lines = description.sdp.split("\r\n")
    dropped = ("a=ice-options", "a=end-of-candidates")
    sdp = "\r\n".join(line for line in lines if not line.startswith(dropped))
    return {"type": description.type, "sdp": sdp}


async def test_c18_connection_state_follows_ice_and_dtls_as_two_kinds(stage):
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.5))
    await stage.connect()
    for peer in (alice, bob):
        connected = peer.witness.at
        assert connected("RTCIceTransport.state", "connected") + 0.9 < connected(
            "RTCDtlsTransport.state", "connected"
        )
        assert connected(CONNECTION, "connected") == connected(
            "RTCDtlsTransport.state", "connected"
        )
        assert states(peer, CONNECTION) == "new connecting connected"


async def test_c20_connection_state_is_connecting_until_dtls_has_finished(stage):
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=0.5))
    await stage.connect()
    for peer in (alice, bob):
        between = [
            moment.states[CONNECTION]
            for moment in peer.witness.moments
            if moment.states[ICE] in ("connected", "completed")
            and moment.states["RTCDtlsTransport.state"] in ("new", "connecting")
        ]
        assert len(between) >= 4
        assert set(between) == {"connecting"}


async def test_d5_the_sctp_transport_counts_for_all_three_aggregates(stage):
    alice, _ = await stage.connect()
    dtls = alice.pc.sctp.transport
    assert (alice.pc.iceConnectionState, alice.pc.connectionState) == (
        dtls.iceTransport.state,
        dtls.state,
    )
    assert alice.pc.iceGatheringState == dtls.iceTransport.gatheringState == "complete"


async def test_d16_creating_a_connection_fires_nothing(stage):
    alice, _ = stage.pair()
    await stage.sleep(60)
    assert alice.witness.moments == []


async def test_c23_further_channels_fire_no_connectionstatechange(stage):
    alice, bob = await stage.connect()
    await stage.sleep(1)
    before = len(alice.fired("pc", "connectionstatechange"))
    for number in range(5):
        alice.channel(f"more {number}")
    await stage.sleep(5)
    assert len(bob.channels) == 6
    assert len(alice.fired("pc", "connectionstatechange")) == before
    assert alice.fired("pc", "negotiationneeded") == []


async def test_q10_wait_connected_returns_though_the_end_of_candidates_never_comes(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_end=False)
    alice.channel()
    await stage.negotiate()
    for peer in (alice, bob):
        await peer.pc.wait_connected(timeout=5)
        assert peer.pc.iceConnectionState == "connected"


async def test_c31_the_selected_pair_is_none_at_first_and_each_better_one_fires(stage):
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1")
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    slow, quick = ("10.0.0.1", "10.1.0.1")
    stage.net.connect(slow, "bob", Conditions(delay_s=0.3))
    stage.net.connect(quick, "bob", Conditions(delay_s=0.01))
    alice.channel()
    seen = []

    @alice.pc.on("signalingstatechange")
    def watch():
        if not seen:
            seen.append(alice.ice.getSelectedCandidatePair())
            alice.ice.on(
                "selectedcandidatepairchange",
                lambda: seen.append(alice.ice.getSelectedCandidatePair().local.address),
            )

    await stage.negotiate()
    await stage.sleep(10)
    assert seen == [None, quick, slow]
    assert states(alice, ICE) == states(bob, ICE) == "new checking connected completed"
    assert bob.ice.getSelectedCandidatePair().remote.address == slow


async def test_c39_the_controlled_side_follows_every_later_nomination(stage):
    alice = stage.peer("alice", "10.0.0.1", "10.1.0.1", "10.2.0.1")
    bob = stage.peer("bob", "10.0.0.2")
    stage.introduce(alice, bob)
    for address, delay_s in (("10.0.0.1", 0.3), ("10.1.0.1", 0.1), ("10.2.0.1", 0.01)):
        stage.net.connect(address, "bob", Conditions(delay_s=delay_s))
    followed = []

    @bob.pc.on("signalingstatechange")
    def watch():
        bob.ice.onselectedcandidatepairchange = lambda event: followed.append(
            event.target.getSelectedCandidatePair().remote.address
        )

    await stage.connect()
    await stage.sleep(20)
    assert bob.ice.role == "controlled"
    assert followed == ["10.2.0.1", "10.1.0.1", "10.0.0.1"]
    assert states(bob, ICE) == "new checking connected completed"


@pytest.mark.parametrize(
    ("ours", "theirs", "selected"),
    [
        (["2001:db8::1"], ["2001:db8::2"], "2001:db8::1"),
        (["10.0.0.1", "2001:db8::1"], ["10.0.0.2", "2001:db8::2"], "2001:db8::1"),
        (["10.0.0.1", "2001:db8::1"], ["10.0.0.2"], "10.0.0.1"),
    ],
    ids=["IPv6 only", "both", "one has both"],
)
async def test_address_families(stage, ours, theirs, selected):
    alice, bob = stage.introduce(stage.peer("alice", *ours), stage.peer("bob", *theirs))
    await stage.connect()
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
    pair, mirrored = alice.ice.getSelectedCandidatePair(), bob.ice.getSelectedCandidatePair()
    assert pair.local.address == selected
    assert pair.local.candidate == mirrored.remote.candidate
    assert pair.remote.candidate == mirrored.local.candidate


@pytest.mark.parametrize("rtt_s", [0.1, 2.0, 6.0])
async def test_a_path_on_which_everything_comes_twice_is_not_flooded(stage, rtt_s):
    """Every check of the peer asks for one of ours: twins must not have twins."""
    alice, bob = stage.pair()
    stage.net.connect("alice", "bob", Conditions(delay_s=rtt_s / 2, duplication=1.0))
    await stage.connect()
    assert len(stage.net.packets) < 300
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"


async def test_families_without_anything_in_common_fail(stage):
    alice, bob = stage.introduce(stage.peer("alice", "10.0.0.1"), stage.peer("bob", "2001:db8::2"))
    alice.channel()
    await stage.negotiate()
    await stage.sleep(60)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking failed"
        assert states(peer, CONNECTION) == "new connecting failed"
        assert peer.witness.at(ICE, "failed") - peer.witness.at(ICE, "checking") == pytest.approx(
            39.5, abs=0.2
        )


async def test_a_late_answer_changes_nothing_but_the_time(stage):
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    await stage.sleep(120)
    assert states(alice, ICE) == "new"
    await bob.pc.setLocalDescription()
    await stage.back.describe(bob.pc.localDescription)
    await stage.sleep(5)
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, CONNECTION) == "new connecting connected"


async def test_the_events_of_an_answerer_in_w3c_order(stage):
    alice, bob = stage.pair()
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await stage.sleep(0.01)
    await stage.negotiate()
    for candidate in alice.candidates[:-1]:
        await bob.pc.addIceCandidate(candidate)
    await stage.sleep(1)
    told = [(each.source, each.event.type) for each in bob.witness.moments]
    assert told == [
        ("pc", "signalingstatechange"),
        ("pc", "signalingstatechange"),
        ("ice", "gatheringstatechange"),
        ("pc", "icegatheringstatechange"),
        ("pc", "icecandidate"),
        ("pc", "icecandidate"),
        ("ice", "gatheringstatechange"),
        ("pc", "icegatheringstatechange"),
        ("pc", "icecandidate"),
        ("ice", "statechange"),
        ("pc", "iceconnectionstatechange"),
        ("pc", "connectionstatechange"),
        ("ice", "selectedcandidatepairchange"),
        ("ice", "statechange"),
        ("pc", "iceconnectionstatechange"),
        ("dtls", "statechange"),
        ("ice", "statechange"),
        ("pc", "iceconnectionstatechange"),
        ("dtls", "statechange"),
        ("pc", "connectionstatechange"),
        ("sctp", "statechange"),
        ("pc", "datachannel"),
        ("channel chat", "open"),
    ]


async def test_every_listener_of_an_ice_task_reads_the_same_new_states(stage):
    alice, _ = await stage.connect()
    aggregates = {"iceconnectionstatechange", "connectionstatechange"}
    tasks = []
    for before, moment in pairwise(alice.witness.moments):
        kind = moment.event.type
        if moment.source == "ice" and kind == "statechange":
            has_pair = before.event.type == "selectedcandidatepairchange"
            tasks.append([before, moment] if has_pair else [moment])
        elif kind in aggregates and before in tasks[-1]:
            tasks[-1].append(moment)
    told = [[each.event.type for each in task] for task in tasks]
    assert told == [
        ["statechange", "iceconnectionstatechange", "connectionstatechange"],
        ["selectedcandidatepairchange", "statechange", "iceconnectionstatechange"],
        ["statechange", "iceconnectionstatechange"],
    ]
    for task, state in zip(tasks, ("checking", "connected", "completed"), strict=True):
        for moment in task:
            assert moment.states == task[0].states, "every slot was written before the first event"
            assert moment.states["RTCIceTransport.state"] == state
            assert moment.states["iceConnectionState"] == state


async def test_an_offer_and_its_candidates_alone_leave_both_transports_new(stage):
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    stage.back.carries_candidates = stage.back.carries_end = False
    await stage.sleep(30)
    assert len(bob.ice.getRemoteCandidates()) == 1
    for peer in (alice, bob):
        assert (peer.ice.state, peer.pc.connectionState) == ("new", "new")
    await bob.pc.setLocalDescription()
    assert bob.ice.state == "new", "a task of its own decides"
    await stage.sleep(1)
    assert bob.ice.state == "connected", "early checks are answered"
    assert alice.ice.state == "new", "the answer never came"


@pytest.mark.parametrize("is_client", [True, False], ids=["client", "server"])
async def test_an_answer_may_take_minutes_though_checks_work_already(stage, is_client):
    """Nothing has failed: the offerer cannot know whom to trust."""
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    offer = alice.pc.localDescription.toJSON()
    if not is_client:
        offer["sdp"] = offer["sdp"].replace("a=setup:actpass", "a=setup:active")
    stage.back.carries_candidates = stage.back.carries_end = False
    await bob.pc.setRemoteDescription(offer)
    await bob.pc.setLocalDescription()
    await stage.until(lambda: bob.pc.iceConnectionState == "connected")
    await stage.sleep(300)
    assert states(bob, DTLS) == "new connecting"
    assert (alice.ice.state, alice.pc.connectionState) == ("new", "new")
    carried_at = stage.now
    await stage.back.describe(bob.pc.localDescription)
    await stage.until(lambda: alice.channels["chat"].readyState == "open")
    assert stage.now - carried_at < 1
    for peer in (alice, bob):
        assert states(peer, DTLS) == "new connecting connected"
