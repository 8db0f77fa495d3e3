from frazil.sctp.timer import RetryTimer


def test_patience_doubles_up_to_the_limit():
    timer = RetryTimer(max_s=3.0)
    timer.start(10.0, 1.0)
    expired_at = []
    while len(expired_at) < 4:
        now = timer.expires_at
        assert not timer.expire(now - 0.001)
        assert timer.expire(now)
        expired_at.append(now)
    assert expired_at == [11.0, 13.0, 16.0, 19.0]
    assert timer.expirations == 4


def test_stopped_timer_does_not_expire():
    timer = RetryTimer(max_s=3.0)
    assert not timer.expire(100.0)
    timer.start(10.0, 1.0)
    timer.stop()
    assert timer.expires_at is None
    assert not timer.expire(100.0)


def test_start_begins_anew():
    timer = RetryTimer(max_s=9.0)
    timer.start(0.0, 1.0)
    timer.expire(1.0)
    timer.start(5.0, 2.0)
    assert (timer.expires_at, timer.expirations) == (7.0, 0)


def test_hasten_expires_now_and_forgets_the_back_off():
    timer = RetryTimer(max_s=60.0)
    timer.start(0.0, 1.0)
    for at in (1.0, 3.0, 7.0):
        timer.expire(at)
    timer.hasten(8.0)
    assert timer.expire(8.0)
    assert (timer.expires_at, timer.expirations) == (9.0, 1)


def test_hasten_leaves_a_stopped_timer_alone():
    timer = RetryTimer(max_s=60.0)
    timer.hasten(8.0)
    assert timer.expires_at is None
