"""What a path can carry: how fast, how far, and how much of it at a time.

The model of BBR (draft-ietf-ccwg-bbr). Two kinds of bounds correct the estimates: the lower ones
are a quick answer to congestion and are forgotten with the next probe; the upper one is how much
was in flight when a probe lost too much.
"""

import math
from typing import Final

from frazil.compiled import mypyc_attr
from frazil.sctp.delivery import Sample
from frazil.sctp.pacer import RESOLUTION_S

LOSS_LIMIT: Final = 0.02
"""The part of the packets that may get lost without any meaning."""

LOSS_DEVIATIONS: Final = 1.0
"""By how many standard deviations chance alone may exceed that limit."""

BETA: Final = 0.7
"""What is left of a bound after congestion."""

HEADROOM: Final = 0.15
"""The part of the upper bound that is left to others."""

MIN_RTT_LIFETIME_S: Final = 5.0
"""For how long a round trip is taken to be the least one without being seen again."""

QUEUE_GAIN: Final = 1.125
"""A round trip this much longer than the least one tells of a queue that stays."""

_AGGREGATION_ROUNDS: Final = 10
"""For how long a burst of acknowledgements is remembered."""


@mypyc_attr(acyclic=True)
class PathModel:
    """Estimates of the path and bounds on its use. Bytes, seconds, bytes per second.

    Attributes:
        round: How many round trips there were.
        is_round_start: Whether the last sample began one.
        rate_low: The lower bound of the rate, infinite if there is none.
        flight_low: The lower bound of the flight, infinite if there is none.
        flight_high: The upper bound of the flight, infinite if none was found.
        min_rtt_s: The least round trip, infinite while none is known.
        min_rtt_at: When it was measured.
        has_queue: Whether a queue stood throughout the last round that ended.
        has_high_loss: Whether the last round that ended lost too much.
    """

    __slots__ = (
        "_extra",
        "_extra_at",
        "_extra_delivered",
        "_extra_expected_from",
        "_extra_old",
        "_latest_flight",
        "_latest_rate",
        "_packet_size",
        "_rate_max",
        "_rate_max_before",
        "_round_ends",
        "_round_lost",
        "_round_rtt_s",
        "_round_started",
        "flight_high",
        "flight_low",
        "has_high_loss",
        "has_queue",
        "is_round_start",
        "min_rtt_at",
        "min_rtt_s",
        "rate_low",
        "round",
    )

    def __init__(self, packet_size: int) -> None:
        self._packet_size = packet_size
        self.forget(0)

    def forget(self, delivered: int) -> None:
        """Nothing is known of the path; ``delivered`` bytes are not of it."""
        self.round = 0
        self.is_round_start = False
        self.has_high_loss = False
        self.has_queue = False
        self.min_rtt_s = math.inf
        self.min_rtt_at = 0.0
        self.flight_high = math.inf
        self.forget_lows()
        self._rate_max = self._rate_max_before = 0.0
        self._latest_rate = 0.0
        self._latest_flight = 0
        self._round_ends = self._round_started = delivered
        self._round_lost = 0
        self._round_rtt_s = math.inf
        self._extra = self._extra_old = 0
        self._extra_at = 0
        self._extra_delivered = 0
        self._extra_expected_from = 0.0

    def forget_lows(self) -> None:
        """The next probe looks for itself."""
        self.rate_low = self.flight_low = math.inf

    # Estimates.

    @property
    def rate_max(self) -> float:
        """The highest rate of this probing cycle and the one before; zero before any sample."""
        latest, before = self._rate_max, self._rate_max_before
        return latest if latest > before else before

    @property
    def rate(self) -> float:
        """What the path is taken to deliver."""
        latest, before, low = self._rate_max, self._rate_max_before, self.rate_low
        highest = latest if latest > before else before
        return highest if highest < low else low

    @property
    def extra_acked(self) -> int:
        """How many more bytes than the rate explains came acknowledged at a time."""
        return max(self._extra, self._extra_old)

    def flight(self, gain: float, rate: float | None = None) -> float:
        """``gain`` times what fills the path without a queue, at ``rate`` or at the estimate."""
        if self.min_rtt_s == math.inf:
            return math.inf
        return gain * (self.rate if rate is None else rate) * self.min_rtt_s

    @property
    def flight_with_headroom(self) -> float:
        """The upper bound, less what others may need to grow."""
        if self.flight_high == math.inf:
            return math.inf
        headroom = max(self._packet_size, HEADROOM * self.flight_high)
        return self.flight_high - headroom

    # Samples.

    def begin_round(self, delivered: int) -> None:
        """A round trip begins with the next packet."""
        self._round_ends = delivered

    def take(self, sample: Sample, window: int, now: float, *, adapts: bool) -> None:
        """Learn from a sample.

        Args:
            sample: What was measured.
            window: The congestion window.
            now: The time.
            adapts: Whether congestion lowers the bounds. Not while we probe for it.
        """
        rate, rtt_s = sample.rate, sample.rtt_s
        flight = sample.delivered - sample.prior_delivered
        self.is_round_start = sample.prior_delivered >= self._round_ends
        if rate > self._latest_rate:
            self._latest_rate = rate
        if flight > self._latest_flight:
            self._latest_flight = flight
        if rate > self._rate_max and (not sample.is_app_limited or rate >= self._rate_max_before):
            self._rate_max = rate
        self._round_lost += sample.lost
        if rtt_s is not None:
            if rtt_s < self.min_rtt_s + RESOLUTION_S:
                # One that is no longer, as far as our clock can tell, renews the least one.
                self.min_rtt_s = min(self.min_rtt_s, rtt_s)
                self.min_rtt_at = now
            if rtt_s < self._round_rtt_s:
                self._round_rtt_s = rtt_s
        if self.is_round_start:
            self._end_round(sample, window, adapts=adapts)

    def _end_round(self, sample: Sample, window: int, *, adapts: bool) -> None:
        self.round += 1
        self._round_ends = sample.delivered
        self.has_queue = self._round_rtt_s > QUEUE_GAIN * self.min_rtt_s + RESOLUTION_S
        self.has_high_loss = False
        if self._round_lost:
            sent = sample.delivered - self._round_started + self._round_lost
            self.has_high_loss = self.is_too_much(self._round_lost, sent)
            if adapts and (self.has_high_loss or self.has_queue):
                self._lower(window)
        self._round_started = sample.delivered
        self._round_lost = 0
        self._round_rtt_s = math.inf
        self._latest_rate = sample.rate
        self._latest_flight = sample.delivered - sample.prior_delivered

    def _lower(self, window: int) -> None:
        """Congestion: go down to what came through, but by no more than ``BETA`` at a time."""
        rate = self.rate_max if self.rate_low == math.inf else self.rate_low
        flight = window if self.flight_low == math.inf else self.flight_low
        self.rate_low = max(self._latest_rate, BETA * rate)
        self.flight_low = max(self._latest_flight, BETA * flight)

    def is_too_much(self, lost: int, sent: int) -> bool:
        """Whether losing ``lost`` of ``sent`` bytes means something; two packets never do.

        Losses by chance come in clusters. A probe looks at every acknowledgement, and would meet
        one that exceeds the limit long before the path has shown its own.
        """
        limit = LOSS_LIMIT * sent
        deviation = math.sqrt(limit * self._packet_size)
        return lost > max(limit + LOSS_DEVIATIONS * deviation, 2 * self._packet_size)

    def advance_cycle(self) -> None:
        """A probe of the rate has been answered: forget those before the last one."""
        if self._rate_max:
            self._rate_max_before, self._rate_max = self._rate_max, 0.0

    def expire_min_rtt(self, now: float) -> None:
        """Let the next round trip be the least one if that was not seen for too long."""
        if now > self.min_rtt_at + MIN_RTT_LIFETIME_S:
            self.min_rtt_s = math.inf

    def replace_min_rtt(self, rtt_s: float, now: float) -> None:
        """Learn the least round trip of a path that was emptied to see it."""
        self.min_rtt_s = rtt_s
        self.min_rtt_at = now

    def restart_aggregation(self, now: float) -> None:
        """Something is sent again after a pause, which explains no burst."""
        self._extra_expected_from = now
        self._extra_delivered = 0

    def measure_aggregation(self, sample: Sample, window: int, now: float) -> None:
        """Learn how many acknowledgements come at a time, from a sample that was taken."""
        expected = self.rate * (now - self._extra_expected_from)
        if self._extra_delivered <= expected:
            self.restart_aggregation(now)
            expected = 0.0
        self._extra_delivered += sample.acked
        extra = min(int(self._extra_delivered - expected), window)
        if self.round >= self._extra_at + _AGGREGATION_ROUNDS // 2:
            self._extra_at = self.round
            self._extra_old, self._extra = self._extra, 0
        if extra > self._extra:
            self._extra = extra
