import pytest

from frazil.ice.candidate import Candidate
from frazil.ice.pair import CandidatePair, PairState, RoundTrip


def candidate(host: str, priority: int, foundation: str = "1") -> Candidate:
    return Candidate.from_line(f"candidate:{foundation} 1 udp {priority} {host} 5 typ host")


def test_round_trip_follows_rfc_6298():
    trip = RoundTrip()
    trip.sample(0.1, 1.0)
    assert trip.timeout_s(0.0) == pytest.approx(0.1 + 4 * 0.05)
    trip.sample(0.2, 2.0)
    smoothed, variance = 0.1 + 0.1 / 8, 0.05 + (0.1 - 0.05) / 4
    assert trip.timeout_s(0.0) == pytest.approx(smoothed + 4 * variance)
    assert (trip.last_s, trip.samples, trip.total_s) == (0.2, 2, pytest.approx(0.3))


def trips_of(*samples: tuple[float, float]) -> RoundTrip:
    """A path of which these were measured: seconds, and when."""
    trip = RoundTrip()
    for rtt_s, at in samples:
        trip.sample(rtt_s, at)
    return trip


def test_of_answers_that_come_at_once_the_youngest_question_counts():
    """All others have waited for whoever stood still."""
    burst = trips_of((0.1, 5.0), (12.0, 20.0), (11.5, 20.0), (6.0, 20.001), (0.2, 20.001))
    assert burst.timeout_s(0.0) == trips_of((0.1, 5.0), (0.2, 20.001)).timeout_s(0.0)
    assert (burst.last_s, burst.samples, burst.total_s) == (0.2, 5, pytest.approx(29.8))
    first = trips_of((12.0, 20.0), (0.2, 20.0))
    assert first.timeout_s(0.0) == trips_of((0.2, 20.0)).timeout_s(0.0)


def test_of_answers_out_of_order_the_youngest_question_counts():
    disorder = trips_of((0.1, 5.0), (0.2, 20.0), (12.0, 20.01))
    assert disorder.timeout_s(0.0) == trips_of((0.1, 5.0), (0.2, 20.0)).timeout_s(0.0)


def test_a_path_that_becomes_slow_is_measured_once_in_each_round_trip():
    """Whatever is asked meanwhile; one measurement is enough to wait for the next answer."""
    slow = trips_of((0.1, 5.0), *((4.0, 14.0 + step / 2) for step in range(12)))
    assert slow.timeout_s(0.0) == trips_of((0.1, 5.0), (4.0, 14.0), (4.0, 18.0)).timeout_s(0.0)
    assert trips_of((0.1, 5.0), (4.0, 14.0)).timeout_s(0.0) > 4.0


def test_round_trip_before_any_measurement():
    trip = RoundTrip()
    assert trip.timeout_s(0.5) == 0.5
    trip.limit(1.7)  # a request sent repeatedly was answered 1.7 s after its first send
    assert trip.timeout_s(0.5) == 1.7
    assert trip.timeout_s(0.5, 1.0) == 1.0
    assert trip.last_s is None
    trip.sample(0.02, 1.0)
    assert trip.timeout_s(0.5) == 0.5


def test_the_priority_depends_on_the_role():
    pair = CandidatePair(candidate("10.0.0.1", 7), candidate("192.0.2.1", 5), True)
    assert pair.priority == 2**32 * 5 + 2 * 7 + 1
    pair.rank(controlling=False)
    assert pair.priority == 2**32 * 5 + 2 * 7


def test_a_signalled_candidate_takes_the_place_of_a_peer_reflexive_one():
    pair = CandidatePair(candidate("10.0.0.1", 7), candidate("192.0.2.1", 5), True)
    pair.state = PairState.SUCCEEDED
    key = pair.key
    pair.identify(candidate("192.0.2.1", 9, foundation="other"), True)
    assert pair.key == key
    assert pair.state is PairState.SUCCEEDED
    assert pair.foundation == ("1", "other", "192.0.2.1")
    assert pair.priority == 2**32 * 7 + 2 * 9


def test_consent_is_a_success_that_is_not_too_old():
    pair = CandidatePair(candidate("10.0.0.1", 7), candidate("192.0.2.1", 5), True)
    assert not pair.has_consent(0.0, 30)
    pair.state = PairState.SUCCEEDED
    assert not pair.has_consent(0.0, 30)
    pair.consented_at = 10.0
    assert pair.has_consent(39.999, 30)
    assert not pair.has_consent(40.0, 30)
    pair.state = PairState.FAILED
    assert not pair.has_consent(11.0, 30)


def test_it_shows_its_addresses():
    pair = CandidatePair(candidate("10.0.0.1", 7), candidate("192.0.2.1", 5), True)
    assert str(pair) == "10.0.0.1:5->192.0.2.1:5"
