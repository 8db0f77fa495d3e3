"""How fast the path delivers: one sample for each batch of acknowledgements.

After draft-cheng-iccrg-delivery-rate-estimation. What a packet needs to remember of the moment it
was sent is the same for all packets of one instant, and therefore kept once: in a burst.
"""

from frazil.compiled import mypyc_attr


@mypyc_attr(acyclic=True)
class Burst:
    """What was known when the packets of one instant were sent.

    Attributes:
        sent_at: When that was.
        first_sent_at: When the packet was sent that had been acknowledged last by then.
        delivered: Bytes acknowledged until then, since the beginning.
        delivered_at: When the last of them were.
        lost: Bytes found lost until then, since the beginning.
        flight: Bytes in flight once the burst was out.
        is_app_limited: Whether the application, and not the path, had set the pace.
    """

    __slots__ = (
        "delivered",
        "delivered_at",
        "first_sent_at",
        "flight",
        "is_app_limited",
        "lost",
        "sent_at",
    )

    def __init__(
        self,
        sent_at: float,
        first_sent_at: float,
        delivered: int,
        delivered_at: float,
        lost: int,
        is_app_limited: bool,
    ) -> None:
        self.sent_at = sent_at
        self.first_sent_at = first_sent_at
        self.delivered = delivered
        self.delivered_at = delivered_at
        self.lost = lost
        self.flight = 0
        self.is_app_limited = is_app_limited


@mypyc_attr(acyclic=True)
class Sample:
    """What one batch of acknowledgements says.

    Attributes:
        acked: Bytes it newly acknowledged.
        lost: Bytes newly found lost.
        flight: Bytes still in flight.
        delivered: Bytes acknowledged since the beginning.
        prior_delivered: The same when the packet was sent that was acknowledged as the latest.
        rate: Bytes per second between these two; zero if it could not be measured.
        lost_since: Bytes found lost since that packet was sent.
        flight_at_send: Bytes in flight once it was out.
        is_app_limited: Whether the application had set the pace when it was sent.
        is_window_limited: Whether the window had been full since the last sample.
        rtt_s: The fresh measurement of the round trip, or None.
    """

    __slots__ = (
        "acked",
        "delivered",
        "flight",
        "flight_at_send",
        "is_app_limited",
        "is_window_limited",
        "lost",
        "lost_since",
        "prior_delivered",
        "rate",
        "rtt_s",
    )

    def __init__(
        self,
        acked: int,
        lost: int,
        flight: int,
        delivered: int,
        prior_delivered: int,
        rate: float,
        lost_since: int,
        flight_at_send: int,
        is_app_limited: bool,
        is_window_limited: bool,
        rtt_s: float | None,
    ) -> None:
        self.acked = acked
        self.lost = lost
        self.flight = flight
        self.delivered = delivered
        self.prior_delivered = prior_delivered
        self.rate = rate
        self.lost_since = lost_since
        self.flight_at_send = flight_at_send
        self.is_app_limited = is_app_limited
        self.is_window_limited = is_window_limited
        self.rtt_s = rtt_s


@mypyc_attr(acyclic=True)
class DeliveryMeter:
    """Counts what is delivered and lost, and gives samples of the rate.

    Attributes:
        delivered: Bytes acknowledged since the beginning.
        lost: Bytes found lost since the beginning.
    """

    __slots__ = ("_app_limited_until", "_delivered_at", "_first_sent_at", "delivered", "lost")

    def __init__(self) -> None:
        self.delivered = 0
        self.lost = 0
        self._delivered_at = 0.0
        self._first_sent_at = 0.0
        self._app_limited_until = -1

    def begin_burst(self, flight: int, now: float) -> Burst:
        """Packets are about to be sent while ``flight`` bytes are out."""
        if not flight:
            self._first_sent_at = self._delivered_at = now
        return Burst(
            now,
            self._first_sent_at,
            self.delivered,
            self._delivered_at,
            self.lost,
            self.delivered <= self._app_limited_until,
        )

    def limit_by_app(self, flight: int) -> None:
        """Nothing more is there to be sent: what is on its way cannot show what the path can."""
        self._app_limited_until = self.delivered + flight

    def sample(
        self,
        latest: Burst,
        acked: int,
        lost: int,
        flight: int,
        is_window_limited: bool,
        rtt_s: float | None,
        now: float,
    ) -> Sample:
        """Count ``acked`` bytes that arrived, the latest of them sent in ``latest``.

        The rate is that of the longer of the two times it took to send and to acknowledge, so that
        neither a burst nor compressed acknowledgements exaggerate it.
        """
        self.delivered = delivered = self.delivered + acked
        self._delivered_at = now
        self._first_sent_at = sent_at = latest.sent_at
        prior = latest.delivered
        sending_s, interval_s = sent_at - latest.first_sent_at, now - latest.delivered_at
        if sending_s > interval_s:
            interval_s = sending_s
        return Sample(
            acked,
            lost,
            flight,
            delivered,
            prior,
            (delivered - prior) / interval_s if interval_s > 0 else 0.0,
            self.lost - latest.lost,
            latest.flight,
            latest.is_app_limited,
            is_window_limited,
            rtt_s,
        )
