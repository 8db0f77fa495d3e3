import pytest

from frazil.sctp.config import SctpConfig
from frazil.sctp.reordering import ReorderingWindow
from frazil.sctp.rtt import RoundTrip


@pytest.fixture
def round_trip():
    measured = RoundTrip(SctpConfig())
    measured.measured(0.08)
    return measured


def test_a_proven_loss_is_not_waited_for(round_trip):
    window = ReorderingWindow()
    assert window.wait_s(round_trip, is_proven=True) == 0.0
    assert window.wait_s(round_trip, is_proven=False) == pytest.approx(0.02)


def test_nothing_is_proven_where_packets_overtake(round_trip):
    window = ReorderingWindow()
    window.seen()
    assert window.wait_s(round_trip, is_proven=True) == pytest.approx(0.02)


def test_mistakes_widen_the_window_up_to_the_round_trip(round_trip):
    window = ReorderingWindow()
    waits = []
    for _ in range(5):
        window.widen()
        waits.append(round(window.wait_s(round_trip, is_proven=True), 3))
    assert waits == [0.04, 0.06, 0.08, 0.08, 0.08]


def test_a_wide_window_is_kept_for_sixteen_recoveries(round_trip):
    window = ReorderingWindow()
    window.widen()
    for _ in range(15):
        window.recovered()
    assert window.wait_s(round_trip, is_proven=True) == pytest.approx(0.04)
    window.recovered()
    assert window.wait_s(round_trip, is_proven=True) == pytest.approx(0.02)


def test_without_a_measurement_there_is_no_window():
    assert ReorderingWindow().wait_s(RoundTrip(SctpConfig()), is_proven=False) == 0.0
