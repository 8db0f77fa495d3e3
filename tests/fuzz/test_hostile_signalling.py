"""Descriptions and candidates from somebody who means harm, or does not know what it does."""

from random import Random

import pytest

from frazil import (
    InvalidAccessError,
    InvalidStateError,
    OperationError,
    RTCError,
)
from support.attacker import broken_text, footprint, for_long, seeds_for_long
from support.scenario import Stage, states

ICE = "iceConnectionState"
CONNECTION = "connectionState"
ROUNDS = 150

REFUSALS = (RTCError, InvalidAccessError)
"""What ``setRemoteDescription`` may say to a text, in a state that allows the type."""
CANDIDATE_REFUSALS = (OperationError, TypeError)
"""What ``addIceCandidate`` may say."""


async def take_broken_offers(pc, offer, random, rounds=ROUNDS):
    """Offer broken texts and take back those that were believed; how many were."""
    believed = 0
    for _ in range(rounds):
        text = broken_text(offer, random)
        try:
            await pc.setRemoteDescription({"type": "offer", "sdp": text})
        except REFUSALS:
            continue
        believed += 1
        await pc.setRemoteDescription({"type": "rollback"})
    assert pc.signalingState == "stable"
    return believed


@pytest.mark.parametrize("seed", range(3))
async def test_a_broken_offer_is_refused_or_taken_back(stage, seed):
    alice, bob = stage.pair()
    alice.channel()
    offer = await alice.pc.createOffer()
    believed = await take_broken_offers(bob.pc, offer.sdp, Random(seed))
    assert ROUNDS // 20 < believed < ROUNDS
    await stage.negotiate()
    await stage.sleep(5)
    for peer in (alice, bob):
        assert peer.pc.connectionState == "connected"
    assert footprint(bob.pc._peer)[0] < 20_000


async def test_broken_offers_do_not_disturb_a_connection(stage):
    alice, bob = await stage.connect()
    offer = await alice.pc.createOffer()
    await take_broken_offers(bob.pc, offer.sdp, Random(4), rounds=200)
    alice.channels["chat"].send("still here")
    await stage.sleep(60)
    assert bob.inbox["chat"] == ["still here"]
    for peer in (alice, bob):
        assert states(peer, ICE) == "new checking connected completed"
        assert states(peer, CONNECTION) == "new connecting connected"
    await stage.negotiate(ice_restart=True)
    await stage.sleep(5)
    assert states(bob, ICE) == "new checking connected completed connected completed"


async def test_broken_answers_are_refused_until_a_good_one_comes(stage):
    stage.expected_refusals = True  # Bob's candidates come before his answer does
    alice, bob = stage.pair()
    alice.channel()
    await alice.pc.setLocalDescription()
    await stage.there.describe(alice.pc.localDescription)
    await bob.pc.setLocalDescription()
    answer, random = bob.pc.localDescription.sdp, Random(5)
    for _ in range(ROUNDS):
        text = broken_text(answer, random).replace("m=application", "m=application/", 1)
        with pytest.raises(REFUSALS):
            await alice.pc.setRemoteDescription({"type": "answer", "sdp": text})
        assert alice.pc.signalingState == "have-local-offer"
    await stage.back.describe(bob.pc.localDescription)
    for candidate in bob.candidates[:-1]:
        await alice.pc.addIceCandidate(candidate)
    await stage.sleep(5)
    assert alice.pc.connectionState == bob.pc.connectionState == "connected"


@pytest.mark.parametrize("seed", range(3))
async def test_a_believed_broken_answer_never_breaks_the_program(stage, seed):
    """Whatever comes of it, the states follow the rules and the connection can be closed."""
    random = Random(seed)
    for number in range(25):
        alice = stage.peer(f"alice {number}", f"10.0.{number}.1")
        bob = stage.peer(f"bob {number}", f"10.0.{number}.2")
        alice.channel()
        await alice.pc.setLocalDescription()
        await bob.pc.setRemoteDescription(alice.pc.localDescription)
        await bob.pc.setLocalDescription()
        text = broken_text(bob.pc.localDescription.sdp, random)
        try:
            await alice.pc.setRemoteDescription({"type": "answer", "sdp": text})
        except REFUSALS:
            continue
        for candidate in bob.candidates[:-1]:
            try:
                await alice.pc.addIceCandidate(candidate)
            except OperationError:
                continue
    await stage.sleep(60)


async def test_broken_candidates_are_refused_or_harmless(stage):
    alice, bob = stage.pair()
    stage.back.carries_end = False
    await stage.connect()
    line, random = bob.candidates[0].candidate, Random(6)
    taken = 0
    for _ in range(2000):
        init = {
            "candidate": broken_text(line, random),
            "sdpMid": random.choice(["0", "0", "0", None, "1", ""]),
            "sdpMLineIndex": random.choice([0, 0, None, 1, 65_535]),
            "usernameFragment": random.choice([None, None, "wrong", ""]),
        }
        try:
            await alice.pc.addIceCandidate(init)
        except CANDIDATE_REFUSALS:
            continue
        taken += 1
    assert taken > 20
    assert len(alice.ice.getRemoteCandidates()) <= 101
    await alice.pc.addIceCandidate(None)
    await stage.sleep(120)
    alice.channels["chat"].send("still here")
    await stage.sleep(1)
    assert bob.inbox["chat"] == ["still here"]
    assert states(alice, CONNECTION) == "new connecting connected"


@pytest.mark.parametrize(
    "value",
    [
        "candidate:1 1 udp 1 10.0.0.2 9 typ host",
        b"bytes",
        17,
        [],
        {"candidate": 17, "sdpMid": "0"},
        {"candidate": "candidate:", "sdpMid": 0},
        {"candidate": "candidate:", "sdpMLineIndex": "0"},
        {"candidate": "candidate:", "sdpMLineIndex": -1},
        {"candidate": "candidate:", "sdpMLineIndex": 1 << 40},
    ],
    ids=repr,
)
async def test_what_is_no_candidate_at_all(stage, value):
    alice, _ = await stage.connect()
    with pytest.raises((TypeError, OperationError)):
        await alice.pc.addIceCandidate(value)


@pytest.mark.parametrize(
    "value",
    [None, "offer", {"type": "offer", "sdp": 5}, {"type": "offre", "sdp": ""}, {"sdp": "v=0"}],
    ids=repr,
)
async def test_what_is_no_description_at_all(stage, value):
    alice, _ = await stage.connect()
    with pytest.raises(TypeError):
        await alice.pc.setRemoteDescription(value)
    with pytest.raises(InvalidStateError):
        await alice.pc.setRemoteDescription({"type": "answer", "sdp": ""})


@for_long
def test_for_as_long_as_you_like():
    attacks = (
        test_a_broken_offer_is_refused_or_taken_back,
        test_a_believed_broken_answer_never_breaks_the_program,
    )
    for seed in seeds_for_long():
        for attack in attacks:
            print(f"seed {seed}, {attack.__name__}")
            stage = Stage(seed)
            stage.play(attack, {"stage": stage, "seed": seed})
