"""Several paths: both ends use the same one, the best that works, and another when it dies."""

import pytest

from frazil.ice import IcePolicy, IceTransportChanged, PairState
from frazil.ice.state import Cause
from frazil.states.enums import RTCIceRole
from frazil.stun import Attribute, Message, short_term_key
from frazil.types import Address, Transmit
from support.ice_pair import IcePair, Side
from support.ice_peer import LOCAL, LOCAL_2, REMOTE, IcePeer

UP = ["new", "checking", "connected", "completed"]
A2: tuple[Address, ...] = (("10.0.0.1", 1000), ("10.1.0.1", 1001))
B2: tuple[Address, ...] = (("10.0.0.2", 2000), ("10.1.0.2", 2001))
A_DUAL: tuple[Address, ...] = (("2001:db8::1", 1000), ("10.0.0.1", 1001))
B_DUAL: tuple[Address, ...] = (("2001:db8::2", 2000), ("10.0.0.2", 2001))


def kill(pair: IcePair, *paths: tuple[Address, Address]) -> None:
    """Lose everything between these addresses, both ways."""

    def drops(side: Side, transmit: Transmit) -> bool:
        ends = {transmit.local, transmit.remote}
        return any(ends == set(path) for path in paths)

    pair.drops = drops


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("a", "b"), [(A2, B2), (A_DUAL, B_DUAL)])
def test_two_paths_end_on_the_best(a, b, seed):
    pair = IcePair(a_addresses=a, b_addresses=b, seed=seed, delay_s=0.03)
    pair.negotiate()
    pair.run(10)
    assert pair.states == (UP, UP)
    assert pair.agrees
    assert pair.a.pair is pair.a.agent.pairs[0]
    assert pair.a.agent.path == (a[0], b[0])  # IPv6 first (RFC 8421), else the first interface


@pytest.mark.parametrize("seed", range(20))
def test_lossy_random_order_still_ends_on_one_pair(seed):
    pair = IcePair(a_addresses=A2, b_addresses=B2, seed=seed, delay_s=0.06)
    pair.loss = 0.3
    pair.negotiate()
    pair.run(60)
    pair.loss = 0.0
    pair.run(60)
    assert pair.agrees
    assert pair.a.states[-1] == pair.b.states[-1] == "completed"
    best = pair.a.agent.pairs[0]
    if "disconnected" not in pair.a.states + pair.b.states and best.state is not PairState.FAILED:
        assert pair.a.pair is best


def test_the_best_pair_wins_even_if_it_works_late():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    best = (A2[0], B2[0])
    kill(pair, best)
    pair.negotiate()
    pair.run(2.5)
    assert pair.states == (UP[:3], UP[:3])  # the best pair had three transmissions so far
    pair.run(0.1)
    assert pair.states == (UP, UP)
    pair.run(7.4)
    assert pair.agrees
    assert pair.a.agent.path != best
    kill(pair)
    pair.run(30)
    assert pair.a.agent.path == best
    assert pair.agrees
    assert pair.states == (UP, UP)
    changes = [e for e in pair.a.events_of(IceTransportChanged) if e.pair_changed]
    assert changes[-1].reason.text == "both ends agreed on the pair" or changes[-1].change


@pytest.mark.parametrize(("delay_s", "waits"), [(0.6, True), (1.2, True), (1.4, False)])
def test_a_better_pair_that_is_slow_is_waited_for_within_reason(delay_s, waits):
    """2.5 s after the nomination nobody waits for it, but it wins all the same."""
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    best = (A2[0], B2[0])
    carry = pair._carry

    def slow(side, transmit):
        fast_s = pair.delay_s
        if {transmit.local, transmit.remote} == set(best):
            pair.delay_s = delay_s
        carry(side, transmit)
        pair.delay_s = fast_s

    pair._carry = slow
    pair.negotiate()
    pair.run(20)
    assert pair.a.agent.path == best
    assert pair.agrees
    assert pair.states == (UP, UP)
    answered_at = 100 + 2 * delay_s
    assert (answered_at <= pair.a.state_at("completed") + 1e-9) is waits


def test_lesser_pairs_are_asked_no_more_once_they_had_their_chance():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    kill(pair, (A2[1], B2[1]), (A2[1], B2[0]), (A2[0], B2[1]))
    late = []
    pair.negotiate()
    pair.run(3)
    assert pair.states == (UP, UP)
    drops = pair.drops

    def watch(side, transmit):
        if {transmit.local, transmit.remote} != {A2[0], B2[0]}:
            late.append((pair.now, transmit))
        return drops(side, transmit)

    pair.drops = watch
    pair.run(60)
    assert late == []


