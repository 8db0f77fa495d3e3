"""Offers and answers that meet, are taken back, refused, or repeated."""

import pytest

from frazil import InvalidAccessError, InvalidStateError, RTCError
from support.scenario import states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
SIGNALING = "signalingState"


async def test_perfect_negotiation_connects_when_both_sides_offer_at_once(stage):
    alice, bob = stage.pair()
    polite, impolite = stage.negotiate_perfectly()
    alice.channel("from alice")
    bob.channel("from bob")
    for peer in (alice, bob):
        await peer.pc.wait_connected(timeout=10)
    await stage.sleep(5)
    assert (polite.ignored, impolite.ignored) == (0, 1)
    assert states(alice, SIGNALING) == "stable have-local-offer stable have-remote-offer stable"
    assert states(bob, SIGNALING) == "stable have-local-offer stable"
    for peer in (alice, bob):
        assert states(peer, CONNECTION).split()[-2:] == ["connecting", "connected"]
        assert sorted(peer.channels) == ["from alice", "from bob"]
        assert {str(each.readyState) for each in peer.channels.values()} == {"open"}


@pytest.mark.parametrize("lag_s", [0.001, 0.03, 0.05, 0.051, 0.08, 0.1, 0.15])
async def test_perfect_negotiation_whatever_the_lag(stage, lag_s):
    alice, bob = stage.pair()
    stage.negotiate_perfectly()
    alice.channel("from alice")
    await stage.sleep(lag_s)
    bob.channel("from bob")
    await stage.sleep(10)
    for peer in (alice, bob):
        assert (peer.pc.signalingState, peer.pc.connectionState) == ("stable", "connected")
        assert sorted(peer.channels) == ["from alice", "from bob"]


async def test_d4_the_transport_of_a_rolled_back_offer_leaves_every_aggregate_at_once(stage):
    alice, _ = stage.pair()
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.sleep(1)
    dtls = alice.dtls
    await alice.pc.setLocalDescription({"type": "rollback"})
    await stage.sleep(1)
    assert alice.pc.sctp is None
    assert states(alice, "iceGatheringState") == "new gathering complete new"
    assert states(alice, ICE) == states(alice, CONNECTION) == "new"
    assert (dtls.state, dtls.iceTransport.state) == ("closed", "closed")


async def test_d4_an_answer_without_data_takes_the_connection_back_to_new(stage):
    alice, bob = await stage.connect()
    await stage.sleep(5)
    channel = alice.channels["chat"]
    offer = await alice.pc.createOffer()
    await alice.pc.setLocalDescription(offer)
    refusal = answer_without_data(bob.pc.localDescription.sdp)
    await alice.pc.setRemoteDescription({"type": "answer", "sdp": refusal})
    await stage.sleep(1)
    assert alice.pc.sctp is None
    assert states(alice, ICE) == "new checking connected completed new"
    assert states(alice, CONNECTION) == "new connecting connected new"
    assert channel.readyState == "closed"
    await stage.sleep(60)
    assert states(bob, "RTCDtlsTransport.state") == "new connecting connected closed"


def answer_without_data(sdp):
    """An answer that refuses the only m-section."""
    lines = [line for line in sdp.split("\r\n") if not line.startswith(("a=group", "a=candidate"))]
    return "\r\n".join(
        "m=application 0" + line[line.index(" UDP") :] if line[:2] == "m=" else line
        for line in lines
    )


async def test_nobody_offers_without_reason(stage):
    alice, bob = stage.pair()
    stage.negotiate_perfectly()
    alice.channel()
    await stage.sleep(600)
    assert len(alice.fired("pc", "negotiationneeded")) == 1
    assert bob.fired("pc", "negotiationneeded") == []


async def test_an_offer_in_the_wrong_state_changes_nothing(stage):
    alice, bob = await stage.connect()
    offer = await alice.pc.createOffer()
    with pytest.raises(InvalidStateError):
        await alice.pc.setRemoteDescription({"type": "answer", "sdp": offer.sdp})
    with pytest.raises(RTCError) as caught:
        await bob.pc.setRemoteDescription({"type": "offer", "sdp": offer.sdp + "nonsense\r\n"})
    assert caught.value.sdpLineNumber == len(offer.sdp.splitlines()) + 1
    with pytest.raises(InvalidAccessError):
        await bob.pc.setRemoteDescription(
            {"type": "offer", "sdp": offer.sdp.replace("a=fingerprint", "a=fingerless")}
        )
    await stage.sleep(60)
    for peer in (alice, bob):
        assert peer.pc.signalingState == "stable"
        assert states(peer, CONNECTION) == "new connecting connected"


