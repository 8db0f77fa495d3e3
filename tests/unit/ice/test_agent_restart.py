"""ICE restarts: new credentials, make before break, and nothing left behind."""

import pytest

from frazil.ice import (
    CandidateGathered,
    CandidatesEnded,
    Credentials,
    GatheringStateChanged,
    IceTransportChanged,
)
from frazil.ice.config import MAX_PENDING_GENERATIONS
from frazil.ice.pair import PairState
from frazil.ice.state import Cause
from support.ice_pair import IcePair, connected_pair, generation_counts

UP = ["new", "checking", "connected", "completed"]


def test_q8_restart_while_connected_changes_no_state():
    pair = IcePair()
    pair.a.ends = pair.b.ends = False
    pair.negotiate()
    pair.run(10)
    pair.restart()
    pair.run(10)
    assert pair.states == (UP[:3], UP[:3])
    assert pair.agrees


def test_c12_restart_while_completed_goes_back_to_connected():
    pair = connected_pair()
    pair.restart()
    pair.run(10)
    assert pair.states == ([*UP, "connected", "completed"],) * 2
    assert [reason.cause for reason in pair.a.reasons[3:]] == [Cause.RESTART, Cause.CHECKS_DONE]


def test_c12_restart_while_disconnected_checks_again():
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.run(8)
    pair.drops = lambda side, transmit: False
    pair.restart()
    pair.run(10)
    assert pair.states == ([*UP, "disconnected", "checking", "connected", "completed"],) * 2


def test_q6_restart_after_failed_connects():
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.run(60)
    pair.drops = lambda side, transmit: False
    assert pair.a.states[-1] == "failed"
    pair.restart()
    pair.run(10)
    assert (
        pair.states == ([*UP, "disconnected", "failed", "checking", "connected", "completed"],) * 2
    )
    assert pair.agrees


@pytest.mark.parametrize("after_s", [2, 60], ids=["disconnected", "failed"])
def test_a_restart_says_when_it_will_be_given_up(after_s):
    pair = IcePair()
    pair.a.ends = pair.b.ends = after_s > 2
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(after_s)
    if after_s == 2:
        pair.a.agent.local.refuse_peer(("10.0.0.1", 1000), "10.0.0.2", 403, pair.now)
        pair.flush()
    pair.restart()
    assert pair.a.reasons[-1].cause == Cause.RESTART
    assert pair.a.reasons[-1].next_deadline_at == pytest.approx(pair.now + 39.5)


def test_a_restart_of_a_silent_pair_is_given_up_when_it_says_and_not_with_that_pair():
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.run(8)
    pair.restart()
    assert pair.a.states == [*UP, "disconnected", "checking"]
    given_up_at = pair.a.reasons[-1].next_deadline_at
    assert given_up_at == pytest.approx(pair.now + 39.5)
    pair.run(39.4)
    assert pair.a.agent.path is None  # consent has expired
    assert pair.a.states[-1] == "checking"
    pair.run(0.2)
    assert pair.a.states[-1] == "failed"
    assert pair.a.state_at("failed") == pytest.approx(given_up_at)


def test_restart_while_checking_changes_no_state():
    pair = IcePair()
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(5)
    pair.restart()
    pair.run(5)
    assert pair.states == (["new", "checking"],) * 2
    pair.drops = lambda side, transmit: False
    pair.run(10)
    assert pair.states == (UP, UP)


def test_checks_of_the_generation_before_end_with_it():
    pair = IcePair()
    sent = []
    pair.drops = lambda side, transmit: not sent.append(transmit.data)
    pair.negotiate()
    pair.run(2)
    old = pair.b.credentials.ufrag.encode()
    assert any(old in data for data in sent)
    pair.restart()
    sent.clear()
    pair.run(30)
    assert sent
    assert not any(old in data for data in sent)


def test_the_pac_timer_starts_over():
    pair = IcePair()
    pair.drops = lambda side, transmit: True
    pair.negotiate()
    pair.run(30)
    pair.restart()
    pair.run(39.4)
    assert pair.a.states == ["new", "checking"]
    pair.run(0.2)
    assert pair.a.states == ["new", "checking", "failed"]


