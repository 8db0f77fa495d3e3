"""Which pair replaces a nominated one that works, and who has a say in it."""

import pytest

from frazil.errors import InvalidStateError, NotFoundError
from frazil.ice import (
    UNKNOWN_TRAITS,
    AgentTraits,
    Candidate,
    IceConfig,
    IcePolicy,
    NominationProposed,
    PairAdded,
    PairRemoved,
    Renomination,
)
from frazil.ice.config import MAX_PAIRS, MAX_STANDBY_CHECKS
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from frazil.types import Address, Transmit
from support.ice_pair import IcePair, Side
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

A2: tuple[Address, ...] = (("10.0.0.1", 1000), ("10.1.0.1", 1001))
B1: tuple[Address, ...] = (("10.0.0.2", 2000),)
BEST, OTHER = (A2[0], B1[0]), (A2[1], B1[0])
RTT = IcePolicy(renomination=Renomination.RTT)
OFF = IcePolicy(renomination=Renomination.OFF)


class SlowPair(IcePair):
    """Two paths; packets of the one with the higher priority take ``slow_s`` each way."""

    slow_s = 0.1

    def _carry(self, side: Side, transmit: Transmit) -> None:
        fast_s = self.delay_s
        self.delay_s = self.slow_s if A2[0] in (transmit.local, transmit.remote) else fast_s
        super()._carry(side, transmit)
        self.delay_s = fast_s


def slow(a_policy: IcePolicy = RTT, b_policy: IcePolicy = RTT) -> SlowPair:
    pair = SlowPair(a_addresses=A2, b_addresses=B1, a_policy=a_policy, b_policy=b_policy)
    pair.negotiate()
    return pair


# --- by priority ------------------------------------------------------------------------------


def test_by_priority_the_delay_does_not_matter():
    pair = slow(IcePolicy(), IcePolicy())
    pair.run(120)
    assert pair.a.agent.path == BEST
    assert pair.agrees


def test_switched_off_the_first_nomination_stays():
    pair = slow(OFF, IcePolicy())
    pair.run(120)
    assert pair.a.agent.path == OTHER  # the quicker one answered first
    assert pair.agrees
    assert sum(p.nominated for p in pair.a.agent.pairs) == 1


def test_switched_off_another_pair_still_takes_over_from_a_lost_one():
    pair = slow(OFF, IcePolicy())
    pair.run(20)
    pair.drops = lambda side, transmit: A2[1] in (transmit.local, transmit.remote)
    pair.run(20)
    assert pair.a.agent.path == BEST
    assert pair.agrees


@pytest.mark.parametrize(
    ("traits", "numbers"), [(UNKNOWN_TRAITS, {None}), (AgentTraits(renominates=True), {1})]
)
def test_numbers_are_for_those_who_know_them(traits, numbers):
    peer = IcePeer(RTCIceRole.CONTROLLING, traits=traits)
    peer.validate(LOCAL)
    said = [m for m, _, _ in peer.requests if m.flag(Attribute.USE_CANDIDATE)]
    assert {m.number(Attribute.NOMINATION) for m in said} == numbers


# --- by round-trip time -----------------------------------------------------------------------


def test_the_quicker_pair_takes_over_and_stays():
    pair = slow()
    pair.run(3)
    assert pair.a.agent.path == BEST
    pair.run(30)
    assert pair.a.agent.path == OTHER
    assert pair.agrees
    changes = pair.a.agent.pair_changes
    pair.run(300)
    assert pair.a.agent.pair_changes == changes
    assert pair.a.agent.path == OTHER
    assert pair.a.states == pair.b.states == ["new", "checking", "connected", "completed"]


def test_a_little_quicker_is_not_worth_it():
    pair = SlowPair(a_addresses=A2, b_addresses=B1, a_policy=RTT, delay_s=0.1)
    pair.slow_s = 0.11
    pair.negotiate()
    pair.run(120)
    assert pair.a.agent.path == BEST


def test_a_path_that_becomes_slow_is_left():
    pair = SlowPair(a_addresses=A2, b_addresses=B1, a_policy=RTT)
    pair.slow_s = 0.01
    pair.negotiate()
    pair.run(60)
    assert pair.a.agent.path == BEST
    pair.slow_s = 0.2
    pair.run(120)
    assert pair.a.agent.path == OTHER
    assert "disconnected" not in pair.a.states + pair.b.states


def test_a_peer_that_does_not_know_renomination_is_not_asked_by_delay():
    pair = slow(RTT, OFF)
    pair.run(120)
    assert pair.a.agent.path == BEST
    assert pair.agrees


def test_measuring_is_bounded():
    addresses = tuple((f"10.0.{n}.1", 1000 + n) for n in range(10))
    pair = IcePair(a_addresses=addresses, b_addresses=B1, a_policy=RTT)
    pair.negotiate()
    pair.run(30)
    before = pair.a.requests
    pair.run(100)
    # a round every 5 s, of others and the pair in use, and its own checks, every 2.5 s
    assert 0 < pair.a.requests - before <= 100 / 5 * (MAX_STANDBY_CHECKS + 1) + 100 / 2.5


def test_only_the_controlling_side_measures():
    pair = slow()
    pair.run(60)
    in_use = pair.b.pair
    others = [p for p in pair.b.agent.pairs if p is not in_use]
    before = [p.consent_requests_sent for p in others]
    pair.run(60)
    assert [p.consent_requests_sent for p in others] == before


# --- the application selects ------------------------------------------------------------------


def test_a_pair_can_be_selected_and_stays_selected():
    pair = IcePair(a_addresses=A2, b_addresses=B1)
    pair.negotiate()
    pair.run(10)
    assert pair.a.agent.path == BEST
    pair.a.agent.select_pair(OTHER, pair.now)
    pair.run(60)
    assert pair.a.agent.path == OTHER
    assert pair.agrees


