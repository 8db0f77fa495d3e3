from collections import Counter

import pytest

from frazil.ice.candidate import Candidate
from frazil.ice.config import IceConfig
from frazil.ice.monitor import Monitor
from frazil.ice.pair import CandidatePair
from frazil.types import RandomBytes


def half(count: int) -> bytes:
    """A random source that always draws the middle."""
    return b"\x80" + bytes(count - 1)


def monitor(
    config: IceConfig | None = None,
    rtt_s: float | None = 0.02,
    at_most_s: float = 0.0,
    random_bytes: RandomBytes = half,
) -> Monitor:
    local = Candidate.from_line("candidate:1 1 udp 7 10.0.0.1 5 typ host")
    remote = Candidate.from_line("candidate:1 1 udp 7 192.0.2.1 5 typ host")
    pair = CandidatePair(local, remote, True)
    if rtt_s is not None:
        pair.round_trip.sample(rtt_s, 100.0)
    pair.round_trip.limit(at_most_s)
    return Monitor(pair, config or IceConfig(), random_bytes, 100.0)


def test_a_quiet_peer_is_asked_after_the_probe_time():
    watched = monitor()
    watched.note_heard(101.0)
    assert watched.next_timeout() == pytest.approx(103.5)


def test_payload_does_not_take_from_the_time_of_the_peers_turn():
    """A heartbeat amid checks of idle ends does not make both ask at once."""
    watched = monitor()
    watched.note_request(102.0)
    watched.note_heard(102.1)
    assert watched.quiet_at == pytest.approx(105.35)
    watched.note_heard(103.0)
    assert watched.quiet_at == pytest.approx(105.5)


def test_a_peer_that_was_asked_has_time_to_ask_in_turn():
    watched = monitor()
    assert watched.next_timeout() == pytest.approx(103.35)  # 0.67 of 5 s
    watched.note_check(103.0)
    watched.note_response(103.1)
    assert watched.next_timeout() == pytest.approx(106.45)


def test_a_path_that_keeps_answers_waiting_is_asked_sooner_for_a_minute():
    """It may take more questions to find out whether it is gone."""
    watched = monitor()
    for at in (103.35, 103.95):
        watched.note_check(at)
    watched.note_response(104.0)
    assert watched.quiet_at == pytest.approx(107.0)  # 0.6 of 5 s
    for at in range(106, 164, 2):
        watched.note_request(at)
        assert watched.quiet_at == pytest.approx(at + 3.0)
    watched.note_request(163.96)
    assert watched.quiet_at == pytest.approx(163.96 + 3.35)


def test_turns_are_shorter_for_that_time():
    turns = Counter()
    watched = monitor(random_bytes=draws_of(*range(0, 256, 8)))
    for at in (101.0, 101.6):
        watched.note_check(at)
    for _ in range(32):
        watched.note_response(102.0)
        watched.note_request(103.9)
        turns[round(watched.next_check_at - 103.9, 2)] += 1
    assert min(turns) >= 2.25
    assert max(turns) <= 2.75


def test_a_check_of_the_peer_gives_us_the_next_turn():
    watched = monitor()
    watched.note_request(102.0)
    assert watched.next_timeout() == pytest.approx(105.0)


def draws_of(*draws):
    """A random source that draws these, after one more at the start."""
    left = iter((0, *draws))
    return lambda count: bytes((next(left), *bytes(count - 1)))


def test_turns_wait_for_slots():
    for at, turns in ((102.0, {104, 105}), (102.01, {104, 105}), (102.05, {105})):
        watched = monitor(random_bytes=draws_of(0, 64, 96))
        picked = set()
        for _ in range(3):
            watched.note_response(100.0)
            watched.note_request(at)
            picked.add(watched.next_check_at)
        assert picked <= turns


