"""The instants that what is in no hurry waits for, so that a process wakes up once for all of it.

With a thousand idle connections something is due each millisecond, and whoever has just slept is
slow. So the instant of a routine is drawn from those that all connections of a process share.
"""

import math
from typing import Final

SLOT_S: Final = 5 / 11
"""From one slot to the next. Half of the 5 s after which each of two ends asks is as far from the
slot before as from the one after it: a turn that begins at a slot has the choice of two."""


def pick_slot(earliest_at: float, latest_at: float, draw: float) -> float:
    """A random one of the slots between two instants; if there is none, a random instant.

    Args:
        earliest_at: Not before.
        latest_at: Not after; not earlier than ``earliest_at``.
        draw: The chance, in ``[0, 1)``.
    """
    first, last = math.ceil(earliest_at / SLOT_S), math.floor(latest_at / SLOT_S)
    if last < first:
        return earliest_at + draw * (latest_at - earliest_at)
    return (first + int(draw * (last - first + 1))) * SLOT_S