def test_at_first_data_flows_on_whatever_works():
    """No acceptance waits: the first valid pair is used before anything is nominated."""
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    kill(pair, (A2[0], B2[0]), (A2[0], B2[1]), (A2[1], B2[0]))
    pair.negotiate()
    pair.run(1)
    assert pair.states == (UP[:3], UP[:3])
    assert pair.a.agent.path == (A2[1], B2[1])


@pytest.mark.parametrize("seed", range(10))
def test_the_selected_path_dies_and_both_take_the_other(seed):
    pair = IcePair(a_addresses=A2, b_addresses=B2, seed=seed)
    pair.negotiate()
    pair.run(30)
    began_at = pair.now
    kill(pair, (A2[0], B2[0]))
    pair.run(8)
    assert pair.agrees
    assert pair.a.agent.path != (A2[0], B2[0])
    lost = [side for side in pair.sides if "disconnected" in side.states]
    assert lost  # the other may be led to the new pair before it has missed the old one
    for side in pair.sides:
        assert side.states[-1] in ("connected", "completed")
    assert all(side.state_at("disconnected") - began_at < 5.1 for side in lost)
    pair.run(120)
    assert all(side.states.count("disconnected") == 1 for side in lost)
    assert pair.agrees


def test_failover_is_quick():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(30)
    kill(pair, (A2[0], B2[0]))
    pair.run(8)
    lost_at = pair.a.state_at("disconnected")
    back = [
        at
        for at, event in pair.a.events
        if isinstance(event, IceTransportChanged)
        and event.change
        and event.change.new == "connected"
        and at > lost_at
    ]
    assert back[0] - lost_at <= 0.1
    assert Cause.PAIR_VALID in [reason.cause for reason in pair.a.reasons[3:]]


def test_a_pair_without_interface_is_not_nominated_again():
    pair = IcePair()
    pair.negotiate()
    pair.run(5)
    pair.b.agent.local.remove_address(pair.b.addresses.pop(), pair.now)
    pair.b.agent.set_role(RTCIceRole.CONTROLLING, pair.now)
    sent = pair.b.sent
    pair.run(20)
    assert pair.b.sent == sent


def test_a_controlled_agent_that_helps_itself_is_followed():
    """One way of the path fails: only the controlled side notices, and takes another pair."""
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(10)
    nominated = pair.b.agent.path
    pair.drops = lambda side, t: side is pair.a and (t.remote, t.local) == nominated
    pair.run(5.5)
    assert pair.b.states == [*UP, "disconnected", "connected", "completed"]
    assert pair.b.agent.path != nominated
    assert pair.a.states == UP
    assert pair.agrees
    pair.drops = lambda side, transmit: False
    pair.run(60)
    assert pair.agrees
    assert pair.a.states == UP
    assert pair.b.states == [*UP, "disconnected", "connected", "completed"]


def test_pairs_that_failed_are_asked_while_the_selected_one_is_silent():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    kill(pair, (A2[0], B2[1]), (A2[1], B2[0]), (A2[1], B2[1]))
    pair.negotiate()
    pair.run(60)
    assert pair.states == (UP, UP)
    for each in list(pair.a.agent.pairs)[1:]:
        pair.a.agent._lineage.current.checklist.mark(each, PairState.FAILED)
        each.consented_at = None
    for each in list(pair.b.agent.pairs)[1:]:
        pair.b.agent._lineage.current.checklist.mark(each, PairState.FAILED)
    kill(pair, (A2[0], B2[0]))
    pair.run(7)
    assert pair.agrees
    assert pair.a.agent.path != (A2[0], B2[0])


# --- consent ----------------------------------------------------------------------------------


def test_c26_consent_lost_with_other_pairs_left_checks_and_connects_again():
    """The peer's checks arrive on the pair, so it is alive, but ours are never answered."""
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    pair.negotiate()
    pair.run(10)
    used = pair.a.agent.path

    def drops(side: Side, transmit: Transmit) -> bool:
        is_request = transmit.data[:2] == b"\0\1"
        return side is pair.a and is_request and (transmit.local, transmit.remote) == used

    pair.drops = drops
    pair.run(35)
    assert pair.a.states == [*UP, "checking", "connected", "completed"]
    assert pair.a.reasons[3].cause == Cause.CONSENT_LOST_PAIRS_LEFT
    assert pair.a.reasons[3].deadline_at == pytest.approx(pair.a.state_at("checking"), abs=40)
    assert pair.b.states == UP
    assert pair.agrees
    assert pair.a.agent.path != used