def test_c35_data_flows_all_the_time():
    """There is a path at every instant, and each is one the peer has validated."""
    pair = connected_pair(delay_s=0.1)
    gaps = []

    def look() -> None:
        for side in pair.sides:
            path = side.agent.path
            if path is None or not pair.peer(side).agent.passage.is_validated(path[1], path[0]):
                gaps.append(pair.now)
        pair.at(0.005, look)

    look()
    pair.restart()
    pair.run(2)
    assert gaps == []
    assert pair.a.states[-1] == "completed"


def test_the_new_pair_is_taken_once_both_ends_agreed():
    pair = connected_pair(delay_s=0.1)
    old = pair.a.pair
    pair.restart()
    pair.run(0.35)
    assert pair.a.pair is old
    pair.run(0.15)
    assert pair.a.pair is not old
    assert pair.a.pair in pair.a.agent.pairs
    changed = [e for e in pair.a.events_of(IceTransportChanged) if e.pair_changed]
    assert len(changed) == 2
    assert changed[-1].pair is not None


def test_the_old_pair_carries_data_while_the_new_ones_do_not_work():
    pair = connected_pair()
    new = []

    def drops(side, transmit):
        return any(credentials.ufrag.encode() in transmit.data for credentials in new)

    pair.drops = drops
    new += [Credentials.generate(side.random_bytes) for side in pair.sides]
    for side, credentials in zip(pair.sides, new, strict=True):
        side.credentials = credentials
    pair._exchange()
    pair.run(120)
    assert pair.states == ([*UP, "connected"],) * 2
    assert pair.agrees


def test_the_old_pair_dies_during_the_restart():
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.restart()
    pair.run(10)
    assert pair.a.states == [*UP, "connected", "disconnected"]
    pair.drops = lambda side, transmit: False
    pair.run(10)
    assert pair.a.states == [*UP, "connected", "disconnected", "connected", "completed"]
    assert pair.agrees


@pytest.mark.parametrize("outage_s", [16, 25])
def test_a_restart_goes_on_as_soon_as_the_old_pair_answers(outage_s):
    """Its own checks are repeated after 15.5 and 31.5 s of the outage only."""
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.restart()
    pair.run(outage_s)
    pair.drops = lambda side, transmit: False
    pair.run(3)
    assert pair.states == ([*UP, "connected", "disconnected", "connected", "completed"],) * 2
    assert pair.agrees
    assert pair.a.pair in pair.a.agent.pairs


def test_a_restart_that_failed_is_tried_again_while_the_old_pair_works():
    pair = connected_pair()
    new = []
    pair.drops = lambda side, transmit: any(each in transmit.data for each in new)
    for side in pair.sides:
        side.credentials = Credentials.generate(side.random_bytes)
        new.append(side.credentials.ufrag.encode())
    pair._exchange()
    pair.run(45)
    assert {each.state for each in pair.a.agent.pairs} <= {PairState.FAILED, PairState.IN_PROGRESS}
    assert pair.a.states == [*UP, "connected"]
    new.clear()
    pair.run(45)
    assert pair.states == ([*UP, "connected", "completed"],) * 2
    assert pair.agrees
    assert pair.a.pair in pair.a.agent.pairs


def test_the_silent_old_pair_loses_consent_while_the_new_generation_checks():
    """A regression: consent lost in ``checking`` is no edge of its own, it only removes a pair."""
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.run(7)
    pair.restart()
    pair.run(70)
    assert pair.a.states == [*UP, "disconnected", "checking", "failed"]
    assert pair.a.agent.path is None


