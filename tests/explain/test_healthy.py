import pytest

from explain.healthy import hold

SAME_ADDRESS_AND_PORT = 734
"""Two homes with the same private addresses: a check of the peer's one comes back to oneself."""


@pytest.mark.parametrize("seed", [*range(36), SAME_ADDRESS_AND_PORT])
def test_nothing_is_said_about_a_healthy_session(seed):
    hold(seed)