def test_chance_chooses_the_slot():
    """As RFC 7675 5.1 wants it, also where all ends have the same slots."""
    watched = monitor(random_bytes=draws_of(*range(0, 256, 8)))
    turns = Counter()
    for _ in range(32):
        watched.note_response(100.0)
        watched.note_request(102.0)
        turns[watched.next_check_at - 102.0] += 1
    assert turns == {2: 16, 3: 16}


def test_chance_has_a_choice_where_there_is_one_slot_only():
    """As it is between hosts, of which each has slots of its own."""
    watched = monitor(random_bytes=draws_of(*range(0, 256, 8)))
    turns = Counter()
    for _ in range(32):
        watched.note_response(100.0)
        watched.note_request(102.4)
        turns[watched.next_check_at] += 1
    assert turns[105.0] == 16
    assert len(turns) == 17
    assert min(turns) >= 104.4
    assert max(turns) <= 105.4


def test_no_turn_is_earlier_or_later_than_a_consent_check_may_be():
    watched = monitor()
    watched.note_request(100.9)  # a turn later is less than 4 s after the last answer
    watched.note_heard(104.0)
    assert watched.next_check_at == 105.0  # in the middle of 4 to 6 s
    watched.note_request(104.9)  # a turn later is more than 6 s after it
    assert watched.next_check_at == 105.0
    watched.note_request(103.6)  # a part of it is not
    assert 105.6 <= watched.next_check_at <= 106.0


def test_a_check_of_the_peer_does_not_put_off_one_that_is_repeated():
    watched = monitor()
    watched.note_check(104.0)
    watched.note_request(104.1)
    assert watched.next_check_at == pytest.approx(105.0)


def test_on_a_slow_path_the_peer_is_asked_sooner():
    """Two answers fit into the time in which the path may be called lost."""
    watched = monitor(rtt_s=0.3)  # an answer may take 0.9 s
    watched.note_response(100.0)
    assert watched.next_check_at == pytest.approx(103.0)
    watched = monitor(rtt_s=0.4)  # 1.2 s
    watched.note_response(100.0)
    assert watched.next_check_at == pytest.approx(102.6)
    watched = monitor(rtt_s=3.0)
    watched.note_response(100.0)
    assert watched.next_check_at == pytest.approx(102.5)


def test_a_talking_peer_is_asked_for_consent():
    watched = monitor()
    for tick in range(40):
        watched.note_heard(100 + tick / 10)
    assert watched.next_check_at == pytest.approx(105.0)
    watched.note_check(105.0)
    watched.note_heard(105.0)
    assert watched.next_check_at == pytest.approx(106.0)  # not answered yet: sooner than usual
    watched.note_response(105.02)
    for tick in range(40):
        watched.note_heard(105.1 + tick / 10)
    assert watched.next_check_at == pytest.approx(110.0)


def test_one_unanswered_check_is_no_loss():
    watched = monitor()
    watched.note_check(102.5)
    assert watched.lost_at is None
    watched.note_check(102.8)
    assert watched.lost_at == pytest.approx(105.0)


def test_a_late_answer_brings_probing():
    watched = monitor()
    watched.note_check(102.5)
    assert watched.next_check_at == pytest.approx(102.8)  # 0.3 s at least
    watched.note_check(102.8)
    assert watched.next_check_at == pytest.approx(103.0)
    watched.note_check(103.0)
    assert watched.next_check_at == pytest.approx(103.2)


def test_a_slow_path_gets_its_time():
    """Both checks get a whole timeout before the path may be called lost."""
    watched = monitor(rtt_s=3.0)
    watched.note_check(102.5)
    timeout_s = 3.0 + 4 * 1.5
    assert watched.next_check_at == pytest.approx(102.5 + timeout_s)
    watched.note_check(111.5)
    assert watched.lost_at == pytest.approx(111.5 + timeout_s)
    watched.note_check(111.7)  # further ones move nothing
    assert watched.lost_at == pytest.approx(111.5 + timeout_s)