def test_the_silent_old_pair_talks_again_after_the_restart():
    pair = connected_pair()
    pair.drops = lambda side, transmit: True
    pair.run(7)
    for side in pair.sides:
        side.trickles = side.ends = False
    pair.restart()
    old_local, old_remote = pair.a.agent.path
    pair.a.agent.passage.note_authentic(old_local, old_remote, pair.now)
    pair.flush()
    assert pair.a.states == [*UP, "disconnected", "checking", "connected"]
    assert pair.a.reasons[-1].cause == Cause.LIVENESS_BACK


def test_a_nomination_in_the_old_generation_does_not_stop_that_in_the_new_one():
    """The peer sends on the new pair already, which shows on the old side as a move of the peer.

    A regression: where the answer to the nomination was lost, it was said only once, and the
    restart never came to its end.
    """
    first, second = ("10.0.0.1", 1000), ("10.0.1.1", 1001)
    pair = IcePair(a_addresses=(first, second))
    pair.drops = lambda side, transmit: first in (transmit.local, transmit.remote)
    pair.negotiate()
    pair.run(60)
    assert pair.a.agent.path == (second, pair.b.addresses[0])

    def is_answer_to_nomination(side, transmit):
        is_answer = side is pair.b and transmit.data[:1] == b"\x01"
        return is_answer and transmit.remote == pair.b.pair.key[1] == first

    pair.drops = is_answer_to_nomination
    pair.restart()
    pair.run(0.2)
    assert pair.b.agent.path == (pair.b.addresses[0], first)
    assert pair.a.agent.path == (second, pair.b.addresses[0])
    pair.a.agent.passage.note_authentic(first, pair.b.addresses[0], pair.now)  # payload of the peer
    pair.flush()
    pair.drops = lambda side, transmit: False
    pair.run(10)
    assert pair.agrees
    assert pair.a.pair in pair.a.agent.pairs
    assert pair.states == ([*UP, "connected", "completed"],) * 2


def test_where_a_nomination_was_in_vain_the_other_pairs_are_asked_again():
    """A regression: what they had answered was too old by then, and nothing was nominated."""
    first, second = ("10.0.0.2", 2000), ("10.0.1.2", 2001)
    pair = connected_pair(b_addresses=(first, second))
    assert pair.a.agent.path[1] == first

    def lose_the_first():
        pair.drops = lambda side, transmit: first in (transmit.local, transmit.remote)

    pair.restart()
    pair.at(0.025, lose_the_first)  # both new pairs have answered, and the first is nominated
    pair.run(0.1)
    assert {each.state for each in pair.a.agent.pairs} == {PairState.SUCCEEDED}
    pair.run(0.2)
    pair.a.agent.passage.note_authentic(pair.a.addresses[0], second, pair.now)  # the peer has moved
    pair.run(1)
    assert pair.a.agent.path[1] == second
    pair.run(30)
    assert pair.agrees
    assert pair.a.agent.path[1] == second
    assert pair.a.pair in pair.a.agent.pairs
    assert pair.a.states[-1] == pair.b.states[-1] == "completed"


def test_a_restart_ends_the_gathering_before_it():
    """The peer can then conclude the old generation should the restart be rolled back."""
    pair = IcePair()
    agent = pair.a.agent
    agent.set_local_credentials(pair.a.credentials, pair.now)
    agent.local.expect_server("stun:slow")
    agent.local.add_address(("10.0.0.1", 1000), pair.now)
    agent.local.addresses_done(pair.now)
    first = pair.a.credentials.ufrag
    assert agent.gathering_state == "gathering"
    second = Credentials.generate(pair.a.random_bytes)
    agent.set_local_credentials(second, pair.now)
    agent.local.add_address(("10.0.0.1", 1000), pair.now)
    agent.local.add_stun_server("stun:slow", [("192.0.2.1", 3478)], pair.now)
    pair.flush()
    assert pair.a.events_of(CandidatesEnded) == []
    assert [event.ufrag for event in pair.a.events_of(CandidateGathered)] == [first, second.ufrag]


def test_the_same_credentials_again_are_no_restart():
    pair = connected_pair()
    pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
    pair.a.agent.set_remote_credentials(pair.b.credentials, pair.now)
    pair.run(10)
    assert pair.states == (UP, UP)
    assert len(pair.a.events_of(GatheringStateChanged)) == 2


