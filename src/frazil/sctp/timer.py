"""A timer that counts its expirations and doubles its patience."""

from frazil.compiled import mypyc_attr


@mypyc_attr(acyclic=True)
class RetryTimer:
    """The deadline of one request that is repeated until it is answered.

    The interval doubles with each expiration, up to a limit (RFC 9260 section 6.3.3).

    Attributes:
        interval_s: How long the request waits for its answer before it is repeated.
        expirations: How often it was repeated.
        expires_at: When it will be, None while none is open.
    """

    __slots__ = ("_first_s", "_max_s", "expirations", "expires_at", "interval_s")

    def __init__(self, max_s: float) -> None:
        self.expires_at: float | None = None
        self.expirations = 0
        self._first_s = 0.0
        self.interval_s = 0.0
        self._max_s = max_s

    def start(self, now: float, interval_s: float) -> None:
        """Begin anew: the first expiration is ``interval_s`` from now."""
        self.expirations = 0
        self._first_s = self.interval_s = interval_s
        self.expires_at = now + interval_s

    def hasten(self, now: float) -> None:
        """Expire at once if the timer runs, and be as impatient after that as in the beginning."""
        if self.expires_at is not None:
            self.expirations = 0
            self.interval_s = self._first_s / 2  # doubled by the expiration that comes
            self.expires_at = now

    def stop(self) -> None:
        """The request was answered."""
        self.expires_at = None

    def expire(self, now: float) -> bool:
        """Whether the deadline has passed; if so the next one is set."""
        if self.expires_at is None or now < self.expires_at:
            return False
        self.expirations += 1
        self.interval_s = min(2 * self.interval_s, self._max_s)
        self.expires_at = now + self.interval_s
        return True