async def test_c32_a_wrong_fingerprint_fails_dtls_on_both_sides(stage):
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    await bob.pc.setLocalDescription()
    stranger = stage.peer("stranger", "10.0.0.3")
    stranger.channel()
    fingerprint = fingerprint_of((await stranger.pc.createOffer()).sdp)
    answer = bob.pc.localDescription.sdp
    forged = answer.replace(fingerprint_of(answer), fingerprint)
    await alice.pc.setRemoteDescription({"type": "answer", "sdp": forged})
    await stage.sleep(5)
    assert states(alice, "RTCDtlsTransport.state") == "new connecting failed"
    assert states(alice, CONNECTION) == "new connecting failed"
    (error,) = alice.fired("dtls", "error")
    assert error.error.errorDetail == "fingerprint-failure"
    assert states(bob, "RTCDtlsTransport.state") == "new connecting failed"
    (told,) = bob.fired("dtls", "error")
    assert (told.error.errorDetail, told.error.receivedAlert) == ("dtls-failure", 42)


def fingerprint_of(sdp):
    return next(line for line in sdp.splitlines() if line.startswith("a=fingerprint"))


@pytest.mark.parametrize("stage", range(4), indirect=True)
async def test_two_controlling_sides_agree_who_it_is(stage):
    """An offer that looks like one of ICE lite makes its receiver controlling, too."""
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    offer = alice.pc.localDescription.sdp.replace("\r\nt=0 0\r\n", "\r\nt=0 0\r\na=ice-lite\r\n")
    await bob.pc.setRemoteDescription({"type": "offer", "sdp": offer})
    assert alice.ice.role == bob.ice.role == "controlling"
    await bob.pc.setLocalDescription()
    await stage.back.describe(bob.pc.localDescription)
    await stage.sleep(60)
    assert {alice.ice.role, bob.ice.role} == {"controlling", "controlled"}
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, CONNECTION) == "new connecting connected"


async def test_every_attribute_of_a_description_is_new_in_its_first_event(stage):
    alice, bob = stage.pair()
    alice.channel()
    seen = []

    def look(name, pc):
        descriptions = (
            pc.currentLocalDescription,
            pc.pendingLocalDescription,
            pc.currentRemoteDescription,
            pc.pendingRemoteDescription,
        )
        types = " ".join(each.type if each else "-" for each in descriptions)
        seen.append((name, pc.signalingState, types, pc.canTrickleIceCandidates, bool(pc.sctp)))

    for peer in (alice, bob):
        peer.pc.on("signalingstatechange", lambda peer=peer: look(peer.name, peer.pc))
    await stage.negotiate()
    assert seen == [
        ("alice", "have-local-offer", "- offer - -", None, True),
        ("bob", "have-remote-offer", "- - - offer", True, True),
        ("bob", "stable", "answer - offer -", True, True),
        ("alice", "stable", "offer - answer -", True, True),
    ]


async def test_statistics_do_not_wait_for_operations(stage):
    alice, _ = stage.pair()
    alice.channel()
    order = []
    operations = [alice.pc.createOffer() for _ in range(5)]
    operations[-1].add_done_callback(lambda _: order.append("operations"))
    report = alice.pc.getStats()
    report.add_done_callback(lambda _: order.append("report"))
    await operations[-1]
    await stage.sleep(0)
    assert order == ["report", "operations"]


async def test_stopping_the_last_transceiver_takes_gathering_back_to_new(stage):
    alice, bob = stage.pair()
    transceiver = alice.pc.addTransceiver("audio")
    await stage.negotiate()
    for peer in (alice, bob):
        await peer.pc.wait_connected(timeout=10)
        await peer.pc.gathering_complete()
    transceiver.stop()
    await stage.negotiate()
    await stage.sleep(1)
    for peer in (alice, bob):
        assert states(peer, "iceGatheringState") == "new gathering complete new"
        assert states(peer, "RTCIceTransport.state") == "new checking connected completed closed"


async def test_listeners_of_a_transport_hear_of_its_end_whatever_is_looked_at_before(stage):
    alice, bob = stage.pair()
    mine = alice.pc.addTransceiver("audio")
    await stage.negotiate()
    await bob.pc.wait_connected(timeout=10)
    theirs = bob.pc.getTransceivers()[0]
    dtls, ended = theirs.sender.transport, []
    theirs.receiver.track.onended = lambda event: ended.append("track")
    dtls.onstatechange = lambda event: ended.append(("dtls", dtls.state, bob.pc.localDescription))
    dtls.iceTransport.onstatechange = lambda event: ended.append("ice")
    bob.pc.onsignalingstatechange = lambda event: bob.pc.remoteDescription
    del theirs
    mine.stop()
    await stage.negotiate()
    assert bob.pc.localDescription.type == "answer"
    await stage.sleep(1)
    kinds = [each if isinstance(each, str) else each[0] for each in ended]
    assert sorted(kinds) == ["dtls", "ice", "track"]
