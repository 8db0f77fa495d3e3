"""Is the peer still there? Loss, delay and silence on an established connection."""

from collections import Counter
from itertools import pairwise

import pytest

from frazil.ice import Candidate, IceConfig, IceTransportChanged, PairState
from frazil.ice.state import Cause
from frazil.slot import SLACK_S, SLOT_S
from frazil.stun import Attribute, ErrorCode, Message, MessageClass, short_term_key
from frazil.types import Transmit
from support.ice_pair import IcePair, Side
from support.ice_peer import LOCAL, LOCAL_2, IcePeer

UP = ["new", "checking", "connected", "completed"]
HEALED = [*UP, "disconnected", "connected", "completed"]


def connected(seed: int = 1, **options) -> IcePair:
    pair = IcePair(seed=seed, **options)
    pair.negotiate()
    pair.run(10 + pair.random.random() * 5)
    assert pair.states == (UP, UP)
    return pair


def blackout(pair: IcePair, seconds: float) -> None:
    pair.drops = lambda side, transmit: True
    pair.run(seconds)
    pair.drops = lambda side, transmit: False


def test_a_blackout_of_two_seconds_is_nothing():
    for seed in range(10):
        pair = connected(seed)
        blackout(pair, 2)
        pair.run(60)
        assert pair.states == (UP, UP)


def test_a_blackout_of_three_seconds_never_fails_and_heals():
    for seed in range(10):
        pair = connected(seed)
        blackout(pair, 3)
        pair.run(60)
        assert all(states in (UP, HEALED) for states in pair.states)


def test_c8_a_blackout_of_six_seconds_disconnects_and_heals_by_itself():
    for seed in range(10):
        pair = connected(seed)
        blackout(pair, 6)
        pair.run(2)
        assert pair.states == (HEALED, HEALED)
        assert [reason.cause for reason in pair.a.reasons[3:]] == [
            Cause.LIVENESS_LOST,
            Cause.LIVENESS_BACK,
            Cause.CHECKS_DONE,
        ]


def test_c27_a_blackout_of_sixty_seconds_fails_for_good():
    for seed in range(5):
        pair = connected(seed)
        blackout(pair, 60)
        pair.run(60)
        assert pair.states == ([*UP, "disconnected", "failed"],) * 2
        assert pair.a.agent.path is None
        assert pair.a.agent.selected_pair is None


def test_q5_disconnected_comes_within_six_seconds_of_silence():
    for seed in range(200):
        pair = IcePair(seed=seed)
        pair.negotiate()
        pair.run(5 + pair.random.random() * 10)
        began_at = pair.now
        blackout(pair, 6.0)
        for side in pair.sides:
            # 5 s after a sign of life: one came each 2.8 s at the latest.
            assert 2.0 <= side.state_at("disconnected") - began_at <= 5.1


def test_q5_the_threshold_to_the_millisecond():
    pair = connected()
    monitor = pair.a.agent._selection.monitor
    pair.drops = lambda side, transmit: True
    heard_at = monitor.heard_at
    pair.run(heard_at + 4.999 - pair.now)
    assert pair.a.states == UP
    pair.run(0.002)
    assert pair.a.states == [*UP, "disconnected"]
    reason = pair.a.reasons[-1]
    assert reason.deadline_at == pytest.approx(heard_at + 5)
    assert reason.next_deadline_at == pytest.approx(monitor.consented_at + 30)
    assert dict(reason.evidence)["silent_s"] == 5.0
    assert dict(reason.evidence)["unanswered_checks"] >= 2


def test_q4_consent_expires_to_the_millisecond():
    pair = connected()
    monitor = pair.a.agent._selection.monitor
    pair.drops = lambda side, transmit: True
    expires_at = monitor.consented_at + 30
    pair.run(expires_at - 0.001 - pair.now)
    assert pair.a.states == [*UP, "disconnected"]
    assert pair.a.agent.path is not None
    pair.run(0.002)
    assert pair.a.states == [*UP, "disconnected", "failed"]
    assert pair.a.agent.path is None
    reason = pair.a.reasons[-1]
    assert reason.cause == Cause.CONSENT_LOST
    assert reason.deadline_at == pytest.approx(expires_at)
    assert dict(reason.evidence)["since_consent_s"] == 30.0
    last = pair.a.events_of(IceTransportChanged)[-1]
    assert (last.pair, last.pair_changed) == (None, True)


