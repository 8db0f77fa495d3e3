from frazil.turn.lease import Lease


def test_a_new_lease_waits_for_nothing():
    lease = Lease()
    assert not lease.is_granted
    assert lease.next_timeout() is None
    assert not lease.is_due(1e9)
    assert not lease.lapse(1e9)


def test_a_lease_is_due_then_expires_once():
    lease = Lease()
    lease.grant(100.0, 300.0, 240.0)
    assert lease.is_granted
    assert lease.next_timeout() == 340.0
    assert not lease.is_due(339.9)
    assert lease.is_due(340.0)
    lease.renew_at = None
    assert lease.next_timeout() == 400.0
    assert not lease.lapse(399.9)
    assert lease.lapse(400.0)
    assert not lease.lapse(400.0)
    assert not lease.is_granted
    assert lease.next_timeout() is None


def test_an_expired_lease_can_be_due():
    lease = Lease()
    lease.grant(0.0, 10.0, 5.0)
    assert lease.lapse(10.0)
    assert lease.next_timeout() == 5.0
    assert lease.is_due(10.0)
