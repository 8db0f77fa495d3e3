"""Sessions that follow from a seed are recorded, and go the same way again.

``FRAZIL_REPLAY_SESSIONS=1000 pytest -s tests/property/test_replay.py`` tries that many.
"""

import os

import pytest

from frazil.record import replay
from support.random_session import record

SESSIONS = int(os.environ.get("FRAZIL_REPLAY_SESSIONS", "24"))
_PER_TEST = 4


@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", range(0, SESSIONS, _PER_TEST))
def test_random_sessions_go_the_same_way_again(first, tmp_path):
    for seed in range(first, first + _PER_TEST):
        for path in record(seed, tmp_path):
            with path.open(encoding="utf-8") as lines:
                assert replay(lines) is None, f"seed {seed}: {path.name}"
            path.unlink()