def test_a_selected_pair_that_dies_is_left():
    pair = IcePair(a_addresses=A2, b_addresses=B1)
    pair.negotiate()
    pair.run(10)
    pair.a.agent.select_pair(OTHER, pair.now)
    pair.run(10)
    pair.drops = lambda side, transmit: A2[1] in (transmit.local, transmit.remote)
    pair.run(15)
    assert pair.a.agent.path == BEST
    assert pair.agrees


def test_the_choice_of_a_pair_ends_with_its_interface():
    pair = IcePair(a_addresses=A2, b_addresses=B1)
    pair.negotiate()
    pair.run(10)
    for chosen in (OTHER, BEST):
        pair.a.agent.select_pair(chosen, pair.now)
        pair.run(2)
        assert pair.a.agent.path == chosen
    pair.a.agent.local.remove_address(A2[0], pair.now)
    pair.run(5)
    assert pair.a.agent.path == OTHER
    pair.a.agent.local.gather_again(pair.now)
    pair.gather(pair.a)
    pair.run(20)
    assert pair.a.agent.path == BEST
    assert pair.agrees


def test_selecting_has_conditions():
    pair = IcePair(a_addresses=A2, b_addresses=B1)
    pair.drops = lambda side, transmit: A2[1] in (transmit.local, transmit.remote)
    pair.negotiate()
    pair.run(2)
    with pytest.raises(NotFoundError):
        pair.a.agent.select_pair((A2[0], ("10.0.0.9", 9)), pair.now)
    pair.a.agent.select_pair(OTHER, pair.now)  # it was not checked, and will be
    pair.run(50)
    assert pair.a.agent.path == BEST
    with pytest.raises(InvalidStateError, match="checked without success"):
        pair.a.agent.select_pair(OTHER, pair.now)
    with pytest.raises(InvalidStateError, match="the side that nominates"):
        pair.b.agent.select_pair((B1[0], A2[0]), pair.now)


# --- the application is asked -----------------------------------------------------------------


def proposals(pair: IcePair) -> list[tuple[Address, Address]]:
    return [event.pair.key for event in pair.a.events_of(NominationProposed)]


def test_a_proposed_pair_is_nominated_once_it_is_wanted():
    pair = IcePair()
    pair.a.agent.ask_first()
    pair.negotiate()
    pair.run(5)
    (key,) = proposals(pair)
    assert not pair.a.pair.nominated
    assert pair.a.states == ["new", "checking", "connected"]
    pair.a.agent.decide_nomination(key, pair.now, wanted=True)
    pair.run(1)
    assert pair.a.pair.nominated
    assert pair.states == (["new", "checking", "connected", "completed"],) * 2
    pair.a.agent.decide_nomination(key, pair.now, wanted=False)  # too late
    assert pair.a.pair.nominated


def test_a_pair_that_is_not_wanted_gives_way_to_the_next():
    pair = IcePair(a_addresses=A2, b_addresses=B1)
    pair.a.agent.ask_first()
    pair.negotiate()
    for _ in range(50):
        pair.run(0.1)
        for key in proposals(pair):
            pair.a.agent.decide_nomination(key, pair.now, wanted=key == OTHER)
    assert set(proposals(pair)) == {BEST, OTHER}
    assert pair.a.agent.path == OTHER
    assert pair.agrees
    pair.run(60)
    assert pair.a.agent.path == OTHER


def test_the_controlled_side_and_lite_agents_have_nothing_to_propose():
    pair = IcePair(b_policy=IcePolicy(lite=True))
    pair.b.agent.ask_first()
    pair.negotiate()
    pair.run(5)
    assert not pair.b.events_of(NominationProposed)
    pair.b.agent.decide_nomination((B1[0], A2[0]), pair.now, wanted=False)
    assert pair.agrees


# --- pairs come and go ------------------------------------------------------------------------


def test_pairs_are_told_of():
    pair = IcePair(a_addresses=A2, b_addresses=B1)
    pair.negotiate()
    pair.run(2)
    assert {event.pair.key for event in pair.a.events_of(PairAdded)} == {BEST, OTHER}
    assert not pair.a.events_of(PairRemoved)
    pair.a.agent.local.remove_address(A2[1], pair.now)
    pair.flush()
    assert [event.pair.key for event in pair.a.events_of(PairRemoved)] == [OTHER]


def test_a_pair_that_makes_room_for_a_better_one_is_told_of():
    peer = IcePeer(RTCIceRole.CONTROLLING, config=IceConfig(pacing_s=0.5))
    told: list[object] = []
    for port in range(1, 51):
        line = f"candidate:{port} 1 udp {1000 + port} 10.0.0.2 {2000 + port} typ host"
        peer.agent.add_remote_candidates([Candidate.from_line(line)], peer.now)
        told += peer.agent.poll_events()
    assert sum(isinstance(event, PairAdded) for event in told) == MAX_PAIRS
    peer.agent.receive_datagram(peer.request(), LOCAL, REMOTE, peer.now)
    told = peer.agent.poll_events()
    (added,) = (event for event in told if isinstance(event, PairAdded))
    (removed,) = (event for event in told if isinstance(event, PairRemoved))
    assert added.pair.key == (LOCAL, REMOTE)
    assert removed.pair.key[0] == LOCAL_2


# --- the timers -------------------------------------------------------------------------------


def test_a_policy_is_what_the_peer_is_told():
    assert IcePolicy().traits(IceConfig()) == AgentTraits(pacing_s=0.02, renominates=True)
    assert OFF.traits(IceConfig()) == AgentTraits(pacing_s=0.02)
