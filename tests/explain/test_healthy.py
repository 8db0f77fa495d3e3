import pytest

from explain.healthy import hold, outlast
from explain.scene import channels_come_and_go
from support.scenario import Stage

SAME_ADDRESS_AND_PORT = 734
"""Two homes with the same private addresses: a check of the peer's one comes back to oneself."""


@pytest.mark.parametrize("seed", [*range(36), SAME_ADDRESS_AND_PORT])
def test_nothing_is_said_about_a_healthy_session(seed):
    hold(seed)


async def restarts(stage: Stage) -> None:
    for _ in range(12):
        await stage.negotiate(ice_restart=True)
        await stage.sleep(5)


async def channels(stage: Stage) -> None:
    await channels_come_and_go(stage, 60)


@pytest.mark.parametrize("lite", [False, True])
@pytest.mark.parametrize("act", [restarts, channels])
def test_nothing_is_said_whatever_the_ring_has_forgotten(act, lite):
    outlast(act, lite=lite)
