import pytest

from explain.healthy import hold


@pytest.mark.parametrize("seed", range(36))
def test_nothing_is_said_about_a_healthy_session(seed):
    hold(seed)
