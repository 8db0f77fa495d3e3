from frazil.ice.pac_timer import PacTimer


def test_it_does_not_run_before_the_checks():
    timer = PacTimer()
    assert timer.deadline is None
    assert timer.handle_timeout(1e9) is None
    assert not timer.is_over


def test_it_fires_once():
    timer = PacTimer()
    timer.start(40.0)
    assert timer.handle_timeout(39.9) is None
    assert (timer.deadline, timer.is_over) == (40.0, False)
    assert timer.handle_timeout(41.0) == 40.0
    assert (timer.deadline, timer.is_over) == (None, True)
    assert timer.handle_timeout(42.0) is None