def test_a_late_consent_response_does_not_revive():
    pair = connected()
    late = []
    pair.drops = lambda side, transmit: side is pair.b and not late.append(transmit)
    pair.a.ends = pair.b.ends = True
    pair.run(36)
    assert pair.a.states[-1] == "failed"
    for transmit in late:
        pair.a.agent.receive_datagram(transmit.data, transmit.remote, transmit.local, pair.now)
    pair.flush()
    assert pair.a.states[-1] == "failed"
    assert pair.a.agent.path is None


def test_a_late_consent_response_does_not_revive_while_candidates_may_come():
    """RFC 7675 5.1: the 5-tuple is spent until an ICE restart."""
    pair = IcePair()
    pair.a.ends = pair.b.ends = False
    pair.negotiate()
    pair.run(10)
    late = []
    pair.drops = lambda side, transmit: side is pair.b and not late.append(transmit)
    pair.run(36)
    assert pair.a.states == ["new", "checking", "connected", "disconnected"]
    assert pair.a.agent.path is None
    for transmit in late:
        pair.a.agent.receive_datagram(transmit.data, transmit.remote, transmit.local, pair.now)
    pair.drops = lambda side, transmit: False
    pair.run(60)
    assert pair.a.states == ["new", "checking", "connected", "disconnected"]
    assert pair.a.agent.path is None
    ufrag = pair.b.credentials.ufrag
    pair.signal(pair.b, "candidate:1 1 udp 1 10.9.9.9 9 typ host", ufrag)
    pair.run(1)
    assert pair.a.states[-1] == "checking"
    assert pair.a.reasons[-1].cause == Cause.NEW_PAIRS  # the loss of consent is old news
    pair.restart()
    pair.run(5)
    assert pair.a.states[-2:] == ["checking", "connected"]


def one_way(pair: IcePair, victim: Side):
    def drops(side: Side, transmit: Transmit) -> bool:
        return side is victim

    return drops


@pytest.mark.parametrize("mute", ["a", "b"])
def test_one_way_loss_is_noticed_by_who_hears_nothing_and_ends_for_both(mute):
    """The mute side hears checks (so it is alive) but gets no answers: consent ends it."""
    pair = connected()
    victim = getattr(pair, mute)
    pair.drops = one_way(pair, victim)
    pair.run(6)
    assert pair.peer(victim).states == [*UP, "disconnected"]
    assert victim.states == UP
    pair.run(40)
    assert pair.peer(victim).states == [*UP, "disconnected", "failed"]
    assert victim.states in ([*UP, "failed"], [*UP, "disconnected", "failed"])


@pytest.mark.parametrize("mute", ["a", "b"])
def test_one_way_loss_heals(mute):
    pair = connected()
    pair.drops = one_way(pair, getattr(pair, mute))
    pair.run(15)
    pair.drops = lambda side, transmit: False
    pair.run(15)
    assert all(states[-1] == "completed" for states in pair.states)


@pytest.mark.parametrize("rtt_s", [0.6, 2.0])
def test_a_slow_path_never_disconnects(rtt_s):
    for seed in range(3):
        pair = IcePair(delay_s=rtt_s / 2, seed=seed)
        pair.negotiate()
        pair.run(1800)
        assert pair.states == (UP, UP)


def test_twenty_percent_loss_never_fails():
    for seed in range(5):
        pair = IcePair(seed=seed)
        pair.negotiate()
        pair.run(2)
        pair.loss = 0.2
        pair.run(600)
        assert "failed" not in pair.a.states + pair.b.states


def test_ten_percent_loss_on_a_slow_path_never_disconnects():
    for seed in range(6):
        pair = IcePair(seed=seed, delay_s=0.15)
        pair.loss = 0.1
        pair.negotiate()
        pair.run(1800)
        assert pair.states == (UP, UP)


def test_data_of_the_peer_is_a_sign_of_life_but_no_consent():
    pair = connected()
    local, remote = pair.a.agent.path
    pair.drops = lambda side, transmit: True
    since = pair.a.agent._selection.monitor.consented_at
    while pair.now < since + 29:
        pair.a.agent.passage.note_authentic(local, remote, pair.now)
        pair.run(1)
    assert pair.a.states == UP
    pair.run(1.1)
    assert pair.a.states == [*UP, "failed"]


def test_data_on_another_path_is_no_sign_of_life():
    pair = connected()
    local, _ = pair.a.agent.path
    pair.drops = lambda side, transmit: True
    for _ in range(6):
        pair.a.agent.passage.note_authentic(local, ("10.6.6.6", 6), pair.now)
        pair.run(1)
    assert pair.a.states == [*UP, "disconnected"]


