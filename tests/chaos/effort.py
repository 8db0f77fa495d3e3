"""How many sessions are played.

``FRAZIL_SESSIONS`` says how many, ``FRAZIL_SESSIONS_S`` for how many seconds at most: a million and
an hour is fine. Up to what CI plays they are the same every time.
"""

import os
from typing import Final

from hypothesis import HealthCheck, settings

SESSIONS: Final = int(os.environ.get("FRAZIL_SESSIONS", "250"))
LIMIT_S: Final = float(os.environ.get("FRAZIL_SESSIONS_S", "300"))
CI_SESSIONS: Final = 2000


def drawn(number: int) -> settings:
    """Decorates a test that is given something drawn: so many times, whatever each takes."""
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=SESSIONS <= CI_SESSIONS,
        suppress_health_check=list(HealthCheck),
    )
