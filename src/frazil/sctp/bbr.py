"""Congestion control by a model of the path (BBR, draft-ietf-ccwg-bbr version 3).

Most of the time as much is in flight as the path holds without a queue. Now and then a little more
is tried, and less, to see whether the path has changed. Losses count when they are many, or when a
queue stands in front of them; see docs/explanation/congestion.md.
"""

import math
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.bbr_phase import CYCLE, PACING_GAIN, SEEKS_LOSS, STARTUP_GAIN, UP_GAIN, Phase
from frazil.sctp.congestion import INITIAL_WINDOW_PACKETS, MIN_WINDOW_PACKETS
from frazil.sctp.delivery import Burst, Sample
from frazil.sctp.pacer import RESOLUTION_S
from frazil.sctp.path_model import BETA, MIN_RTT_LIFETIME_S, PathModel

STARTUP_WINDOW_GAIN: Final = 4.0
"""Round trips vary while the path fills, and must not look like its limit."""
WINDOW_GAIN: Final = 2.0
UP_WINDOW_GAIN: Final = 2.25
PACING_MARGIN: Final = 0.01
"""How much slower than the estimate is sent, so that a queue we caused drains."""

FULL_RATE_GROWTH: Final = 1.25
FULL_RATE_ROUNDS: Final = 3
"""After this many rounds without that growth the path is taken to be full."""

MAX_PROBE_ROUNDS: Final = 63
"""Probe at the latest when a Reno flow would have grown by this many packets (RFC 9743)."""
PROBE_WAIT_S: Final = 2.0
"""Probe after this long, and up to a second more, at the latest."""

MAX_DOWN_ROUNDS: Final = 8
"""How long to give way to a queue: enough for one that a probe of ours has made."""

PROBE_RTT_GAIN: Final = 0.5
PROBE_RTT_S: Final = 0.2
MAX_SLOPE_ROUNDS: Final = 30

MAX_QUANTUM: Final = 64 * 1024.0
"""Bytes that are sent in one go at most: what the kernel cuts into datagrams by itself."""
LEAST_QUANTA: Final = 3
"""The window is at least this many times what is sent in one go."""
MAX_TURN_QUANTA: Final = 8
"""And at most this many times, where event loops need more in a turn than the path holds."""

_GOLDEN: Final = 0.6180339887498949


