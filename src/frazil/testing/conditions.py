"""How well one direction of a link carries datagrams."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What happens to datagrams on one direction of a link.

        >>> LTE = Conditions(delay_s=0.035, jitter_s=0.015, loss=0.002, rate_bps=20_000_000)

    Attributes:
        delay_s: How long a datagram travels at least.
        jitter_s: How much longer it may travel, evenly distributed. Order is kept.
        loss: The probability that it is lost.
        duplication: The probability that it arrives twice.
        reordering: The probability that it is held back, so that later ones overtake it.
        holdback_s: By how much a datagram that is held back comes later.
        rate_bps: Bits per second that the link carries, IP headers included; None for no limit.
        queue_bytes: How much may wait in front of a link with a rate; what exceeds it is dropped.

    Raises:
        ValueError: A probability is not within 0 and 1, or a quantity is negative or infinite.
    """

    delay_s: float = 0.001
    jitter_s: float = 0.0
    loss: float = 0.0
    duplication: float = 0.0
    reordering: float = 0.0
    holdback_s: float = 0.010
    rate_bps: float | None = None
    queue_bytes: int = 256 * 1024

    def __post_init__(self) -> None:
        for name in ("loss", "duplication", "reordering"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability, not {getattr(self, name)}")
        for name in ("delay_s", "jitter_s", "holdback_s", "queue_bytes"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} cannot be {getattr(self, name)}")
        if self.rate_bps is not None and not 0 < self.rate_bps < math.inf:
            raise ValueError(f"rate_bps cannot be {self.rate_bps}")
