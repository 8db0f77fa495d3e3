import math

import pytest

from frazil.sctp.bbr import MAX_QUANTUM, WINDOW_GAIN, Bbr
from frazil.sctp.bbr_phase import UP_GAIN, Phase
from frazil.sctp.delivery import Burst, DeliveryMeter, Sample

PACKET = 1000
RTT_S = 0.02
RATE = 1_000_000
"""Bytes per second of the path; 20,000 bytes fill it."""


class Path:
    """A path without a queue to speak of: what is sent in a round trip arrives, up to its rate."""

    def __init__(self, *, seed=0):
        self.bbr = Bbr(PACKET, seed)
        self.meter = DeliveryMeter()
        self.now = 0.0
        self.rate = RATE
        self.rtt_s = RTT_S

    def round(self, *, lost=0, is_app_limited=False, acked=None, rtt_s=None):
        """One round trip with one sample; how many bytes arrived.

        With ``rtt_s=math.nan`` all of them were sent twice, so that nothing is measured.
        """
        bbr, meter = self.bbr, self.meter
        wants = min(bbr.pacing_rate * self.rtt_s, bbr.window)
        acked = int(min(wants, self.rate * self.rtt_s)) if acked is None else acked
        burst = meter.begin_burst(1, self.now)
        burst.flight = int(wants)
        self.now += self.rtt_s
        if lost:
            meter.lost += lost
            bbr.on_lost(lost, burst, meter.lost - burst.lost, self.now)
        meter.delivered += acked
        bbr.on_acked(
            Sample(
                acked=acked,
                lost=lost,
                flight=acked,
                delivered=meter.delivered,
                prior_delivered=burst.delivered,
                rate=acked / self.rtt_s,
                lost_since=lost,
                flight_at_send=burst.flight,
                is_app_limited=is_app_limited,
                is_window_limited=wants == bbr.window,
                rtt_s=None if rtt_s is math.nan else rtt_s or self.rtt_s,
            ),
            self.now,
        )
        return acked

    def until(self, *phases, limit=1000, **round_):
        for _ in range(limit):
            if self.bbr.phase in phases:
                return self
            self.round(**round_)
        raise AssertionError(f"still in {self.bbr.phase.name}")


def test_it_begins_with_ten_packets():
    bbr = Bbr(PACKET, 0)
    assert (bbr.window, bbr.pacing_rate, bbr.phase) == (10 * PACKET, math.inf, Phase.STARTUP)


def test_start_up_doubles_each_round():
    path = Path()
    path.rate = math.inf
    windows = []
    for _ in range(4):
        windows.append(path.bbr.window)
        path.round()
    assert windows == [10_000, 20_000, 40_000, 80_000]
    assert path.bbr.pacing_rate == pytest.approx(2.77 * 0.99 * 80_000 / RTT_S)


def test_start_up_ends_when_nothing_more_comes_through():
    path = Path()
    phases = []
    for _ in range(6):
        path.round()
        phases.append(path.bbr.phase)
    # 10, 20, 20, 20, 20 kB: three rounds without growth, and then the path is empty enough.
    assert phases[:4] == [Phase.STARTUP] * 4
    assert phases[4] is Phase.PROBE_CRUISE
    assert path.bbr.model.rate_max == pytest.approx(RATE)


def test_a_sparse_flow_does_not_look_like_a_full_path():
    path = Path()
    for _ in range(20):
        path.round(acked=100, is_app_limited=True)
    assert path.bbr.phase is Phase.STARTUP
    assert path.bbr.pacing_rate == pytest.approx(2.77 * 10 * PACKET / RTT_S)


def test_samples_of_a_sparse_flow_only_raise_the_estimate():
    path = Path().until(Phase.PROBE_CRUISE)
    for _ in range(2000):
        path.round(acked=100, is_app_limited=True)
    assert path.bbr.model.rate_max == pytest.approx(RATE)
    path.round(acked=30_000, is_app_limited=True)
    assert path.bbr.model.rate_max == pytest.approx(1.5 * RATE)


def test_in_between_as_much_is_sent_as_comes_through():
    path = Path().until(Phase.PROBE_CRUISE)
    assert path.bbr.pacing_rate == pytest.approx(0.99 * RATE)


def test_probes_come_when_a_reno_flow_would_have_grown_as_much():
    path = Path().until(Phase.PROBE_CRUISE).until(Phase.PROBE_DOWN)
    start = path.bbr.model.round
    path.until(Phase.PROBE_REFILL)
    assert path.bbr.model.round - start == 20  # packets that fill the path


