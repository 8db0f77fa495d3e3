import pytest

from frazil.sctp import SctpConfig
from frazil.sctp.rtt import RoundTrip


def test_first_measurement():
    trip = RoundTrip(SctpConfig())
    assert (trip.smoothed_s, trip.rto_s) == (None, 0.5)
    trip.measured(0.4)
    assert trip.smoothed_s == 0.4
    assert trip.rto_s == pytest.approx(0.4 + 4 * 0.2)


def test_further_measurements_are_smoothed():
    trip = RoundTrip(SctpConfig())
    trip.measured(0.4)
    trip.measured(0.8)
    assert trip.smoothed_s == pytest.approx(0.45)
    assert trip.rto_s == pytest.approx(0.45 + 4 * (0.2 + (0.4 - 0.2) / 4))


def test_timeout_outlasts_a_delayed_sack_on_a_short_and_steady_path():
    trip = RoundTrip(SctpConfig())
    for _ in range(100):
        trip.measured(0.001)
    assert trip.rto_s == pytest.approx(0.221)


def test_timeout_is_limited():
    trip = RoundTrip(SctpConfig())
    trip.measured(100.0)
    assert trip.rto_s == 5.0


def test_back_off_lasts_until_the_next_measurement():
    trip = RoundTrip(SctpConfig())
    trip.measured(0.1)
    assert trip.rto_s == pytest.approx(0.32)  # the variation of one sample is below the minimum
    trip.back_off()
    trip.back_off()
    assert trip.rto_s == pytest.approx(1.28)
    for _ in range(5):
        trip.back_off()
    assert trip.rto_s == 5.0
    trip.measured(0.1)
    assert trip.rto_s == pytest.approx(0.32)


def test_forget():
    trip = RoundTrip(SctpConfig())
    trip.measured(3.0)
    trip.forget()
    assert (trip.smoothed_s, trip.rto_s) == (None, 0.5)
