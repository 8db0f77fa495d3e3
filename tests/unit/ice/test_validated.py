import pytest

from frazil.ice.config import MAX_VALIDATED
from frazil.ice.validated import ValidatedAddresses

HERE, ELSEWHERE = ("192.0.2.1", 1), ("192.0.2.2", 2)
PEER, STRANGER = ("198.51.100.1", 3), ("198.51.100.2", 4)


def ways(*keys):
    addresses = ValidatedAddresses()
    for key in keys:
        addresses.add(key, None)
    return addresses


def test_only_what_was_added_is_there_however_often_one_asks():
    addresses = ways((HERE, PEER))
    for _ in range(2):
        assert addresses.has((HERE, PEER))
        assert not addresses.has((HERE, STRANGER))
        assert not addresses.has((ELSEWHERE, PEER))


@pytest.mark.parametrize(
    "forget",
    [
        lambda addresses: addresses.discard((HERE, PEER)),
        lambda addresses: addresses.remove(HERE),
        lambda addresses: addresses.clear(),
    ],
    ids=["discard", "remove", "clear"],
)
def test_what_was_just_asked_for_can_be_forgotten(forget):
    addresses = ways((HERE, PEER), (ELSEWHERE, PEER))
    assert addresses.has((HERE, PEER))
    forget(addresses)
    assert not addresses.has((HERE, PEER))


def test_too_many_push_the_oldest_out_though_it_was_just_asked_for():
    addresses = ways(*((HERE, ("203.0.113.1", port)) for port in range(MAX_VALIDATED)))
    oldest, second = (HERE, ("203.0.113.1", 0)), (HERE, ("203.0.113.1", 1))
    assert addresses.has(oldest)
    addresses.add((HERE, PEER), None)
    assert not addresses.has(oldest)
    assert addresses.has(second)
    addresses.add((HERE, STRANGER), in_use=second)
    assert addresses.has(second)
    assert not addresses.has((HERE, ("203.0.113.1", 2)))
    assert len(addresses) == MAX_VALIDATED
