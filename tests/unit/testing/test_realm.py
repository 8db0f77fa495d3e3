from random import Random

import pytest

from frazil.testing import FULL_CONE, OPEN, Router, VirtualNetwork
from frazil.testing.realm import Realm


def router(name, outside, *public):
    return Router(name, public, kind=FULL_CONE, firewall=OPEN, outside=outside, random=Random(0))


def test_translated_addresses_stay_inside():
    internet = Realm()
    home = router("home", internet, "203.0.113.5")
    home.inside.claim("192.168.1.2", home)
    assert internet.owner("192.168.1.2") is None
    assert internet.owner("203.0.113.5") is home


def test_others_lead_to_the_router_as_far_out_as_nobody_translates():
    internet = Realm()
    outer = router("outer", internet)
    inner = router("inner", outer.inside, "10.0.0.1")
    host = VirtualNetwork().host("alice")
    inner.inside.claim("2001:db8::2", host)
    realms = (inner.inside, outer.inside, internet)
    assert [realm.owner("2001:db8::2") for realm in realms] == [host, inner, outer]
    assert [realm.owner("10.0.0.1") for realm in realms] == [None, inner, outer]
    inner.inside.release("2001:db8::2")
    assert [realm.owner("2001:db8::2") for realm in realms] == [None, None, None]


def test_an_address_that_is_taken_further_out_is_taken():
    internet = Realm()
    outer = router("outer", internet)
    internet.claim("2001:db8::2", router("other", internet))
    with pytest.raises(ValueError, match="other already has 2001:db8::2"):
        outer.inside.claim("2001:db8::2", outer)
    assert outer.inside.owner("2001:db8::2") is None
