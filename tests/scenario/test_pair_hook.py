"""What an application may know of pairs, and decide about them (webrtc-extensions)."""

import asyncio

import pytest

from frazil import InvalidStateError, NotFoundError, RTCIceCandidatePair
from frazil.testing import Conditions
from support.scenario import states

TWO = ("10.0.0.1", "10.1.0.1")


def ends(pair) -> tuple[str, str]:
    return pair.local.address, pair.remote.address


async def prepared(stage, ours=TWO, theirs=("10.0.0.2",)):
    """Both descriptions are applied, and no candidate is signalled yet."""
    alice, bob = stage.peer("alice", *ours), stage.peer("bob", *theirs)
    stage.introduce(alice, bob)
    stage.signalling(carries_candidates=False, carries_end=False)
    alice.channel()
    await stage.negotiate()
    return alice, bob


async def signal(*, source, to):
    for candidate in source.candidates:
        if candidate is not None:
            await to.pc.addIceCandidate(candidate)


async def test_pairs_are_told_as_they_come_and_go(stage):
    alice, bob = await prepared(stage)
    added, removed = [], []
    alice.ice.on("icecandidatepairadd", lambda event: added.append(event.candidatePair))
    alice.ice.onicecandidatepairremove = lambda event: removed.append(event.candidatePair)
    await signal(source=bob, to=alice)
    await alice.pc.wait_connected(10)
    assert sorted(map(ends, added)) == [("10.0.0.1", "10.0.0.2"), ("10.1.0.1", "10.0.0.2")]
    assert added[0].remote.candidate == bob.candidates[0].candidate
    assert removed == []
    alice.host.remove_interface("10.1.0.1")
    await stage.sleep(1)
    assert list(map(ends, removed)) == [("10.1.0.1", "10.0.0.2")]


async def test_pairs_with_candidates_that_nobody_signalled_are_told_apart(stage):
    alice, bob = await prepared(stage, ours=("10.0.0.1",), theirs=("10.0.0.2", "10.1.0.2"))
    stage.net.connect("alice", "bob", Conditions(delay_s=0.1))  # the second check comes in time
    pairs = set()
    alice.ice.on("icecandidatepairadd", lambda event: pairs.add(event.candidatePair))
    await signal(source=alice, to=bob)
    await alice.pc.wait_connected(10)
    await stage.sleep(5)
    assert {pair.remote.type for pair in pairs} == {"prflx"}
    assert len(pairs) == 2
    selected = alice.ice.getSelectedCandidatePair()
    (other,) = pairs - {selected}
    await alice.ice.selectCandidatePair(other)
    await stage.sleep(1)
    assert alice.ice.getSelectedCandidatePair() == other != selected


async def test_who_does_not_listen_is_not_told_and_pays_nothing(stage):
    alice, _ = await stage.connect()
    assert not alice.ice._slots.reports_pairs
    assert "icecandidatepairadd" not in {each.event.type for each in alice.witness.moments}


async def test_a_nomination_can_be_prevented(stage):
    alice, bob = await prepared(stage)
    asked = []

    @alice.ice.on("icecandidatepairnominate")
    def decide(event):
        asked.append(ends(event.candidatePair))
        if event.candidatePair.local.address == "10.0.0.1":
            event.preventDefault()

    await signal(source=bob, to=alice)
    await signal(source=alice, to=bob)
    await alice.pc.wait_connected(10)
    await stage.sleep(10)
    assert ("10.0.0.1", "10.0.0.2") in asked
    assert ends(alice.ice.getSelectedCandidatePair()) == ("10.1.0.1", "10.0.0.2")
    assert ends(bob.ice.getSelectedCandidatePair())[1] == "10.1.0.1"
    assert "disconnected" not in states(alice, "connectionState")


async def test_a_listener_that_only_looks_changes_nothing(stage):
    alice, bob = await prepared(stage)
    events = []
    alice.ice.addEventListener("icecandidatepairnominate", events.append)
    await signal(source=bob, to=alice)
    await signal(source=alice, to=bob)
    await alice.pc.wait_connected(10)
    await stage.sleep(60)
    assert events
    assert not any(event.defaultPrevented for event in events)
    assert ends(alice.ice.getSelectedCandidatePair()) == ("10.0.0.1", "10.0.0.2")
    assert alice.ice.state == bob.ice.state == "completed"


async def test_a_listener_that_raises_prevents_nothing(stage):
    alice, bob = await prepared(stage)
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))

    @alice.ice.on("icecandidatepairnominate")
    def fail(event):
        raise ZeroDivisionError

    await signal(source=bob, to=alice)
    await alice.pc.wait_connected(10)
    await stage.sleep(5)
    assert alice.ice.getSelectedCandidatePair() is not None
    assert {type(each["exception"]) for each in reported} == {ZeroDivisionError}


async def test_a_pair_can_be_selected(stage):
    alice, bob = await prepared(stage)
    added = []
    alice.ice.on("icecandidatepairadd", lambda event: added.append(event.candidatePair))
    await signal(source=bob, to=alice)
    await signal(source=alice, to=bob)
    await alice.pc.wait_connected(10)
    await stage.sleep(5)
    assert ends(alice.ice.getSelectedCandidatePair()) == ("10.0.0.1", "10.0.0.2")
    (other,) = (pair for pair in added if pair.local.address == "10.1.0.1")
    await alice.ice.selectCandidatePair(other)
    await stage.sleep(1)
    assert alice.ice.getSelectedCandidatePair() == other
    assert ends(bob.ice.getSelectedCandidatePair()) == ("10.0.0.2", "10.1.0.1")
    await stage.sleep(60)
    assert alice.ice.getSelectedCandidatePair() == other


async def test_selecting_is_for_the_controlling_side_and_for_known_pairs(stage):
    alice, bob = await stage.connect()
    with pytest.raises(InvalidStateError, match="nominates"):
        await bob.ice.selectCandidatePair(bob.ice.getSelectedCandidatePair())
    pair = alice.ice.getSelectedCandidatePair()
    with pytest.raises(NotFoundError, match="did not come from"):
        await alice.ice.selectCandidatePair(RTCIceCandidatePair(pair.local, pair.remote))
    await alice.ice.selectCandidatePair(pair)
    stage.net.block("alice", "bob")
    await stage.sleep(60)
    with pytest.raises(InvalidStateError, match="is failed"):
        await alice.ice.selectCandidatePair(pair)
    ice = alice.ice
    await alice.pc.close()
    with pytest.raises(InvalidStateError, match="is closed"):
        await ice.selectCandidatePair(pair)


async def test_nothing_can_be_selected_before_there_is_a_pair(stage):
    alice, _ = await stage.connect()
    pair = alice.ice.getSelectedCandidatePair()
    other = stage.peer("carol", "10.0.0.3")
    other.channel()
    await other.pc.setLocalDescription()
    with pytest.raises(InvalidStateError, match="is new"):
        await other.ice.selectCandidatePair(pair)


async def test_nobody_is_told_of_the_pairs_of_a_closed_transport(stage):
    alice, _ = await stage.connect()
    ice = alice.ice
    await alice.pc.close()
    ice.on("icecandidatepairnominate", pytest.fail)
    assert not ice._slots.reports_pairs
