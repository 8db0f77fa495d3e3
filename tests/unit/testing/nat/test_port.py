from random import Random

import pytest

from frazil.testing.nat.port import PUBLIC_PORTS, PortAssignment, Ports


def ports(assignment, seed=0):
    return Ports(assignment, Random(seed))


def test_preserving_keeps_the_port_or_takes_the_next_one_above():
    pool = ports(PortAssignment.PRESERVING)
    assert [pool.take(5000, None) for _ in range(3)] == [5000, 5001, 5002]
    assert pool.take(5001, None) == 5003
    pool.release(5001)
    assert pool.take(5000, None) == 5001


def test_preserving_keeps_well_known_ports_and_never_gives_them_to_others():
    pool = ports(PortAssignment.PRESERVING)
    assert [pool.take(53, None) for _ in range(3)] == [53, 1024, 1025]


def test_preserving_goes_on_at_the_lowest_port_after_the_highest():
    pool = ports(PortAssignment.PRESERVING)
    assert [pool.take(65_535, None) for _ in range(2)] == [65_535, 1024]


def test_sequential_goes_on_and_comes_round():
    pool = ports(PortAssignment.SEQUENTIAL)
    assert [pool.take(5000, None) for _ in range(3)] == [1024, 1025, 1026]
    pool.release(1025)
    rest = [pool.take(5000, None) for _ in range(len(PUBLIC_PORTS) - 3)]
    assert rest == list(range(1027, 65_536))
    assert pool.take(5000, None) == 1025


def test_random_is_spread_unique_and_determined_by_the_seed():
    first, again, other = (ports(PortAssignment.RANDOM, seed) for seed in (1, 1, 2))
    taken = [first.take(5000, None) for _ in range(2000)]
    assert len(set(taken)) == 2000
    assert set(taken) <= set(PUBLIC_PORTS)
    assert min(taken) < 2000
    assert max(taken) > 64_000
    assert taken == [again.take(5000, None) for _ in range(2000)]
    assert taken != [other.take(5000, None) for _ in range(2000)]


def test_contiguous_keeps_neighbours_beside_each_other():
    pool = ports(PortAssignment.CONTIGUOUS)
    assert pool.take(5000, None) == 1024
    assert pool.take(7001, None) == 1027
    assert pool.take(5001, 1024) == 1025
    assert pool.take(7000, 1027) == 1026
    assert pool.take(9000, None) == 1028


def test_contiguous_takes_another_pair_if_the_place_beside_is_taken():
    pool = ports(PortAssignment.CONTIGUOUS)
    assert [pool.take(5000, None), pool.take(5001, 1024), pool.take(5001, 1024)] == [
        1024,
        1025,
        1027,
    ]


def test_contiguous_takes_what_there_is_when_all_pairs_are_broken():
    pool = ports(PortAssignment.CONTIGUOUS)
    pool._taken = set(PUBLIC_PORTS[::2])
    assert pool.take(5000, None) == 1025


@pytest.mark.parametrize("assignment", PortAssignment)
def test_every_port_is_given_once_and_then_none(assignment):
    pool = ports(assignment)
    if assignment is PortAssignment.CONTIGUOUS:
        taken = [pool.take(5000, None) for _ in range(200)]
        assert len(set(taken)) == 200
        return
    pool._taken = set(PUBLIC_PORTS) - {2000, 3000}
    assert {pool.take(1024, None), pool.take(1024, None)} == {2000, 3000}
    assert pool.take(1024, None) is None
    pool.release(2000)
    assert pool.take(1024, None) == 2000