def test_a_probe_follows_within_three_seconds_on_a_long_path():
    path = Path()
    path.rtt_s = 0.5
    path.rate = 10 * RATE
    path.until(Phase.PROBE_CRUISE).until(Phase.PROBE_DOWN)
    start = path.now
    path.until(Phase.PROBE_REFILL)
    assert 2.0 <= path.now - start <= 3.5


def test_two_associations_do_not_probe_in_step():
    waits = {Path(seed=seed).until(Phase.PROBE_DOWN).bbr._probe_wait_s for seed in range(5)}
    assert len(waits) == 5


def test_more_room_is_found_by_probing():
    path = Path().until(Phase.PROBE_CRUISE)
    path.rate = 2 * RATE
    for _ in range(300):
        path.round()
    assert path.bbr.model.rate_max == pytest.approx(2 * RATE, rel=0.02)


def test_less_room_is_believed_after_two_cycles():
    path = Path().until(Phase.PROBE_CRUISE)
    path.rate = RATE / 2
    for _ in range(150):
        path.round()
    assert path.bbr.model.rate_max == pytest.approx(RATE / 2, rel=0.02)


def test_a_random_loss_changes_nothing():
    path = Path().until(Phase.PROBE_CRUISE)
    for _ in range(5):
        path.round(lost=PACKET)
    assert path.bbr.model.rate_low == math.inf
    assert path.bbr.pacing_rate == pytest.approx(0.99 * RATE)


def test_a_loss_behind_a_queue_is_congestion():
    path = Path().until(Phase.PROBE_CRUISE)
    for _ in range(2):
        path.round(lost=PACKET, rtt_s=2 * RTT_S, acked=10_000)
    assert path.bbr.model.rate_low == pytest.approx(0.7 * RATE, rel=0.02)
    path.until(Phase.PROBE_REFILL)
    assert path.bbr.model.rate_low == math.inf


def test_many_losses_are_congestion():
    path = Path().until(Phase.PROBE_CRUISE)
    for _ in range(2):
        path.round(lost=3 * PACKET, acked=10_000)
    assert path.bbr.model.rate_low == pytest.approx(0.7 * RATE, rel=0.02)
    path.round(lost=3 * PACKET, acked=10_000)
    assert path.bbr.model.rate_low == pytest.approx(0.5 * RATE, rel=0.02)


def test_a_probe_that_loses_too_much_ends_and_leaves_a_bound():
    path = Path().until(Phase.PROBE_UP)
    path.round(lost=4 * PACKET)
    assert path.bbr.phase is not Phase.PROBE_UP
    assert path.bbr.model.flight_high < math.inf
    high = path.bbr.model.flight_high
    path.until(Phase.PROBE_CRUISE)
    assert path.bbr.window <= 0.85 * high


def test_start_up_ends_when_too_much_gets_lost():
    path = Path()
    path.rate = math.inf
    path.round()
    path.round(lost=5 * PACKET)
    path.round()
    assert path.bbr.phase is not Phase.STARTUP
    assert path.bbr.model.flight_high < math.inf


def test_a_timeout_begins_with_one_packet_and_comes_back_in_a_round_trip():
    path = Path().until(Phase.PROBE_CRUISE)
    path.bbr.on_timeout(10_000, is_persistent=False)
    assert path.bbr.window == PACKET
    path.round(acked=PACKET)
    assert path.bbr.window == 4 * PACKET
    path.round()
    assert path.bbr.window == 8 * PACKET
    assert path.bbr.model.rate_max == pytest.approx(RATE)


def test_a_path_that_stays_silent_is_forgotten():
    path = Path().until(Phase.PROBE_CRUISE)
    path.bbr.on_timeout(10_000, is_persistent=True)
    assert (path.bbr.window, path.bbr.phase) == (PACKET, Phase.STARTUP)
    assert path.bbr.model.rate_max == 0.0


def test_what_was_concluded_from_a_mistake_is_taken_back():
    path = Path().until(Phase.PROBE_UP)
    window = path.bbr.window
    path.bbr.on_lost(5 * PACKET, Burst(path.now, 0.0, 0, 0.0, 0, False), 5 * PACKET, path.now)
    assert path.bbr.model.flight_high < math.inf
    path.bbr.on_spurious()
    assert path.bbr.model.flight_high == math.inf
    path.bbr.on_timeout(window, is_persistent=False)
    path.bbr.on_spurious()
    assert path.bbr.window == window


