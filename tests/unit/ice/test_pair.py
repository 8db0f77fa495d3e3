import pytest

from frazil.ice.candidate import Candidate
from frazil.ice.pair import CandidatePair, PairState, RoundTrip


def candidate(host: str, priority: int, foundation: str = "1") -> Candidate:
    return Candidate.from_line(f"candidate:{foundation} 1 udp {priority} {host} 5 typ host")


def test_round_trip_follows_rfc_6298():
    trip = RoundTrip()
    trip.sample(0.1)
    assert trip.timeout_s(0.0) == pytest.approx(0.1 + 4 * 0.05)
    trip.sample(0.2)
    smoothed, variance = 0.1 + 0.1 / 8, 0.05 + (0.1 - 0.05) / 4
    assert trip.timeout_s(0.0) == pytest.approx(smoothed + 4 * variance)
    assert (trip.last_s, trip.samples, trip.total_s) == (0.2, 2, pytest.approx(0.3))


def test_round_trip_before_any_measurement():
    trip = RoundTrip()
    assert trip.timeout_s(0.5) == 0.5
    trip.limit(1.7)  # a request sent repeatedly was answered 1.7 s after its first send
    assert trip.timeout_s(0.5) == 1.7
    assert trip.timeout_s(0.5, 1.0) == 1.0
    assert trip.last_s is None
    trip.sample(0.02)
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
