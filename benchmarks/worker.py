"""The Python worker: runs one end of a pair, or both, and prints its result.

Arguments: the stack's module and a :class:`~task.Task`. Standard output has one JSON object per
line, with one key: ``signal`` (for the other end), ``result`` or ``error``. A worker alone reads
nothing; the others read signals, one per line, and close when their input ends.
"""

import asyncio
import importlib
import json
import sys
from typing import Any

from peer import Adapter, Signal
from task import Role, Task

LINE_LIMIT = 1 << 20


def say(**entry: Any) -> None:
    """Tell the parent."""
    print(json.dumps(entry), flush=True)


async def run_end(adapter: Adapter, task: Task) -> None:
    """Connect one end, run its job, and close when the parent has both results."""

    def send_signal(signal: Signal) -> None:
        say(signal=signal)

    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    peer = adapter.make_peer(send_signal)
    job = getattr(importlib.import_module(task.job), f"{task.role}_job")

    async def take_signals() -> None:
        async for line in lines:
            await peer.receive_signal(json.loads(line))

    async def work() -> None:
        if task.role is Role.SENDER:
            await peer.offer()
        await peer.open
        say(result=await job(peer, task.effort, **task.parameters))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(take_signals())
            group.create_task(work())
    finally:
        await peer.close()


async def run_alone(adapter: Adapter, task: Task) -> None:
    """Run a job that has both ends in this process."""
    job = importlib.import_module(task.job).job
    say(result=await job(adapter, task.effort, **task.parameters))


def main() -> None:
    """Do what the arguments say."""
    stack_module, text = sys.argv[1:]
    task = Task.from_json(text)
    try:
        adapter = importlib.import_module(stack_module)
        if task.role is Role.VERSION:
            say(result=adapter.VERSION)
        elif task.role is Role.ALONE:
            adapter.run(run_alone(adapter, task))
        else:
            adapter.run(run_end(adapter, task))
    except Exception as error:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        say(error=f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main()