def test_a_very_slow_path_is_lost_while_there_is_time_for_another():
    watched = monitor(rtt_s=8.0)  # an answer may take 24 s
    watched.note_check(102.5)
    assert watched.next_check_at == pytest.approx(113.75)
    watched.note_check(113.75)
    assert watched.lost_at == pytest.approx(125.0)  # consent lasts until 130.0


def test_a_very_slow_path_has_its_silence_however_soon_consent_ends():
    watched = monitor(rtt_s=8.0)
    watched.note_heard(128.0)
    watched.note_check(128.0)
    watched.note_check(watched.next_check_at)
    assert watched.lost_at == pytest.approx(133.0)


def test_an_unknown_path_is_given_the_usual_timeout():
    watched = monitor(rtt_s=None)
    watched.note_check(102.5)
    assert watched.next_check_at == pytest.approx(103.0)


def test_a_path_that_was_hard_to_open_is_not_taken_for_slow():
    watched = monitor(rtt_s=None, at_most_s=7.0)
    watched.note_check(102.5)
    assert watched.next_check_at == pytest.approx(105.0)
    watched.note_check(105.0)
    assert watched.lost_at == pytest.approx(107.5)


def test_lost_and_back():
    watched = monitor()
    watched.note_check(102.5)
    watched.note_check(102.8)
    watched.declare_lost()
    assert watched.lost_at is None
    assert watched.judged_at == pytest.approx(130.0)
    assert watched.next_check_at == pytest.approx(103.3)
    watched.note_heard(120.0)
    assert watched.is_alive
    assert watched.unanswered == 0
    assert watched.consent_expires_at == pytest.approx(130.0)  # heard is not consent
    watched.note_response(121.0)
    assert watched.consent_expires_at == pytest.approx(151.0)


def test_consent_dates_from_the_last_response_not_from_the_selection():
    pair = monitor().pair
    pair.consented_at = 80.0
    watched = Monitor(pair, IceConfig(), half, 100.0)
    assert watched.consent_expires_at == pytest.approx(110.0)
    assert watched.next_check_at == pytest.approx(85.0)  # long due


def test_a_cut_pair_stays_dead_and_counts_no_checks():
    watched = monitor()
    watched.cut(101.0)
    watched.note_check(102.0)
    assert watched.unanswered == 0
    watched.note_heard(103.0)
    assert not watched.is_alive
    assert watched.next_check_at == pytest.approx(102.5)


def test_timeouts_move_on():
    """Doing what is due moves the next deadline, whatever the clocks say."""
    watched = monitor()
    now = 100.0
    for _ in range(200):
        at = watched.next_timeout()
        assert at > now
        now = at
        if watched.lost_at is not None and now >= watched.lost_at:
            watched.declare_lost()
        if now >= watched.consent_expires_at:
            break
        if now >= watched.next_check_at:
            watched.note_check(now)
    assert now == pytest.approx(130.0)


def test_payload_without_reply_brings_a_check_early():
    """After a round trip, what the peer may keep an acknowledgement back, and some patience."""
    watched = monitor()
    watched.note_sent(101.0)
    watched.note_sent(101.2)  # what counts is the first
    assert watched.next_check_at == pytest.approx(101.0 + 0.12 + 0.2)
    watched.note_heard(101.25)
    assert watched.next_check_at == pytest.approx(103.75)
    assert not watched.is_late


def test_payload_on_a_slow_path_has_its_time():
    watched = monitor(rtt_s=0.4)
    watched.note_sent(100.0)
    assert watched.next_check_at == pytest.approx(100.0 + 0.4 + 4 * 0.2 + 0.2)
    unknown = monitor(rtt_s=None)
    unknown.note_sent(100.0)
    assert unknown.next_check_at == pytest.approx(100.3)


def test_a_check_is_late_when_the_next_one_is_sent():
    watched = monitor()
    watched.note_check(102.5)
    assert not watched.is_late
    watched.note_check(102.8)
    assert watched.is_late
    watched.note_heard(102.9)
    assert not watched.is_late