def test_many_restarts_leave_no_growth():
    pair = connected_pair()
    sizes = set()
    for _ in range(10):
        pair.restart()
        pair.run(10.1)
        sizes.add(
            (
                generation_counts(pair),
                len(pair.a.agent.pairs),
                len(pair.a.agent._validated),
                len(pair.a.agent._checker._table),
            )
        )
        assert pair.a.states[-2:] == ["connected", "completed"]
    assert sizes == {((2, 2), 1, 1, 0)}


def test_restarts_without_success_keep_the_pair_in_use():
    """Its generation is remembered however many restarts fail, so its checks stay answered."""
    pair = connected_pair()
    blocked = []
    pair.drops = lambda side, transmit: any(ufrag in transmit.data for ufrag in blocked)
    for _ in range(5):
        for side in pair.sides:
            side.credentials = Credentials.generate(side.random_bytes)
            blocked.append(side.credentials.ufrag.encode())
        pair._exchange()
        pair.run(35)
    assert pair.states == ([*UP, "connected"],) * 2
    assert generation_counts(pair) == (3, 3)
    assert "check-unauthenticated" not in pair.a.trace.counters


def test_unanswered_offers_are_bounded():
    pair = connected_pair()
    for _ in range(50):
        pair.a.agent.set_local_credentials(Credentials.generate(pair.a.random_bytes), pair.now)
        pair.b.agent.set_remote_credentials(Credentials.generate(pair.a.random_bytes), pair.now)
    assert max(generation_counts(pair)) <= MAX_PENDING_GENERATIONS + 1
    pair.run(60)
    assert pair.states == (UP, UP)


def test_messages_of_the_old_generation_say_nothing_about_the_new_one():
    pair = IcePair()
    pair.drops = lambda side, transmit: True
    recorded = []
    pair.drops = lambda side, transmit: side is pair.b and not recorded.append(transmit)
    pair.negotiate()
    pair.run(3)
    pair.drops = lambda side, transmit: True
    pair.restart()
    pair.run(1)
    before = [each.requests_received for each in pair.a.agent.pairs]
    for transmit in recorded:
        pair.a.agent.receive_datagram(transmit.data, transmit.remote, transmit.local, pair.now)
    pair.flush()
    assert [each.requests_received for each in pair.a.agent.pairs] == before == [0]
    assert pair.a.states == ["new", "checking"]


def test_a_restart_of_one_side_while_the_other_still_uses_the_old_generation():
    """The answerer is new before the offerer: checks of both generations are answered."""
    pair = connected_pair(delay_s=0.1)
    for side in pair.sides:
        side.credentials = Credentials.generate(side.random_bytes)
    pair.a.agent.set_local_credentials(pair.a.credentials, pair.now)
    pair.gather(pair.a)
    pair.hear(pair.b)
    pair.b.agent.set_local_credentials(pair.b.credentials, pair.now)
    pair.gather(pair.b)
    pair.run(8)
    assert pair.a.states == UP
    assert pair.b.states == [*UP, "connected"]
    pair.hear(pair.a)
    for candidate in pair.b.gathered:
        pair.signal(pair.b, candidate.to_line(), pair.b.credentials.ufrag)
    pair.run(8)
    assert pair.a.states[-1] in ("connected", "completed")
    assert pair.agrees
    assert pair.a.pair in pair.a.agent.pairs


@pytest.mark.parametrize("seed", range(5))
def test_restart_on_new_addresses(seed):
    """A change of networks: the old sockets stay silent, the new ones carry on."""
    pair = connected_pair(seed=seed)
    pair.a.addresses[:] = [("10.1.0.1", 1001)]
    pair.restart()
    pair.run(10)
    assert pair.a.states[-1] == pair.b.states[-1] == "completed"
    assert pair.a.agent.path == (("10.1.0.1", 1001), ("10.0.0.2", 2000))
    assert pair.agrees
