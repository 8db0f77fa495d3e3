"""Where interop scenarios run: one event loop and two networks for a whole test session."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Self

from support.namespace import Wire

_SCENARIO_LIMIT_S = 50.0


class Laboratory:
    """Runs coroutines at the near end of a wire; browsers live at its far end.

    Attributes:
        wire: The only network of the two, to be cut by a scenario and healed after each.
    """

    def __init__(self) -> None:
        self.wire = Wire()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.wire.near.entered():
            self._runner.close()
        self.wire.close()

    def run(self, scenario: Coroutine[Any, Any, None]) -> None:
        """Run a scenario to its end, and see to it that nothing of it goes on.

        Raises:
            TimeoutError: it takes longer than 50 s.
            AssertionError: it leaves tasks behind, or an error reached nobody but the event loop.
        """
        try:
            self.host(_supervise(scenario))
        finally:
            self.wire.heal()

    def host(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine whose tasks may stay for later scenarios."""
        with self.wire.near.entered():
            self._runner.run(coroutine)


async def _supervise(scenario: Coroutine[Any, Any, None]) -> None:
    reports: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reports.append(report))
    before = asyncio.all_tasks()
    try:
        async with asyncio.timeout(_SCENARIO_LIMIT_S):
            await scenario
    finally:
        left = asyncio.all_tasks() - before
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    if left or reports:
        raise AssertionError(f"tasks left behind: {left}, errors that nobody heard: {reports}")