def test_the_path_is_emptied_when_its_least_round_trip_is_not_seen_again():
    path = Path().until(Phase.PROBE_CRUISE)
    path.rtt_s = 0.05
    path.until(Phase.PROBE_RTT)
    assert path.bbr.window <= 0.5 * RATE * RTT_S
    start = path.now
    path.until(Phase.PROBE_DOWN, acked=4 * PACKET)
    assert path.now - start == pytest.approx(0.25, abs=0.051)
    assert path.bbr.model.min_rtt_s == 0.05


def test_without_a_round_trip_there_is_none_to_look_for():
    """A regression: where all that was acknowledged had been sent twice, an exception came."""
    path = Path()
    path.now = 1000.0
    for _ in range(20):
        path.round(rtt_s=math.nan)
    assert path.bbr.model.min_rtt_s == math.inf
    assert path.bbr.model.rate_max == pytest.approx(RATE)
    path.until(Phase.PROBE_UP)
    assert path.bbr.model.min_rtt_s == RTT_S


def test_a_round_trip_as_short_as_before_keeps_the_flow_going():
    path = Path().until(Phase.PROBE_CRUISE)
    for _ in range(500):
        path.round()
        assert path.bbr.phase is not Phase.PROBE_RTT


def test_after_a_pause_the_known_rate_is_used_and_no_more():
    path = Path().until(Phase.PROBE_UP)
    assert path.bbr.pacing_rate > RATE
    path.bbr.on_idle_end(path.now + 5)
    assert path.bbr.pacing_rate == pytest.approx(0.99 * RATE)


def test_a_path_that_a_pause_has_emptied_is_not_emptied_again():
    path = Path().until(Phase.PROBE_CRUISE)
    path.now += 6
    path.bbr.on_idle_end(path.now)
    path.rtt_s = RTT_S + 0.005
    for _ in range(20):
        path.round()
        assert path.bbr.phase is not Phase.PROBE_RTT
    assert path.bbr.model.min_rtt_s == path.rtt_s


def test_a_round_trip_that_was_seen_before_a_short_pause_counts_on():
    path = Path().until(Phase.PROBE_CRUISE)
    path.now += 4
    path.bbr.on_idle_end(path.now)
    path.round(rtt_s=RTT_S + 0.005)
    assert path.bbr.model.min_rtt_s == RTT_S


def test_after_a_pause_what_was_sent_twice_leaves_the_round_trip_unknown():
    path = Path().until(Phase.PROBE_CRUISE)
    path.now += 6
    path.bbr.on_idle_end(path.now)
    for _ in range(3):
        path.round(rtt_s=math.nan)
    assert path.bbr.pacing_rate <= UP_GAIN * RATE
    path.round()
    assert path.bbr.phase is not Phase.PROBE_RTT
    assert path.bbr.model.min_rtt_s == RTT_S


def test_a_pause_while_the_path_is_being_emptied_changes_nothing():
    path = Path().until(Phase.PROBE_CRUISE)
    path.rtt_s = 0.05
    path.until(Phase.PROBE_RTT)
    path.now += 6
    path.bbr.on_idle_end(path.now)
    path.until(Phase.PROBE_DOWN, acked=4 * PACKET)
    assert path.bbr.model.min_rtt_s == 0.05


def test_a_pause_does_not_slow_down_what_needs_no_pace():
    path = Path()
    path.rtt_s = 0.0005
    for _ in range(1000):
        path.round()
    path.bbr.on_idle_end(path.now + 6)
    assert path.bbr.pacing_rate == math.inf


def test_a_round_trip_shorter_than_timers_is_not_paced():
    path = Path()
    path.rtt_s = 0.0005
    for _ in range(1000):
        path.round()
    assert path.bbr.pacing_rate == math.inf
    assert path.bbr.window >= 3 * 64 * 1024


@pytest.mark.parametrize(
    ("rate", "quanta"),
    [(10_000_000, 3), (200_000_000, 6.1), (1_000_000_000, 8)],  # at 200 MB/s: 400 kB in two turns
)
def test_without_pacing_both_ends_have_something_to_do_in_each_turn_of_their_loops(rate, quanta):
    path = Path()
    path.rtt_s, path.rate = 0.0001, rate
    for _ in range(1000):
        path.round()
    least = quanta * MAX_QUANTUM
    assert least <= path.bbr.window <= 1.05 * least + path.bbr.model.extra_acked
    assert path.bbr.model.flight(WINDOW_GAIN) < 0.6 * least  # of the path alone


def test_another_path_begins_anew():
    path = Path().until(Phase.PROBE_CRUISE)
    path.bbr.restart()
    assert (path.bbr.window, path.bbr.phase) == (10 * PACKET, Phase.STARTUP)
    path.until(Phase.PROBE_CRUISE)
    assert path.bbr.model.rate_max == pytest.approx(RATE)
