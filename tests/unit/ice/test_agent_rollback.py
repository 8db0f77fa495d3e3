"""Offers that are taken back: what a restart had begun is as if it had never been."""

import pytest

from frazil.ice import (
    AddressesNeeded,
    CandidateError,
    Credentials,
    GatheringStateChanged,
)
from frazil.turn import RelayProtocol
from frazil.types import Address
from support.ice_pair import IcePair, connected_pair, generation_counts

UP = ["new", "checking", "connected", "completed"]


def test_rollback_of_a_restart_leaves_everything_as_it_was():
    pair = connected_pair()
    kept = pair.a.credentials
    pair.offer(pair.a, renew=True)
    assert pair.a.agent.gathering_state == "complete"
    pair.a.agent.rollback(pair.now)
    pair.a.credentials = kept
    pair.run(60)
    assert pair.states == (UP, UP)
    assert generation_counts(pair) == (1, 1)
    pair.restart()
    pair.run(10)
    assert pair.states == ([*UP, "connected", "completed"],) * 2


def test_rollback_of_several_offers_forgets_them_all():
    """What the peer offers next is for the generation in force, and for no half of a restart."""
    pair = connected_pair()
    for _ in range(3):
        pair.offer(pair.a, renew=True)
    pair.a.agent.rollback(pair.now)
    assert generation_counts(pair) == (1, 1)
    pair.a.agent.set_remote_credentials(pair.b.credentials, pair.now)
    assert generation_counts(pair) == (1, 1)
    pair.run(60)
    assert pair.states == (UP, UP)


def move(pair: IcePair, to: Address) -> None:
    """The interface of ``a`` is gone, and another one is there."""
    (old,) = pair.a.addresses
    pair.a.addresses[:] = [to]
    pair.a.agent.local.remove_address(old, pair.now)
    pair.a.agent.local.gather_again(pair.now)


@pytest.mark.parametrize("offers", [1, 2])
def test_after_the_rollback_of_a_restart_the_network_may_change(offers):
    """However many offers were rolled back together, it is the generation in force that moves."""
    pair = connected_pair()
    (before,) = pair.a.gathered
    for _ in range(offers):
        pair.offer(pair.a, renew=True)
    pair.a.agent.rollback(pair.now)
    pair.a.gathered.clear()
    move(pair, ("10.9.0.1", 1000))
    pair.gather(pair.a)
    pair.run(10)
    assert pair.a.agent.path == (("10.9.0.1", 1000), ("10.0.0.2", 2000))
    assert pair.a.states == [*UP, "disconnected", "connected", "completed"]
    assert pair.agrees
    assert [each.priority for each in pair.a.gathered] == [before.priority]  # it took its place


def test_the_network_changed_before_the_rollback_of_a_restart():
    """Only the new generation has learned of the address by then; the one in force does anew."""
    pair = connected_pair()
    pair.offer(pair.a, renew=True)
    move(pair, ("10.9.0.1", 1000))
    pair.gather(pair.a)
    pair.flush()
    asked = len(pair.a.events_of(AddressesNeeded))
    pair.a.agent.rollback(pair.now)
    pair.flush()
    assert len(pair.a.events_of(AddressesNeeded)) == asked + 1
    pair.gather(pair.a)
    pair.run(10)
    assert pair.a.agent.path == (("10.9.0.1", 1000), ("10.0.0.2", 2000))
    assert pair.agrees


@pytest.mark.parametrize("replaced", ["as is", "after a rollback"])
def test_the_network_changed_before_an_offer_that_was_replaced(replaced):
    """The generation in force has missed the address, whichever offer is rolled back in the end."""
    pair = connected_pair()
    pair.offer(pair.a, renew=True)
    move(pair, ("10.9.0.1", 1000))
    pair.gather(pair.a)
    if replaced == "after a rollback":
        pair.a.agent.rollback(pair.now)
    pair.offer(pair.a, renew=True)
    roll_back_for_more(pair)
    pair.gather(pair.a)
    pair.run(10)
    assert pair.a.agent.path == (("10.9.0.1", 1000), ("10.0.0.2", 2000))
    assert pair.agrees


@pytest.mark.parametrize("changed", [False, True], ids=["first round", "another round"])
def test_an_offer_that_was_rolled_back_had_cut_the_gathering_short(changed):
    """What a slow server gives is found after all, and then nothing is left to try."""
    pair = connected_pair() if changed else IcePair()
    local = pair.a.agent.local
    if changed:
        local.gather_again(pair.now)
    else:
        pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
        pair.hear(pair.a)
    local.expect_server("stun:slow")
    pair.gather(pair.a)
    pair.offer(pair.a, renew=True)
    roll_back_for_more(pair)
    local.expect_server("stun:slow")
    pair.gather(pair.a)
    assert pair.a.agent.gathering_state == "gathering"
    local.server_done("stun:slow", pair.now)
    pair.offer(pair.a, renew=True)
    pair.a.events.clear()
    pair.a.agent.rollback(pair.now)
    pair.flush()
    assert pair.a.events == []


