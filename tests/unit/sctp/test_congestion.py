from frazil.sctp.congestion import CongestionWindow

MTU = 1000


def test_initial_window():
    window = CongestionWindow(MTU)
    assert window.window == 10 * MTU
    assert window.burst_limit == 32 * MTU


def test_slow_start_grows_by_what_was_acknowledged():
    window = CongestionWindow(MTU)
    window.acknowledged(2 * MTU, fully_used=True)
    assert window.window == 12 * MTU


def test_slow_start_limits_the_credit_of_one_sack():
    window = CongestionWindow(MTU)
    window.acknowledged(50 * MTU, fully_used=True)
    assert window.window == 18 * MTU


def test_slow_start_ends_at_the_threshold():
    window = CongestionWindow(MTU)
    window.timed_out()
    for _ in range(2):
        window.acknowledged(3 * MTU, fully_used=True)
    assert window.window == window.threshold == 5 * MTU


def test_window_that_is_not_used_does_not_grow():
    window = CongestionWindow(MTU)
    window.acknowledged(2 * MTU, fully_used=False)
    assert window.window == 10 * MTU


def test_loss_halves_once_per_window_of_data():
    window = CongestionWindow(MTU)
    assert window.lost(50)
    assert (window.window, window.threshold) == (5 * MTU, 5 * MTU)
    assert not window.lost(60)
    assert window.window == 5 * MTU
    window.recovered(49)
    window.acknowledged(5 * MTU, fully_used=True)
    assert window.window == 5 * MTU
    window.recovered(50)
    assert window.lost(70)
    assert window.window == 4 * MTU  # never below four packets


def test_congestion_avoidance_adds_one_packet_per_window():
    window = CongestionWindow(MTU)
    window.lost(50)
    window.recovered(50)
    sizes = []
    for _ in range(19):
        window.acknowledged(MTU, fully_used=True)
        sizes.append(window.window // MTU)
    assert sizes == [5] * 4 + [6] * 6 + [7] * 7 + [8] * 2


def test_timeout_begins_slow_start_with_one_packet():
    window = CongestionWindow(MTU)
    window.lost(50)
    window.timed_out()
    assert (window.window, window.threshold) == (MTU, 4 * MTU)
    assert window.recovery_ends is None
    window.acknowledged(MTU, fully_used=True)
    assert window.window == 2 * MTU


def test_burst_is_limited_beyond_the_flight():
    window = CongestionWindow(MTU)
    window.permit_burst(7 * MTU)
    assert window.burst_limit == 39 * MTU


def test_restart():
    window = CongestionWindow(MTU)
    window.timed_out()
    window.permit_burst(99 * MTU)
    window.restart()
    assert (window.window, window.burst_limit) == (10 * MTU, 32 * MTU)
    assert window.threshold == 5 * MTU
