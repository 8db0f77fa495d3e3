"""How a pool replaces workers, in virtual time and without processes."""

import asyncio
from itertools import pairwise
from typing import ClassVar

import pytest

from frazil import InvalidStateError
from frazil.testing import run
from frazil.worker import WorkerError, WorkerPool, pool
from frazil.worker.pool import MAX_DELAY_S, PLACE_TIMEOUT_S, STEADY_AFTER_S
from support import worker_handler


class FakeProcess:
    """Starts, or does not, and lasts as long as it is told.

    Attributes:
        made: All of them.
        lives: How long the next ones last; ``None`` for one that does not start. Then for ever.
    """

    made: ClassVar = []
    lives: ClassVar = []

    def __init__(self, number, setup):
        self.number = number
        self.pid = 100 + len(self.made)
        self.at = asyncio.get_running_loop().time()
        self.life = self.lives.pop(0) if self.lives else 1e9
        self.is_ready = False
        self.sessions = {}
        self.gone = asyncio.Event()
        self.made.append(self)

    async def start(self):
        if self.life is None:
            raise WorkerError(f"{self.pid} did not start")
        self.is_ready = True
        self.timer = asyncio.get_running_loop().call_later(self.life, self.end)

    def end(self):
        self.is_ready = False
        self.gone.set()

    async def wait_ended(self):
        await self.gone.wait()
        return WorkerError(f"{self.pid} ended")

    async def stop(self):
        self.end()
        if self.life is not None:
            self.timer.cancel()


@pytest.fixture
def processes(monkeypatch):
    monkeypatch.setattr(pool, "WorkerProcess", FakeProcess)
    monkeypatch.setattr(FakeProcess, "made", [])
    monkeypatch.setattr(FakeProcess, "lives", [])
    return FakeProcess


def watch(duration_s):
    """Run a pool of one for a while; when its processes were started, and what was reported."""
    reports = []

    async def main(net):
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reports.append(str(context["exception"])))
        async with WorkerPool(worker_handler.echo, workers=1):
            await asyncio.sleep(duration_s)

    run(main)
    return [process.at for process in FakeProcess.made], reports


def test_a_worker_that_ends_is_replaced_at_once(processes):
    processes.lives[:] = [STEADY_AFTER_S, STEADY_AFTER_S]
    starts, reports = watch(60)
    assert starts == pytest.approx([0, 10.1, 20.2])
    assert reports == ["100 ended", "101 ended"]


def test_workers_that_end_soon_are_replaced_ever_more_slowly(processes):
    processes.lives[:] = [0] * 12
    starts, reports = watch(120)
    waits = [after - before for before, after in pairwise(starts)]
    assert waits[:9] == pytest.approx([0.1 * 2**n for n in range(9)])
    assert waits[9:] == pytest.approx([MAX_DELAY_S] * len(waits[9:]))
    assert len(waits) >= 10
    assert len(reports) == len(starts)


def test_a_replacement_that_does_not_start_is_tried_again(processes):
    processes.lives[:] = [60, None, None]
    starts, reports = watch(120)
    assert starts == pytest.approx([0, 60.1, 60.3, 60.7])
    assert reports == ["100 ended", "101 did not start", "102 did not start"]


def test_an_offer_waits_a_little_for_a_worker(processes):
    processes.lives[:] = [0, *[None] * 20]

    async def main(net):
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: None)
        async with WorkerPool(worker_handler.echo, workers=1) as pool:
            await asyncio.sleep(1)
            at = loop.time()
            with pytest.raises(WorkerError, match="no worker is ready"):
                await pool.accept({"type": "offer", "sdp": ""})
            assert loop.time() - at == pytest.approx(PLACE_TIMEOUT_S)
            waiting = asyncio.create_task(pool.accept({"type": "offer", "sdp": ""}))
            await asyncio.sleep(1)
        with pytest.raises(InvalidStateError, match="takes no offers"):
            await waiting

    run(main)


def test_if_one_does_not_start_none_is_left(processes):
    processes.lives[:] = [60, None]

    async def main(net):
        with pytest.raises(WorkerError, match="101 did not start"):
            async with WorkerPool(worker_handler.echo, workers=2):
                pytest.fail("it started")
        assert not any(process.is_ready for process in processes.made)

    run(main)


def test_a_pool_starts_once(processes):
    async def main(net):
        pool = WorkerPool(worker_handler.echo, workers=1)
        async with pool:
            with pytest.raises(RuntimeError, match="only once"):
                await pool.__aenter__()
        with pytest.raises(RuntimeError, match="only once"):
            await pool.__aenter__()

    run(main)
