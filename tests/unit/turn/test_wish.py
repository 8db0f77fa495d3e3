import pytest

from frazil.stun import Attribute
from frazil.turn import RelayFamily, TurnConfig
from frazil.turn.failure import Failure
from frazil.turn.wish import Wish

NO_FAMILY, FULL, FORBIDDEN = Failure(440, ""), Failure(508, ""), Failure(403, "")


def families(wish):
    attributes = wish.attributes()
    assert attributes[Attribute.LIFETIME] == 600
    return (
        attributes.get(Attribute.REQUESTED_ADDRESS_FAMILY),
        attributes.get(Attribute.ADDITIONAL_ADDRESS_FAMILY),
    )


def wishing(family):
    return Wish(TurnConfig("user", "password", family=family))


def test_both_then_ipv4_then_ipv6_then_nothing():
    wish = wishing(RelayFamily.BOTH)
    assert families(wish) == (None, 2)
    assert wish.settle_for_less(FULL)
    assert families(wish) == (None, None)
    assert wish.settle_for_less(NO_FAMILY)
    assert families(wish) == (2, None)
    assert not wish.settle_for_less(NO_FAMILY)
    assert wish.first_failure is FULL


@pytest.mark.parametrize("family", [RelayFamily.IPV4, RelayFamily.IPV6])
def test_who_wants_one_family_takes_no_other(family):
    wish = wishing(family)
    assert not wish.settle_for_less(NO_FAMILY)
    assert wish.first_failure is None


def test_other_refusals_are_final():
    assert not wishing(RelayFamily.BOTH).settle_for_less(FORBIDDEN)
