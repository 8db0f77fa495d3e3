"""Random negotiations end well (``python -m support.storm 5000`` plays more of them)."""

import pytest

from support.storm import play_many

BLOCK = 25


@pytest.mark.parametrize("block", range(12))
def test_random_negotiations_end_stable_and_alike(block):
    problems = play_many(range(block * BLOCK, (block + 1) * BLOCK))
    assert not problems, "\n".join(problems)
