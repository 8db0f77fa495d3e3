import asyncio
import time

from frazil.aio.clock import clock_of
from frazil.testing import run


class Late(asyncio.SelectorEventLoop):
    def time(self) -> float:
        return super().time() + 1000.0


def test_the_loops_of_asyncio_are_not_asked():
    loop = asyncio.new_event_loop()
    try:
        assert clock_of(loop) is time.monotonic
        assert loop.time() <= clock_of(loop)() <= loop.time()
    finally:
        loop.close()


def test_a_loop_with_a_time_of_its_own_is_asked():
    loop = Late()
    try:
        assert clock_of(loop)() > time.monotonic() + 900.0
    finally:
        loop.close()


def test_the_time_of_a_virtual_network_is_virtual():
    async def wait(_: object) -> tuple[float, float]:
        clock = clock_of(asyncio.get_running_loop())
        before = clock()
        await asyncio.sleep(5.0)
        return before, clock()

    before, after = run(wait)
    assert after == before + 5.0
