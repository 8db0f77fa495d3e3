"""Another pair takes over unasked: ours has lost its interface, or the peer is elsewhere."""

import pytest

from frazil.ice import IceTransportChanged, PairState
from frazil.ice.state import Cause
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute
from frazil.turn import RelayProtocol
from frazil.types import Address
from support.ice_pair import IcePair
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

UP = ["new", "checking", "connected", "completed"]
A2: tuple[Address, ...] = (("10.0.0.1", 1000), ("10.1.0.1", 1001))
B2: tuple[Address, ...] = (("10.0.0.2", 2000), ("10.1.0.2", 2001))
ELSEWHERE = ("203.0.113.7", 7777)


# --- our end goes -----------------------------------------------------------------------------


def test_the_only_interface_goes():
    pair = IcePair()
    pair.negotiate()
    pair.run(10)
    pair.a.agent.local.remove_address(("10.0.0.1", 1000), pair.now)
    pair.flush()
    assert pair.a.states == [*UP, "disconnected"]
    assert pair.a.reasons[-1].cause == Cause.INTERFACE_LOST
    assert pair.a.agent.path is None
    pair.a.addresses.clear()
    sent = pair.a.sent
    pair.run(31)
    assert pair.a.sent == sent
    assert pair.a.states == [*UP, "disconnected", "failed"]


@pytest.mark.parametrize("loser", ["a", "b"])
def test_the_interface_in_use_goes_and_another_takes_over(loser):
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(10)
    side = getattr(pair, loser)
    gone = side.addresses.pop(0)
    side.agent.local.remove_address(gone, pair.now)
    pair.run(0.5)
    assert pair.agrees
    assert gone not in pair.a.agent.path + pair.b.agent.path
    pair.run(60)
    assert pair.agrees
    assert pair.states == (UP, UP)


@pytest.mark.parametrize("kind", ["interface", "relay"])
def test_what_the_pair_before_has_lost_is_told(kind):
    pair = IcePair(a_addresses=A2)
    local = pair.a.agent.local
    pair.set_roles()
    pair.offer(pair.b)
    pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
    for address in A2:
        if kind == "interface":
            local.add_address(address, pair.now)
        else:
            server = ("192.0.2.1", 3478)
            local.add_relayed(address, address, "turn:x", server, RelayProtocol.UDP, pair.now)
    local.addresses_done(pair.now)
    for side in pair.sides:
        pair.hear(side)
    pair.run(10)
    local.remove_address(pair.a.addresses.pop(0), pair.now)
    pair.flush()
    assert (
        pair.a.events_of(IceTransportChanged)[-1].reason.text
        == f"the {kind} of the pair before is gone"
    )
    local.remove_address(pair.a.addresses.pop(0), pair.now)
    pair.flush()
    what = {"interface": "local interface", "relay": "relay"}[kind]
    assert pair.a.reasons[-1].text == f"the {what} of the selected pair is gone"


@pytest.mark.parametrize("loser", ["a", "b"])
def test_a_pair_without_fresh_consent_is_asked_before_it_takes_over(loser):
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(60)
    side = getattr(pair, loser)
    gone = side.addresses.pop(0)
    side.agent.local.remove_address(gone, pair.now)
    assert side.agent.path is None
    pair.run(0.1)
    assert side.states[:6] == [*UP, "disconnected", "connected"]
    pair.run(8)
    assert side.states == [*UP, "disconnected", "connected", "completed"]
    assert pair.agrees
    assert gone not in pair.a.agent.path + pair.b.agent.path
    assert pair.peer(side).states == UP


def test_a_pair_whose_consent_ends_within_a_round_trip_is_asked_before_it_takes_over():
    pair = IcePair(a_addresses=A2, delay_s=0.1)
    pair.negotiate()
    pair.run(5)
    other = next(each for each in pair.a.agent.pairs if each is not pair.a.pair)
    assert other.consented_at is not None
    pair.run(other.consented_at + 29.9 - pair.now)
    pair.a.agent.local.remove_address(pair.a.addresses.pop(0), pair.now)
    assert pair.a.agent.path is None
    pair.run(10)
    assert pair.a.states == [*UP, "disconnected", "connected", "completed"]
    assert pair.b.states == UP
    assert pair.a.pair is other
    assert pair.agrees


def test_a_pair_that_takes_over_and_is_dead_is_found_out_soon():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(25)
    pair.drops = lambda side, transmit: True
    gone_at = pair.now
    pair.a.agent.local.remove_address(pair.a.addresses.pop(0), pair.now)
    pair.run(2)
    assert pair.a.states == [*UP, "disconnected"]
    assert pair.a.state_at("disconnected") - gone_at < 1.0


def slow_pair_that_loses_its_interface() -> IcePair:
    """All four pairs have answered, and none since: the heir before the one that is not used."""
    pair = IcePair(a_addresses=A2, b_addresses=B2, delay_s=0.1)
    pair.negotiate()
    pair.run(10)
    gone = pair.a.addresses.pop(0)
    others = [each for each in pair.a.agent.pairs if each.local.base != gone]
    assert [each.state for each in others] == [PairState.SUCCEEDED] * 2
    assert others[0].consented_at < others[1].consented_at
    pair.drops = lambda side, transmit: True
    pair.a.agent.local.remove_address(gone, pair.now)
    assert pair.a.pair is others[0]
    return pair