def test_lost_consent_bars_the_pair_until_a_restart():
    pair = IcePair()
    pair.a.ends = pair.b.ends = False
    pair.negotiate()
    pair.run(5)
    pair.drops = lambda side, transmit: True
    pair.run(40)
    pair.drops = lambda side, transmit: False
    pair.run(100)
    assert pair.states == ([*UP[:3], "disconnected"],) * 2
    assert pair.a.agent.pairs[0].is_barred


# --- the peer nominates -----------------------------------------------------------------------


def requests(pair: IcePair, side: Side) -> list[Message]:
    """Collect the requests that ``side`` sends from now on."""
    found: list[Message] = []

    def drops(sender: Side, transmit: Transmit) -> bool:
        message = Message.decode(transmit.data)
        if sender is side and message.message_class == 0:
            found.append(message)
        return False

    pair.drops = drops
    return found


def test_nominations_are_numbered_and_only_they_use_the_candidate():
    pair = IcePair(a_addresses=A2, b_addresses=B2)
    found = requests(pair, pair.a)
    pair.negotiate()
    pair.run(20)
    numbers = [m.number(Attribute.NOMINATION) for m in found if m.flag(Attribute.USE_CANDIDATE)]
    assert numbers == sorted(numbers)
    assert numbers[0] == 1
    assert all(
        m.number(Attribute.NOMINATION) is None for m in found if not m.flag(Attribute.USE_CANDIDATE)
    )
    assert not any(m.flag(Attribute.USE_CANDIDATE) for m in requests(pair, pair.b))


def test_a_lite_peer_is_told_the_selected_pair_with_every_consent_check():
    pair = IcePair(b_policy=IcePolicy(lite=True))
    pair.negotiate()
    pair.run(1)
    found = requests(pair, pair.a)
    pair.run(30)
    assert len(found) >= 4
    assert all(m.flag(Attribute.USE_CANDIDATE) for m in found)


def test_a_full_peer_is_told_once():
    pair = IcePair()
    pair.negotiate()
    pair.run(1)
    found = requests(pair, pair.a)
    pair.run(30)
    assert len(found) >= 4
    assert not any(m.flag(Attribute.USE_CANDIDATE) for m in found)


# --- a peer made by hand ----------------------------------------------------------------------


def test_an_aggressive_peer_nominates_every_pair_and_the_best_is_taken():
    """Without numbers, a nomination right after another moves only upward (RFC 5245 8.1.1.2)."""
    peer = IcePeer()
    peer.validate(LOCAL_2, use_candidate=True)
    assert peer.agent.path == (LOCAL_2, REMOTE)
    peer.validate(LOCAL, use_candidate=True)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.check(LOCAL_2, use_candidate=True)
    assert peer.agent.path == (LOCAL, REMOTE)


@pytest.mark.parametrize(("said_again", "used"), [(False, LOCAL), (True, LOCAL_2)])
def test_a_nomination_is_as_old_as_its_check_however_late_ours_is_answered(said_again, used):
    peer = IcePeer()
    peer.check(LOCAL_2, use_candidate=True)
    peer.validate(LOCAL, use_candidate=True)
    peer.run(1.5)
    if said_again:
        peer.check(LOCAL_2, use_candidate=True)
    peer.answer_all()
    assert peer.agent.path == (used, REMOTE)


def test_a_peer_that_changes_its_mind_later_is_followed_downward():
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.validate(LOCAL_2)
    peer.run(1.5)
    peer.check(LOCAL_2, use_candidate=True)
    assert peer.agent.path == (LOCAL_2, REMOTE)


def test_the_higher_number_wins_whatever_arrives_last():
    peer = IcePeer()
    peer.validate(LOCAL)
    peer.validate(LOCAL_2)
    peer.check(LOCAL_2, use_candidate=True, nomination=2)
    peer.check(LOCAL, use_candidate=True, nomination=1)
    assert peer.agent.path == (LOCAL_2, REMOTE)
    peer.check(LOCAL, use_candidate=True, nomination=3)
    assert peer.agent.path == (LOCAL, REMOTE)


def test_a_nomination_that_a_nat_shows_at_another_address_meanwhile_counts_there():
    """It was repeated, because its answer went to where the peer was seen before."""
    elsewhere = (REMOTE[0], 2999)
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True, nomination=1)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.check(LOCAL, elsewhere, use_candidate=True, nomination=1)
    peer.answer_all()
    assert peer.agent.path == (LOCAL, elsewhere)
    assert [pair.key for pair in peer.agent.pairs if pair.nominated] == [(LOCAL, elsewhere)]


