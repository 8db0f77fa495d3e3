import pytest

from frazil.sctp.config import SctpConfig
from frazil.sctp.retransmission_timer import RetransmissionTimer
from frazil.sctp.rtt import RoundTrip


@pytest.fixture
def timer():
    round_trip = RoundTrip(SctpConfig())
    round_trip.measured(0.02)
    return RetransmissionTimer(round_trip)


def test_it_runs_from_the_first_packet(timer):
    timer.sent(1.0)
    timer.sent(1.1)
    assert timer.expires_at == pytest.approx(1.0 + 0.02 + 0.22)
    timer.restart(1.2)
    assert timer.expires_at == pytest.approx(1.44)
    timer.stop()
    assert timer.expires_at is None


def test_a_probe_comes_two_round_trips_after_the_last_packet(timer):
    timer.sent(1.0)
    timer.sent(1.01)
    assert timer.probe_at(is_single=False) == pytest.approx(1.05)
    timer.acked(1.03)
    assert timer.probe_at(is_single=False) == pytest.approx(1.07)


def test_the_acknowledgement_of_a_single_packet_may_be_delayed(timer):
    timer.sent(1.0)
    assert timer.probe_at(is_single=True) is None  # 1.24: the timeout is no later


def test_one_probe_until_something_is_acknowledged(timer):
    timer.sent(1.0)
    timer.probed(1.04)
    assert timer.probe_at(is_single=False) is None
    assert timer.expires_at == pytest.approx(1.28)
    timer.acked(1.06)
    assert timer.probe_at(is_single=False) == pytest.approx(1.10)


def test_no_probe_without_a_round_trip():
    timer = RetransmissionTimer(RoundTrip(SctpConfig()))
    timer.sent(1.0)
    assert timer.expires_at == 1.5
    assert timer.probe_at(is_single=False) is None


def test_expirations_are_counted_and_double_the_patience(timer):
    timer.sent(1.0)
    assert not timer.expire(1.2399)
    assert timer.expire(1.25)
    assert timer.expires_at == pytest.approx(1.25 + 0.48)
    assert timer.probe_at(is_single=False) is None
    assert timer.expire(2.0)
    assert timer.expirations == 2
    timer.acked(2.1)
    assert timer.expirations == 0
