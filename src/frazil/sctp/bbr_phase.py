"""The phases of BBR, and how fast each of them sends (draft-ietf-ccwg-bbr section 4.3)."""

from enum import IntEnum
from typing import Final

STARTUP_GAIN: Final = 2.77
"""The least that still doubles the rate each round trip (4 ln 2)."""
DRAIN_GAIN: Final = 0.35
UP_GAIN: Final = 1.25
DOWN_GAIN: Final = 0.9


class Phase(IntEnum):
    """What the flow is about."""

    STARTUP = 0
    """Find the rate: double it each round trip."""
    DRAIN = 1
    """Let the queue go that start-up has made."""
    PROBE_DOWN = 2
    """Leave room, and let the queue go that a probe has made."""
    PROBE_CRUISE = 3
    """Send at the rate of the path."""
    PROBE_REFILL = 4
    """Fill the path before a probe, for a round trip."""
    PROBE_UP = 5
    """Try more, until packets get lost or nothing more comes through."""
    PROBE_RTT = 6
    """Empty the path to see its least round trip."""


PACING_GAIN: Final = {
    Phase.STARTUP: STARTUP_GAIN,
    Phase.DRAIN: DRAIN_GAIN,
    Phase.PROBE_DOWN: DOWN_GAIN,
    Phase.PROBE_CRUISE: 1.0,
    Phase.PROBE_REFILL: 1.0,
    Phase.PROBE_UP: UP_GAIN,
    Phase.PROBE_RTT: 1.0,
}
"""How fast to send, as a multiple of the rate of the path."""

SEEKS_LOSS: Final = frozenset({Phase.STARTUP, Phase.PROBE_REFILL, Phase.PROBE_UP})
"""More is sent than the path is known to hold: losses are the answer that is looked for."""
CYCLE: Final = frozenset({Phase.PROBE_DOWN, Phase.PROBE_CRUISE, Phase.PROBE_REFILL, Phase.PROBE_UP})
"""What comes again and again once the path is full."""
