import pytest

from frazil.sctp.delivery import DeliveryMeter


def measure(meter, burst, acked, now):
    return meter.sample(burst, acked, 0, 0, False, None, now).rate


def test_rate_of_one_round_trip():
    meter = DeliveryMeter()
    burst = meter.begin_burst(0, 5.0)
    assert measure(meter, burst, 3000, 5.1) == pytest.approx(30_000)
    assert (meter.delivered, burst.lost, burst.is_app_limited) == (3000, 0, False)


def test_compressed_acknowledgements_do_not_exaggerate():
    meter = DeliveryMeter()
    bursts = [meter.begin_burst(1000 * each, each / 10) for each in range(10)]
    assert measure(meter, bursts[0], 1000, 1.0) == pytest.approx(1000)
    for burst in bursts[1:]:  # all at once, but they took 0.9 s to send
        rate = measure(meter, burst, 1000, 1.0)
    assert rate == pytest.approx(10_000)


def test_a_burst_does_not_exaggerate():
    meter = DeliveryMeter()
    first = meter.begin_burst(0, 0.0)
    second = meter.begin_burst(1000, 0.001)
    measure(meter, first, 1000, 0.1)
    assert measure(meter, second, 1000, 0.2) == pytest.approx(2000 / 0.2)


def test_a_pause_does_not_count():
    meter = DeliveryMeter()
    measure(meter, meter.begin_burst(0, 0.0), 1000, 0.1)
    burst = meter.begin_burst(0, 60.0)
    assert measure(meter, burst, 1000, 60.1) == pytest.approx(10_000)


def test_what_was_sent_when_the_application_had_no_more_is_marked():
    meter = DeliveryMeter()
    first = meter.begin_burst(0, 0.0)
    meter.limit_by_app(2000)
    second = meter.begin_burst(2000, 0.01)
    assert (first.is_app_limited, second.is_app_limited) == (False, True)
    measure(meter, second, 2000, 0.1)
    third = meter.begin_burst(0, 0.2)
    assert third.is_app_limited  # there was a pause before it
    measure(meter, third, 1, 0.3)
    assert not meter.begin_burst(0, 0.3).is_app_limited


def test_no_time_no_rate():
    meter = DeliveryMeter()
    assert measure(meter, meter.begin_burst(0, 1.0), 1000, 1.0) == 0.0