def test_data_brings_a_silent_pair_back():
    pair = connected()
    local, remote = pair.a.agent.path
    pair.drops = lambda side, transmit: True
    pair.run(6)
    assert pair.a.states[-1] == "disconnected"
    pair.a.agent.passage.note_authentic(local, remote, pair.now)
    pair.flush()
    assert pair.a.states == HEALED


def test_an_idle_connection_asks_rarely():
    pair = connected()
    before = pair.a.sent + pair.b.sent
    pair.run(600)
    per_side_and_second = (pair.a.sent + pair.b.sent - before) / 600 / 2
    assert per_side_and_second < 0.41  # a request each 5 s, and its response


def test_a_pair_that_works_wakes_nobody_up_when_patience_ends():
    """The PAC timer (RFC 8863) is for those that have none."""
    over_at = 100.0 + IceConfig().patience_s
    for seed in range(10):
        pair = connected(seed)
        pair.run(over_at - 0.01 - pair.now)
        deadlines = [side.agent.next_timeout() for side in pair.sides]
        assert all(abs(at - over_at) > 0.001 for at in deadlines)


@pytest.mark.parametrize("delay_s", [0.0001, 0.01, 0.05, 0.15])
def test_idle_ends_take_turns(delay_s):
    """One check each 5 s at each end is enough for both to hear something each 2.5 s."""
    for seed in range(5):
        pair = connected(seed, delay_s=delay_s)
        pair.run(30)
        times = []
        pair.drops = lambda side, transmit: (
            transmit.data[:2] == b"\0\1" and times.append((pair.now, side.name))  # noqa: B023
        )
        pair.run(300)
        ends = [end for _, end in times]
        assert all(before != after for before, after in pairwise(ends))
        gaps = [after - before for (before, _), (after, _) in pairwise(times)]
        assert min(gaps) >= 2.0 - SLACK_S
        assert max(gaps) <= 3.0 + delay_s + 0.001
        intervals = [
            after - before for (before, _), (after, _) in zip(times[:-2], times[2:], strict=True)
        ]
        assert min(intervals) >= 4.0 - SLACK_S
        assert max(intervals) <= 6.0


def test_the_checks_of_idle_connections_share_slots():
    """And chance decides which: in each turn there are two."""
    turns, checks = Counter(), 0
    for seed in range(10):
        pair = connected(seed, delay_s=0.001)
        pair.run(30)
        slots = []
        pair.drops = lambda side, transmit: (
            transmit.data[:2] == b"\0\1" and slots.append(pair.now / SLOT_S)  # noqa: B023
        )
        pair.run(900)
        assert slots == pytest.approx([round(slot) for slot in slots])
        turns.update(round(after - before) for before, after in pairwise(slots))
        checks += len(slots)
    assert set(turns) == {2, 3}
    assert 0.45 < turns[2] / turns.total() < 0.55
    assert 0.395 < checks / 900 / 10 < 0.405


