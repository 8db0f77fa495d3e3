import pytest

from frazil.ice.config import MAX_EARLY_CHECKS
from frazil.ice.early_checks import EarlyChecks
from frazil.ice.received_check import ReceivedCheck
from frazil.types import Address

LOCAL: Address = ("10.0.0.1", 1000)


def check(port: int, nomination: int | None = None, priority: int = 1) -> ReceivedCheck:
    return ReceivedCheck(LOCAL, ("203.0.113.9", port), priority, nomination)


def test_they_are_bounded_and_those_of_pairs_that_are_known_still_count():
    early = EarlyChecks()
    for n in range(100):
        early.keep(check(1 + n))
    assert len(early) == MAX_EARLY_CHECKS
    early.keep(check(1, nomination=4))
    assert early.take()[0].nomination == 4


def test_the_latest_of_each_pair_counts_in_the_place_of_the_first():
    early = EarlyChecks()
    for each in (check(1), check(2), check(1, priority=9)):
        early.keep(each)
    assert early.take() == [check(1, priority=9), check(2)]


@pytest.mark.parametrize(
    ("numbers", "kept"), [((1, None), 1), ((None, 1), 1), ((2, 1), 2), ((0, None), 0)]
)
def test_a_nomination_survives_what_comes_late(numbers, kept):
    early = EarlyChecks()
    for number in numbers:
        early.keep(check(1, nomination=number))
    (only,) = early.take()
    assert only.nomination == kept


def test_they_are_taken_once():
    early = EarlyChecks()
    early.keep(check(1))
    assert early.take() == [check(1)]
    assert early.take() == []
    assert len(early) == 0