@mypyc_attr(acyclic=True)
class Bbr:
    """A :class:`~frazil.sctp.congestion.CongestionController`.

    Args:
        packet_size: How many bytes of chunks one packet holds.
        seed: Any number that differs from one association to the next, so that they do not probe
            in step.

    Attributes:
        window: How many bytes may be in flight.
        pacing_rate: Bytes per second; infinite until a round trip is known, and where it is too
            short for timers.
        phase: What the flow is about.
        model: What is known of the path.
    """

    __slots__ = (
        "_cycle_at",
        "_cycle_round",
        "_delivered",
        "_down_round",
        "_emptied_at",
        "_emptied_rtt_s",
        "_full_rate",
        "_full_rounds",
        "_high_acked",
        "_is_full",
        "_is_probe_sampled",
        "_packet_size",
        "_probe_round",
        "_probe_wait_s",
        "_quantum",
        "_queue_is_ours",
        "_undo",
        "_up_rounds",
        "_wait_fraction",
        "_window_before",
        "model",
        "pacing_rate",
        "phase",
        "window",
    )

    def __init__(self, packet_size: int, seed: int) -> None:
        self._packet_size = packet_size
        self._wait_fraction = seed * _GOLDEN % 1.0
        self._delivered = 0
        self.model = PathModel(packet_size)
        self.restart()

    def restart(self) -> None:
        """The path is another one: begin as with the first packet (RFC 9260 section 7.2)."""
        self.model.forget(self._delivered)
        self.phase = Phase.STARTUP
        self.window = INITIAL_WINDOW_PACKETS * self._packet_size
        self.pacing_rate = math.inf
        self._quantum: float = MAX_QUANTUM  # what is sent in one go: about a millisecond's worth
        self._window_before = 0
        self._is_full = False
        self._full_rate = 0.0
        self._full_rounds = 0
        self._cycle_at = 0.0
        self._cycle_round = self._down_round = 0
        self._queue_is_ours = True
        self._probe_round = -1
        self._probe_wait_s = 0.0
        self._is_probe_sampled = False
        self._high_acked = 0
        self._up_rounds = 0
        self._emptied_at: float | None = None
        self._emptied_rtt_s = math.inf
        self._undo: tuple[float, float, float, int] | None = None

    # What happens.

    def on_idle_end(self, now: float) -> None:
        """Something is about to be sent while nothing is in flight: at the known rate, no more."""
        if self._is_full:
            self.model.restart_aggregation(now)
        if self.phase in CYCLE:
            self._set_rate(1.0)
        if self.phase is not Phase.PROBE_RTT:
            self.model.expire_min_rtt(now)  # as that phase would: the path is empty

    def on_lost(self, size: int, latest: Burst, lost_since: int, now: float) -> None:
        """Chunks were lost: a probe that lost too much is over."""
        self._remember()
        if self._is_probe_sampled and self.model.is_too_much(lost_since, latest.flight):
            self._end_probe(latest.flight, now, is_app_limited=latest.is_app_limited)

    def on_timeout(self, flight: int, *, is_persistent: bool) -> None:
        """Begin again with one packet; forget the path if it stays silent (RFC 9260 7.2.3)."""
        if is_persistent:
            self.restart()
        else:
            self._remember()
        self.window = self._packet_size

    def on_spurious(self) -> None:
        """Nothing had been lost: take back what was concluded from it."""
        if self._undo is None:
            return
        rate_low, flight_low, flight_high, window = self._undo
        self._undo = None
        model = self.model
        model.rate_low = max(model.rate_low, rate_low)
        model.flight_low = max(model.flight_low, flight_low)
        model.flight_high = max(model.flight_high, flight_high)
        self.window = max(self.window, window)
        self._full_rounds = 0

    def on_acked(self, sample: Sample, now: float) -> None:
        """Learn, see whether it is time for something else, and set window and pace."""
        self._delivered = sample.delivered
        model = self.model
        model.take(sample, self.window, now, adapts=self.phase not in SEEKS_LOSS)
        if model.is_round_start:
            self._undo = self._undo if sample.lost else None
            if not sample.is_app_limited:
                self._look_for_full(sample)
        if self._is_full:
            if self.phase is Phase.STARTUP:
                self.phase = Phase.DRAIN
            if self.phase is Phase.DRAIN and sample.flight <= model.flight(1.0, model.rate_max):
                self._probe_down(now)
            model.measure_aggregation(sample, self.window, now)  # nobody asks for it before
            self._look_at_loss(sample, now)
            self._advance_cycle(sample, now)
            self._look_at_rtt(sample, now)
        self._set_rate(PACING_GAIN[self.phase])
        self._set_window(sample)

    def _remember(self) -> None:
        """Before the first loss of an episode: what to come back to if it was none."""
        if self._undo is None:
            model = self.model
            self._undo = (model.rate_low, model.flight_low, model.flight_high, self.window)

    # Whether the path is full.

    def _look_for_full(self, sample: Sample) -> None:
        """A round has ended that the application did not slow down: see whether it had more."""
        model = self.model
        if self.phase is Phase.STARTUP and model.has_high_loss:
            self._is_full = True
            model.flight_high = max(model.flight(1.0, model.rate_max), sample.flight_at_send * BETA)
            return
        if sample.rate >= FULL_RATE_GROWTH * self._full_rate:
            self._reset_full(sample.rate)
            return
        self._full_rounds += 1
        if self._full_rounds >= FULL_RATE_ROUNDS:
            self._is_full = True

    def _reset_full(self, rate: float) -> None:
        self._full_rate = rate
        self._full_rounds = 0

    # The cycle of probes for more.

    def _advance_cycle(self, sample: Sample, now: float) -> None:
        model = self.model
        phase = self.phase
        if (
            phase is Phase.PROBE_DOWN
            and model.is_round_start
            and model.round > self._cycle_round + 1
        ):
            self._is_probe_sampled = False  # the probe has been answered
        if phase is Phase.PROBE_DOWN or phase is Phase.PROBE_CRUISE:
            if self._is_time_to_probe(now):
                self._probe_refill()
            elif phase is Phase.PROBE_DOWN:
                self._cruise_if_drained(sample.flight)
            elif model.is_round_start and model.has_queue and self._queue_is_ours:
                self.phase = Phase.PROBE_DOWN  # the estimate is a little too high
                self._down_round = model.round
        elif phase is Phase.PROBE_REFILL:
            if model.is_round_start and model.round > self._probe_round:
                self._probe_up(sample)
        elif phase is Phase.PROBE_UP and self._is_probe_over(sample):
            self._probe_down(now)

    def _is_time_to_probe(self, now: float) -> bool:
        model = self.model
        packets = min(model.flight(1.0), self.window) / self._packet_size
        rounds = min(packets, MAX_PROBE_ROUNDS)
        return (
            now >= self._cycle_at + self._probe_wait_s or model.round >= self._cycle_round + rounds
        )

    def _cruise_if_drained(self, flight: int) -> None:
        """Go on once the queue is gone; one that stays although we send less is not ours."""
        if self._has_left_room(flight):
            self.phase = Phase.PROBE_CRUISE
        elif self.model.round >= self._down_round + MAX_DOWN_ROUNDS:
            self.phase = Phase.PROBE_CRUISE
            self._queue_is_ours = False

    def _has_left_room(self, flight: int) -> bool:
        model = self.model
        return flight <= model.flight_with_headroom and flight <= model.flight(1.0, model.rate_max)

    def _is_probe_over(self, sample: Sample) -> bool:
        """Whether a probe found a bound, or that nothing more comes through."""
        model = self.model
        if sample.is_window_limited and self.window >= model.flight_high:
            self._reset_full(sample.rate)
            return False
        has_queue = sample.flight >= model.flight(UP_GAIN, model.rate_max)
        return self._full_rounds >= (1 if has_queue else FULL_RATE_ROUNDS)

    def _probe_down(self, now: float) -> None:
        self.phase = Phase.PROBE_DOWN
        self._cycle_at = now
        self._cycle_round = self._down_round = self.model.round
        self._queue_is_ours = True
        self._wait_fraction = (self._wait_fraction + _GOLDEN) % 1.0
        self._probe_wait_s = PROBE_WAIT_S + self._wait_fraction

    def _probe_refill(self) -> None:
        self.phase = Phase.PROBE_REFILL
        self.model.forget_lows()
        self._up_rounds = 0
        self._high_acked = 0
        self._probe_round = self.model.round
        self.model.begin_round(self._delivered)

    def _probe_up(self, sample: Sample) -> None:
        self.phase = Phase.PROBE_UP
        if not sample.is_app_limited:
            self.model.advance_cycle()
        self.model.begin_round(self._delivered)
        self._is_probe_sampled = True
        self._probe_round = self.model.round
        self._reset_full(sample.rate)

    def _look_at_loss(self, sample: Sample, now: float) -> None:
        """Keep the upper bound where probes lose too much; raise it where they do not."""
        model = self.model
        if self._is_probe_sampled and model.is_too_much(sample.lost_since, sample.flight_at_send):
            self._end_probe(sample.flight_at_send, now, is_app_limited=sample.is_app_limited)
        elif model.flight_high < math.inf:
            model.flight_high = max(model.flight_high, sample.flight_at_send)
            if self.phase is Phase.PROBE_UP and sample.is_window_limited:
                self._raise_high(sample.acked)

    def _raise_high(self, acked: int) -> None:
        """Slowly at first, then twice as fast each round: 1, 2, 4 packets."""
        if self.model.is_round_start:
            self._up_rounds = min(self._up_rounds + 1, MAX_SLOPE_ROUNDS)
        self._high_acked += acked
        step = max(self.window >> self._up_rounds, self._packet_size)
        self.model.flight_high += self._high_acked // step * self._packet_size
        self._high_acked %= step

    def _end_probe(self, flight: int, now: float, *, is_app_limited: bool) -> None:
        """A probe lost too much with ``flight`` bytes on their way."""
        self._is_probe_sampled = False
        if not is_app_limited:
            target = min(self.model.flight(1.0), self.window)
            self.model.flight_high = max(flight, BETA * target)
        if self.phase is Phase.PROBE_UP:
            self._probe_down(now)

    # The least round trip.

    def _look_at_rtt(self, sample: Sample, now: float) -> None:
        model = self.model
        if self.phase is Phase.PROBE_RTT:
            self._empty(sample, now)
        elif model.min_rtt_s < math.inf and now > model.min_rtt_at + MIN_RTT_LIFETIME_S:
            self.phase = Phase.PROBE_RTT
            self._window_before = self.window
            self._emptied_at = None
            self._emptied_rtt_s = math.inf

    def _empty(self, sample: Sample, now: float) -> None:
        """Wait until little is in flight, then for a while, and take the least round trip."""
        if self._emptied_at is None:
            if sample.flight <= self._probe_rtt_window():
                self._emptied_at = now
            return
        if sample.rtt_s is not None:
            self._emptied_rtt_s = min(self._emptied_rtt_s, sample.rtt_s)
        if now >= self._emptied_at + PROBE_RTT_S and self._emptied_rtt_s < math.inf:
            self.model.replace_min_rtt(self._emptied_rtt_s, now)
            self.window = max(self.window, self._window_before)
            self.model.forget_lows()
            self._probe_down(now)

    def _probe_rtt_window(self) -> int:
        least = MIN_WINDOW_PACKETS * self._packet_size
        return max(int(self.model.flight(PROBE_RTT_GAIN)), least)

    # What follows.

    def _set_rate(self, gain: float) -> None:
        model = self.model
        if model.min_rtt_s < RESOLUTION_S:
            self.pacing_rate = math.inf
            self._quantum = MAX_QUANTUM
            return
        rate = gain * model.rate * (1 - PACING_MARGIN)
        if self._is_full:
            self.pacing_rate = rate
        elif model.min_rtt_s < math.inf:
            least = STARTUP_GAIN * INITIAL_WINDOW_PACKETS * self._packet_size / model.min_rtt_s
            self.pacing_rate = max(rate, least)
        paced = max(self.pacing_rate * RESOLUTION_S, float(2 * self._packet_size))
        self._quantum = min(paced, MAX_QUANTUM)

    def _set_window(self, sample: Sample) -> None:
        least = self._least_window()
        window = float(self.window)
        if self._is_full:
            gain = UP_WINDOW_GAIN if self.phase is Phase.PROBE_UP else WINDOW_GAIN
            target = max(self.model.flight(gain) + self.model.extra_acked, least)
            window = min(window + sample.acked, target)
            bound = self._bound()
        else:
            if window < least or window < self.model.flight(STARTUP_WINDOW_GAIN):
                window += sample.acked
            bound = self.model.flight_low
        if window > bound:
            window = bound
        lowest = MIN_WINDOW_PACKETS * self._packet_size
        self.window = int(window) if window > lowest else lowest

    def _least_window(self) -> float:
        """So many bytes may be in flight, however short the round trip is.

        Ends that are faster than their event loops turn need something to do in each turn: what the
        peer takes at a time and acknowledges in one go must not be all that there is. A round trip
        above a millisecond holds more anyway.
        """
        turn = WINDOW_GAIN * self.model.rate * RESOLUTION_S
        least = max(turn, LEAST_QUANTA * self._quantum)
        return min(least, MAX_TURN_QUANTA * self._quantum)

    def _bound(self) -> float:
        """The most that losses, and the phase, let be in flight."""
        model = self.model
        if self.phase is Phase.PROBE_RTT:
            return min(self._probe_rtt_window(), model.flight_with_headroom, model.flight_low)
        if self.phase is Phase.PROBE_CRUISE:
            return min(model.flight_with_headroom, model.flight_low)
        if self.phase in CYCLE:
            return min(model.flight_high, model.flight_low)
        return model.flight_low
