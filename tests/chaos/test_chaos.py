"""Any session that can be drawn; a failing one is printed as the plan that repeats it.

:mod:`chaos.effort` says how many. To see one again, call ``play`` with what was printed.
"""

import time
from random import Random

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from chaos.effort import LIMIT_S, SESSIONS, drawn
from chaos.plan import Plan
from chaos.play import play

BEGAN_AT = time.monotonic()


@pytest.mark.timeout(LIMIT_S + 60)
@drawn(SESSIONS)
@given(st.randoms(use_true_random=False))
def test_whatever_happens_all_that_must_hold_does(random):
    plan = Plan.draw(random)
    note(plan)
    if time.monotonic() - BEGAN_AT < LIMIT_S:
        play(plan)


ONCE_WRONG = {
    "two ends used different pairs, as one had lost the consent for that of the other": 105,
    "one end failed, and its answers kept the other connected": 109,
    "a NAT gave another address, and only the peer knew": 756,
    "the association gave up while ICE did not": 1248,
    "a nomination in vain took a minute and a half to end, as the path had seemed slow": 4492,
    "a nomination was believed that another had replaced": 87,
    "the handshake ran out of time before the consent did": 5436,
    "a nomination in the generation before stopped that of a restart": 203811,
    "a check was answered and its nomination ignored, for want of a place for the pair": 270312,
}


@pytest.mark.parametrize("seed", ONCE_WRONG.values(), ids=list(ONCE_WRONG))
def test_what_went_wrong_once_does_not_again(seed):
    play(Plan.draw(Random(seed)))
