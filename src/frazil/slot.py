"""The instants that what is in no hurry waits for, so that a process wakes up once for all of it.

With a thousand idle connections something is due each millisecond, and whoever has just slept is
slow. So the instant of a routine is drawn from those that all connections of a process share.
"""

import math
from typing import Final

SLOT_S: Final = 1.0
"""From one slot to the next."""
SLACK_S: Final = 0.02
"""So long after a slot it still counts: who waits for it wakes up a little late."""


def pick_slot(earliest_at: float, latest_at: float, draw: float) -> float:
    """A random one of the slots between two instants.

    Chance has a choice in any case: if there is only one slot, every other time it is not that but
    a random instant, and if there is none, always.

    Args:
        earliest_at: Not before, but for :data:`SLACK_S`.
        latest_at: Not after; not earlier than ``earliest_at``.
        draw: The chance, in ``[0, 1)``.
    """
    first = math.ceil((earliest_at - SLACK_S) / SLOT_S)
    count = math.floor(latest_at / SLOT_S) - first + 1
    if count == 1:
        draw, count = (draw * 2, 1) if draw < 0.5 else (draw * 2 - 1, 0)
    if count < 1:
        return earliest_at + draw * (latest_at - earliest_at)
    return (first + int(draw * count)) * SLOT_S