RELAYED, SERVER = ("192.0.2.9", 50000), ("192.0.2.9", 3478)


def relay(pair: IcePair, address: Address = RELAYED) -> None:
    """A server relays for ``a``."""
    related = ("203.0.113.1", 1000)
    pair.a.agent.local.add_relayed(address, related, "turn:x", SERVER, RelayProtocol.UDP, pair.now)
    pair.flush()


def test_a_relay_that_came_while_an_offer_was_pending_is_not_missing_after_its_rollback():
    """In place of one that was lost: only the generation that was rolled back knows of it."""
    pair = connected_pair()
    pair.offer(pair.a, renew=True)
    relay(pair)
    roll_back_for_more(pair)
    relay(pair)
    assert RELAYED in {each.address for each in pair.a.agent.generations[0].local_candidates}


@pytest.mark.parametrize("lost", ["before the offer", "while it is pending"])
def test_a_relay_that_was_lost_is_asked_for_once_more_after_a_rollback(lost):
    pair = connected_pair()
    relay(pair)
    if lost == "before the offer":
        pair.a.agent.local.remove_address(RELAYED, pair.now)
    pair.offer(pair.a, renew=True)
    if lost == "while it is pending":
        pair.a.agent.local.remove_address(RELAYED, pair.now)
    roll_back_for_more(pair)


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_relay_that_both_generations_have_is_nothing_to_gather_for_after_a_rollback(is_lost):
    """If it is lost, another one is being asked for already."""
    pair = connected_pair()
    relay(pair)
    pair.offer(pair.a, renew=True)
    relay(pair)
    if is_lost:
        pair.a.agent.local.remove_address(RELAYED, pair.now)
    pair.a.events.clear()
    pair.a.agent.rollback(pair.now)
    pair.flush()
    assert pair.a.events_of(AddressesNeeded) == []


def roll_back_for_more(pair: IcePair) -> None:
    """The offer of ``a`` is rolled back, and the generation in force is gathered for again."""
    pair.flush()
    pair.a.events.clear()
    pair.a.agent.rollback(pair.now)
    pair.flush()
    assert len(pair.a.events_of(AddressesNeeded)) == 1
    assert pair.a.events_of(GatheringStateChanged)[-1].reason.text == (
        "there are addresses and servers left to try"
    )


def test_what_a_rollback_would_need_is_kept_until_the_answer():
    pair = connected_pair()
    gatherer = pair.a.agent._gatherer
    kept = gatherer._hosts
    pair.offer(pair.a, renew=True)
    assert gatherer._predecessor is kept
    pair.hear(pair.b)
    pair.offer(pair.b, renew=True)
    assert pair.b.agent._gatherer._predecessor is None
    pair.hear(pair.a)
    assert gatherer._predecessor is None


def test_rollback_while_gathering_ends_the_gathering():
    pair = connected_pair()
    agent = pair.a.agent
    agent.set_local_credentials(Credentials.generate(pair.a.random_bytes), pair.now)
    assert agent.gathering_state == "gathering"
    agent.rollback(pair.now)
    assert agent.gathering_state == "complete"
    pair.flush()
    states = [str(event.state) for event in pair.a.events_of(GatheringStateChanged)]
    assert states == ["gathering", "complete", "gathering", "complete"]
    assert pair.a.agent.next_timeout() is not None


def test_what_is_still_found_after_the_rollback_is_ignored():
    pair = connected_pair()
    agent = pair.a.agent
    agent.set_local_credentials(Credentials.generate(pair.a.random_bytes), pair.now)
    agent.local.expect_server("stun:slow")
    agent.rollback(pair.now)
    pair.flush()
    pair.a.events.clear()
    agent.local.add_address(("10.0.0.3", 1000), pair.now)
    agent.local.server_failed(CandidateError("stun:slow", 701, "no answer", None), pair.now)
    pair.gather(pair.a)
    assert pair.a.events == []


def test_rollback_of_a_remote_offer():
    pair = connected_pair()
    pair.a.agent.set_remote_credentials(Credentials.generate(pair.b.random_bytes), pair.now)
    pair.a.agent.rollback(pair.now)
    pair.run(60)
    assert pair.states == (UP, UP)
    assert generation_counts(pair) == (1, 1)


def test_rollback_with_nothing_to_forget():
    pair = connected_pair()
    pair.a.agent.rollback(pair.now)
    pair.run(60)
    assert pair.states == (UP, UP)