@pytest.mark.parametrize("interval_s", [2.5, 5.0])
def test_a_peer_with_a_rhythm_of_its_own_costs_no_checks_beyond_consent(interval_s):
    """Like Chromium, which checks each 2.5 s, and aiortc with its 5 s."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.requests.clear()
    sent = []
    for tick in range(3000):
        if tick % (interval_s / 0.1) == 0:
            peer.check()
        peer.run(0.1)
        for request, local, remote in peer.requests:
            sent.append(peer.now)
            peer.receive(peer.response(request, LOCAL), local, remote)
        peer.requests.clear()
    gaps = [after - before for before, after in pairwise(sent)]
    assert min(gaps) >= 3.9  # the peer of this test looks each 0.1 s
    assert max(gaps) <= 6.1
    assert peer.states[-1] in ("connected", "completed")


def test_the_intervals_of_consent_checks_are_random_and_follow_the_rfc():
    """Four to six seconds apart when liveness asks for nothing (RFC 7675 5.1)."""
    config = IceConfig(probe_after_s=15, disconnected_after_s=20)
    pair = IcePair(config=config)
    pair.negotiate()
    pair.run(1)
    times = []
    pair.drops = lambda side, t: side is pair.a and t.data[:2] == b"\0\1" and times.append(pair.now)
    pair.run(300)
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= 4.0
    assert max(gaps) <= 6.0 + 0.03
    assert len({round(gap, 3) for gap in gaps}) >= 3  # in steps of 0.25 s


@pytest.mark.parametrize("after_s", [5, 3600])
@pytest.mark.parametrize("ends", [True, False])
def test_revoked_consent_ends_sending_at_once(ends, after_s):
    """RFC 7675 5.2: an authenticated 403."""
    pair = IcePair()
    pair.a.ends = pair.b.ends = ends
    pair.negotiate()
    pair.run(after_s)

    def forbid(side, transmit):
        if side is not pair.b or transmit.data[:2] != b"\1\1":
            return False
        request = Message.decode(transmit.data)
        refusal = Message(
            request.method,
            MessageClass.ERROR,
            request.transaction_id,
            {Attribute.ERROR_CODE: ErrorCode(403, "Forbidden")},
        ).encode(short_term_key(pair.b.credentials.password))
        pair.a.agent.receive_datagram(refusal, transmit.remote, transmit.local, pair.now)
        return True

    pair.drops = forbid
    pair.run(6)
    assert pair.a.agent.path is None
    assert pair.a.states[-1] == ("failed" if ends else "disconnected")
    reason = pair.a.reasons[-1]
    assert reason.deadline_at is None
    patience_s = 39.5 if after_s < 30 and not ends else None
    assert reason.next_deadline_at == (patience_s and 100 + patience_s)


def answers_of(side: Side, remote):
    """Drops what ``side`` answers to checks from ``remote``."""

    def drops(sender, transmit):
        answers = transmit.data[:2] == b"\1\1"
        return sender is side and answers and transmit.remote == remote

    return drops


def test_an_agent_that_failed_tells_so_whoever_still_checks_it():
    """Otherwise the peer, whose checks it answers, would believe in the pair for ever."""
    pair = connected()
    pair.drops = answers_of(pair.a, pair.b.agent.path[0])
    while pair.b.states[-1] != "failed":
        assert pair.a.states == UP
        pair.run(0.1)
    pair.drops = lambda side, transmit: False
    pair.run(6.1)  # the next consent check at the latest
    assert pair.a.states == [*UP, "failed"]
    assert pair.b.trace.counters["check-without-consent"] == 1
    pair.restart()
    pair.run(5)
    assert pair.a.states == [*UP, "failed", *UP[1:]]
    assert pair.b.states[-4:] == ["failed", *UP[1:]]


def test_checks_of_a_pair_that_lost_consent_are_forbidden_and_no_others():
    """The peer must leave it as we did, or both would use different pairs for ever."""
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.validate(LOCAL_2)
    peer.run(29.9)
    assert peer.check(LOCAL).error is None
    peer.run(0.2)
    assert peer.agent.path is None
    refusal = peer.check(LOCAL)
    assert refusal.error.code == 403
    assert refusal.is_authentic(short_term_key(peer.theirs.password))
    assert peer.check(LOCAL_2).error is None
    assert peer.trace.counters["check-without-consent"] == 1


def test_other_pairs_are_asked_the_moment_the_selected_one_counts_as_lost():
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.validate(LOCAL_2)
    while peer.states[-1] != "disconnected":
        peer.requests.clear()
        peer.run(peer.agent.next_timeout() - peer.now)
    assert LOCAL_2 in [local for _, local, _ in peer.requests]


def test_checks_that_begin_while_the_selected_pair_is_silent_end_before_consent_does():
    peer = IcePeer()
    peer.validate(LOCAL, use_candidate=True)
    peer.run(6)
    assert peer.states[-1] == "disconnected"
    late = Candidate.from_line("candidate:1 1 udp 1 10.9.9.9 9 typ host")
    peer.agent.add_remote_candidates([late], peer.now)
    began_at = peer.now
    peer.run(15.4)
    newcomers = [pair for pair in peer.agent.pairs if pair.remote is late]
    assert {pair.state for pair in newcomers} == {PairState.IN_PROGRESS}
    peer.run(0.2)
    assert {pair.state for pair in newcomers} == {PairState.FAILED}
    assert peer.now < began_at + 24


def test_an_answer_to_a_repeated_check_at_least_bounds_the_round_trip():
    pair = IcePair(delay_s=1.0)
    pair.negotiate()
    while pair.a.states[-1] != "connected":
        pair.run(0.1)
    trip = pair.a.pair.round_trip
    assert trip.last_s is None  # it was sent three times: which one was answered? (Karn)
    assert trip.timeout_s(0.5) >= 2.0
