"""Which transports are made, and when."""

import pytest

from frazil.peer.transport_pool import MAX_SPARE_TRANSPORTS, TransportPool
from frazil.session.session import Session
from support.peer_pair import FakeAgent


class SpareSession(Session):
    """Knows when it began to gather."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.ice = FakeAgent()
        self.gathered_at: float | None = None

    def gather_early(self, now: float) -> None:
        self.gathered_at = now


def names(stacks) -> list[str]:
    return [each.name for each in stacks]


@pytest.fixture
def pool() -> TransportPool:
    return TransportPool(SpareSession)


def test_names_count_up_and_never_come_again(pool):
    assert names([pool.take(), pool.take()]) == ["0", "1"]
    pool.fill(2, 0.0)
    assert names(pool.empty()) == ["2", "3"]
    assert pool.take().name == "4"


def test_spare_ones_gather_at_once_and_are_used_first(pool):
    assert pool.fill(2, 7.0) == []
    assert [each.session.gathered_at for each in pool.spare] == [7.0, 7.0]
    assert names([pool.take(), pool.take(), pool.take()]) == ["0", "1", "2"]
    assert pool.spare == []


def test_what_is_made_on_demand_does_not_gather_early(pool):
    assert pool.take().session.gathered_at is None


def test_only_what_lacks_is_made(pool):
    pool.fill(2, 1.0)
    first, second = pool.spare
    pool.fill(3, 2.0)
    assert pool.spare[:2] == [first, second]
    assert [each.session.gathered_at for each in pool.spare] == [1.0, 1.0, 2.0]


def test_of_those_beyond_the_newest_comes_out_first(pool):
    pool.fill(4, 0.0)
    assert names(pool.fill(1, 1.0)) == ["3", "2", "1"]
    assert names(pool.spare) == ["0"]


def test_there_is_a_limit_whatever_is_configured(pool):
    pool.fill(255, 0.0)
    assert len(pool.spare) == MAX_SPARE_TRANSPORTS


def test_who_closes_the_pool_gets_what_is_in_it(pool):
    pool.fill(2, 0.0)
    assert pool.is_open
    assert names(pool.close()) == ["0", "1"]
    assert (pool.is_open, pool.spare) == (False, [])
    assert pool.take().name == "2"


def test_a_spare_one_is_found_by_its_name_until_it_is_taken(pool):
    pool.fill(2, 0.0)
    assert pool.find("1") is pool.spare[1]
    pool.take()
    assert pool.find("0") is None
    pool.empty()
    assert pool.find("1") is None
