"""What an event loop still has to do, in words."""

import asyncio
from collections.abc import Iterator
from types import CodeType
from typing import Any


def describe_tasks(loop: asyncio.AbstractEventLoop) -> list[str]:
    """One line for each unfinished task but the current one: its name and where it waits."""
    current = asyncio.current_task(loop) if loop.is_running() else None
    tasks = [task for task in asyncio.all_tasks(loop) if task is not current]
    return sorted(f"{task.get_name()}: {_whereabouts(task)}" for task in tasks)


def _whereabouts(task: asyncio.Task[Any]) -> str:
    """The chain of coroutines from the task's own down to the one that waits."""
    return " > ".join(
        f"{code.co_qualname} ({code.co_filename}:{line})"
        for code, line in _suspended(task.get_coro())
    )


def _suspended(coroutine: Any) -> Iterator[tuple[CodeType, int]]:
    # What is awaited last is a future, or an object without a frame.
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        yield frame.f_code, frame.f_lineno
        coroutine = coroutine.cr_await