def test_the_same_number_for_a_pair_of_another_address_of_ours_says_nothing_new():
    peer = IcePeer()
    peer.validate(LOCAL_2, use_candidate=True, nomination=1)
    peer.validate(LOCAL)
    peer.check(LOCAL, use_candidate=True, nomination=1)
    assert peer.agent.path == (LOCAL_2, REMOTE)


def test_a_nomination_before_our_check_succeeded_keeps_its_number():
    peer = IcePeer()
    peer.check(LOCAL, use_candidate=True, nomination=1)
    peer.check(LOCAL_2, use_candidate=True, nomination=2)
    assert peer.agent.path is None
    peer.answer_all()
    assert peer.agent.path == (LOCAL_2, REMOTE)
    peer.check(LOCAL, use_candidate=True, nomination=3)
    assert peer.agent.path == (LOCAL, REMOTE)


def test_use_candidate_to_a_controlling_agent_means_nothing():
    peer = IcePeer(RTCIceRole.CONTROLLING)
    peer.validate(LOCAL_2, use_candidate=True)
    nominated = [each for each in peer.agent.pairs if each.nominated]
    assert nominated == []


@pytest.mark.parametrize("after_s", [29, 40])
def test_a_nomination_of_a_pair_that_was_not_asked_for_long_is_checked_first(after_s):
    """RFC 7675 5.1: consent is needed, until an answer can come, before anything is sent there."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True, nomination=1)
    peer.validate(LOCAL_2)
    for _ in range(after_s):
        peer.run(1)
        peer.answer_all()
    peer.requests.clear()
    peer.check(LOCAL_2, use_candidate=True, nomination=2)
    assert peer.agent.path == (LOCAL, REMOTE)
    peer.answer_all()
    assert peer.agent.path == (LOCAL_2, REMOTE)
    peer.run(2)
    assert peer.states == ["new", "checking", "connected"]


def test_a_nomination_of_the_pair_in_use_needs_no_other_consent_than_it_has():
    """Answers to our checks get lost, and what the peer sends shows that it is there."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True, nomination=1)
    for _ in range(29):
        peer.run(1)
        peer.check(LOCAL)
    in_use = peer.agent.pair_in_use
    peer.check(LOCAL, use_candidate=True, nomination=2)
    assert peer.agent.pair_in_use is in_use
    assert in_use.is_valid
    assert in_use.nomination_received is None


def test_a_peer_that_refuses_every_nomination_is_not_asked_in_a_loop():
    peer = IcePeer(RTCIceRole.CONTROLLING)
    peer.validate(LOCAL)
    asked = 0
    for _ in range(50):
        for request, local, remote in peer.requests[:]:
            peer.requests.clear()
            asked += 1
            peer.receive(peer.response(request, local, error=400), local, remote)
    assert asked == 1
    assert peer.agent.path == (LOCAL, REMOTE)


@pytest.mark.parametrize(
    ("role", "tie_breaker", "code", "after"),
    [
        (RTCIceRole.CONTROLLING, 0, 487, RTCIceRole.CONTROLLING),
        (RTCIceRole.CONTROLLING, 2**64 - 1, None, RTCIceRole.CONTROLLED),
        (RTCIceRole.CONTROLLED, 0, None, RTCIceRole.CONTROLLING),
        (RTCIceRole.CONTROLLED, 2**64 - 1, 487, RTCIceRole.CONTROLLED),
    ],
)
def test_role_conflicts_in_requests(role, tie_breaker, code, after):
    """RFC 8445 7.3.1.1, the four cases."""
    peer = IcePeer(role)
    peer.tie_breaker = tie_breaker
    same = role is RTCIceRole.CONTROLLING
    claim = Attribute.ICE_CONTROLLING if same else Attribute.ICE_CONTROLLED
    response = peer.check(claim=claim)
    assert (response.error.code if response.error else None) == code
    assert peer.agent.role is after
    assert response.is_authentic(short_term_key(peer.theirs.password))


def test_after_a_nomination_in_vain_the_pair_in_use_is_nominated_again():
    """The peer may have followed although we never heard of it."""
    peer = IcePeer(RTCIceRole.CONTROLLING)
    peer.validate(LOCAL_2)
    peer.answer_all()
    assert peer.agent.path == (LOCAL_2, REMOTE)
    peer.validate(LOCAL)  # a better pair works, but its nomination is never answered
    said: list[int] = []
    for _ in range(25):
        peer.run(1)
        for request, local, remote in peer.requests[:]:
            if local == LOCAL_2:
                if request.flag(Attribute.USE_CANDIDATE):
                    said.append(request.number(Attribute.NOMINATION))
                peer.receive(peer.response(request, local), local, remote)
        peer.requests.clear()
    assert peer.agent.path == (LOCAL_2, REMOTE)
    assert set(said) == {3}  # it may be repeated before the answer of this test, once a second