def test_a_dead_pair_is_not_left_for_one_that_answered_before_it_took_over():
    pair = slow_pair_that_loses_its_interface()
    gone_at = pair.now
    pair.run(3)
    assert pair.a.states == [*UP, "disconnected"]
    assert pair.a.state_at("disconnected") - gone_at < 2.0


def test_a_live_pair_is_not_left_for_one_that_answered_before_it_took_over():
    """Of the questions to the pair that takes over the first is lost."""
    pair = slow_pair_that_loses_its_interface()
    heir = pair.a.pair
    pair.flush()
    pair.drops = lambda side, transmit: False
    pair.run(5)
    assert pair.a.states == UP
    assert pair.a.pair is heir
    assert len([e for e in pair.a.events_of(IceTransportChanged) if e.pair_changed]) == 2
    assert pair.agrees


def test_another_interface_goes():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(10)
    pair.a.agent.local.remove_address(pair.a.addresses.pop(), pair.now)
    pair.run(60)
    assert pair.states == (UP, UP)
    assert len(pair.a.agent.pairs) == 2


def test_a_silent_pair_of_before_the_restart_is_relieved_by_one_that_works():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(10)
    pair.a.ends = pair.b.ends = False
    pair.restart()
    pair.run(0.005)  # the new pairs were sent, nothing is agreed yet
    gone = pair.a.addresses.pop(0)
    pair.a.agent.local.remove_address(gone, pair.now)
    pair.run(8)
    assert pair.agrees
    assert pair.a.agent.path[0] == A2[1]
    assert pair.a.pair in pair.a.agent.pairs
    assert pair.a.pair.nominated


# --- the peer is elsewhere --------------------------------------------------------------------


def two_pairs(role: RTCIceRole, second: tuple[Address, Address]) -> IcePeer:
    """An agent that uses one pair for two seconds while ``second`` works too."""
    peer = IcePeer(role)
    peer.validate(LOCAL, use_candidate=role is RTCIceRole.CONTROLLED)
    peer.answer_all()
    peer.validate(*second)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.run(2)
    peer.requests.clear()
    return peer


@pytest.mark.parametrize(
    ("role", "second", "is_followed"),
    [
        (RTCIceRole.CONTROLLING, (LOCAL, ELSEWHERE), True),
        (RTCIceRole.CONTROLLING, (LOCAL_2, REMOTE), True),
        (RTCIceRole.CONTROLLED, (LOCAL, ELSEWHERE), True),
        (RTCIceRole.CONTROLLED, (LOCAL_2, REMOTE), False),
    ],
)
def test_who_controls_follows_payload_anywhere_and_the_other_behind_one_base(
    role, second, is_followed
):
    peer = two_pairs(role, second)
    old = peer.agent.pair_in_use
    peer.agent.passage.note_authentic(*second, peer.now)
    assert (peer.agent.path == second) is is_followed
    assert (old.state is PairState.FAILED) is is_followed
    peer.drain()
    asked = {(local, remote) for _, local, remote in peer.requests}
    assert second in asked  # whether it lives, or whether the peer is there


def test_where_payload_comes_on_a_pair_whose_consent_ends_soon_it_is_asked_first():
    peer = two_pairs(RTCIceRole.CONTROLLING, (LOCAL_2, REMOTE))
    for _ in range(26):
        peer.run(1)
        peer.answer_all()
    peer.run(0.2)
    peer.requests.clear()
    peer.agent.passage.note_authentic(LOCAL_2, REMOTE, peer.now)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.drain()
    assert (LOCAL_2, REMOTE) in {(local, remote) for _, local, remote in peer.requests}
    peer.answer_all()
    peer.run(0.2)
    peer.agent.passage.note_authentic(LOCAL_2, REMOTE, peer.now)
    assert peer.agent.path == (LOCAL_2, REMOTE)


def test_where_payload_took_it_the_controlling_side_nominates():
    peer = two_pairs(RTCIceRole.CONTROLLING, (LOCAL, ELSEWHERE))
    peer.agent.passage.note_authentic(LOCAL, ELSEWHERE, peer.now)
    peer.drain()
    nominated = [r for request, _, r in peer.requests if request.flag(Attribute.USE_CANDIDATE)]
    assert nominated == [ELSEWHERE]


def test_payload_where_no_pair_is_known_is_but_a_hint():
    peer = two_pairs(RTCIceRole.CONTROLLING, (LOCAL_2, REMOTE))
    peer.agent.passage.note_authentic(LOCAL, ELSEWHERE, peer.now)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.drain()
    asked = [(local, remote) for _, local, remote in peer.requests]
    assert asked == [(LOCAL, ELSEWHERE), (LOCAL, REMOTE)]
