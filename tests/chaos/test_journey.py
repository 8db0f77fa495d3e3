"""Any journey that can be drawn; :mod:`chaos.effort` says how many."""

import time
from random import Random

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from chaos.effort import LIMIT_S, SESSIONS, drawn
from chaos.journey import Journey
from chaos.travel import travel

JOURNEYS = max(1, SESSIONS // 10)
"""One takes as long as ten sessions in which little is said."""
BEGAN_AT = time.monotonic()


@pytest.mark.timeout(LIMIT_S + 60)
@drawn(JOURNEYS)
@given(st.randoms(use_true_random=False))
def test_who_recovers_by_itself_is_connected_again_whatever_happened(random):
    journey = Journey.draw(random)
    note(journey)
    if time.monotonic() - BEGAN_AT < LIMIT_S:
        travel(journey)


ONCE_WRONG = {
    "relays that were no more held up the check of the one that was": 1618,
    "a NAT showed a new address as one that was gone, whose allocation was still there": 22126,
    "a NAT gave a stream the place of another, and nothing answered on it any more": 23212,
    "a stream was opened again and looked like the old one, whose nomination was forgotten": 50472,
    "a NAT forgot a stream to the peer, which every restart used again": 120748,
    "a nomination was repeated, which a NAT had moved, and counted for where it came from": 8117,
    "a stream that was reset under two numbers was reset twice, the second time in use": 23111,
    "what was skipped before a reset was skipped again after it, of the next channel": 70575,
}


@pytest.mark.parametrize("seed", ONCE_WRONG.values(), ids=list(ONCE_WRONG))
def test_what_went_wrong_once_does_not_again(seed):
    travel(Journey.draw(Random(seed)))