def test_a_nomination_received_before_a_role_conflict_is_remembered():
    peer = IcePeer()
    peer.check(LOCAL, use_candidate=True, nomination=1)
    peer.agent.set_role(RTCIceRole.CONTROLLING, peer.now)
    peer.validate(LOCAL_2)
    peer.answer_all()
    peer.agent.set_role(RTCIceRole.CONTROLLED, peer.now)
    assert peer.agent.path == (LOCAL, REMOTE)


# --- behind a NAT -----------------------------------------------------------------------------


def test_an_address_that_checks_showed_before_the_server_is_signalled_all_the_same():
    public, base, server = ("203.0.113.7", 61000), ("10.0.0.1", 1000), ("192.0.2.1", 3478)
    pair = IcePair()
    pair.a.nat[base] = public
    pair.set_roles()
    pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
    pair.a.agent.local.expect_server("stun:s")
    for side in pair.sides:
        pair.offer(side)
    for side in pair.sides:
        pair.hear(side)
    pair.run(1)
    assert pair.a.agent.selected_pair.local.type == "prflx"
    changes = pair.a.agent.pair_changes, pair.b.agent.pair_changes
    pair.a.agent.local.add_reflected(base, public, "stun:s", server, pair.now)
    pair.run(1)
    assert [c.type for c in pair.a.gathered] == ["host", "srflx"]
    ours, theirs = pair.a.agent.selected_pair.local, pair.b.agent.selected_pair.remote
    assert (ours.type, ours.address) == (theirs.type, theirs.address) == ("srflx", public)
    assert [c.address for c in pair.a.agent.generations[0].local_candidates] == [base, public]
    assert pair.a.events_of(IceTransportChanged)[-1].pair.local == ours
    assert pair.b.events_of(IceTransportChanged)[-1].pair.remote == theirs
    assert changes == (pair.a.agent.pair_changes, pair.b.agent.pair_changes)


def test_a_nomination_that_another_has_replaced_is_not_believed_even_in_need():
    """It waited for our own check; by the time that was answered, it was out of date."""
    peer = IcePeer()
    peer.check(LOCAL_2, use_candidate=True, nomination=2)
    (early,) = [request for request, local, _ in peer.requests if local == LOCAL_2]
    peer.validate(LOCAL, use_candidate=True, nomination=3)
    while peer.states[-1] != "disconnected":
        peer.run(0.1)
    peer.requests.clear()
    peer.receive(peer.response(early, LOCAL_2), LOCAL_2, REMOTE)
    assert peer.agent.path == (LOCAL_2, REMOTE)  # the only one that works,
    peer.validate(LOCAL)
    assert peer.agent.path == (LOCAL, REMOTE)  # until the agreed one does again


def test_the_nominated_pair_is_taken_again_when_the_peer_says_so():
    """It was left while silent; the one taken instead is silent, too."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True, nomination=1)
    peer.validate(LOCAL_2)
    while peer.agent.path == (LOCAL, REMOTE):
        peer.run(0.1)
        for request, local, remote in peer.requests:
            if local == LOCAL_2:
                peer.receive(peer.response(request, local), local, remote)
        peer.requests.clear()
    peer.validate(LOCAL, use_candidate=True, nomination=1)
    assert peer.agent.path == (LOCAL, REMOTE)


def test_a_nomination_is_said_where_its_answer_shows_us_and_again_if_another_answer_does():
    first, second, third = (("203.0.113.9", port) for port in (1, 2, 3))
    peer = IcePeer(RTCIceRole.CONTROLLING, addresses=[LOCAL])
    nominations = []

    def answer(mapped):
        request, local, remote = peer.requests.pop(0)
        if request.flag(Attribute.USE_CANDIDATE):
            nominations.append(mapped)
        peer.receive(peer.response(request, mapped), local, remote)

    peer.check()
    answer(first)
    answer(second)  # the nomination: the peer sees it come from there, and selects that pair
    peer.run(4)
    assert nominations == [second]
    assert peer.agent.selected_pair.local.address == second
    assert not any(request.flag(Attribute.USE_CANDIDATE) for request, *_ in peer.requests)
    while peer.requests and not nominations[1:]:
        answer(third)
    assert nominations == [second, third]
    assert not peer.requests
