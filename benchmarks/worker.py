"""A child process of the benchmarks: runs one end of a pair, or both, and prints its result.

Arguments: the metric's module, the stack's module, the role and the effort as JSON. Standard output
has one JSON object per line, with one key: ``signal`` (for the other end), ``result`` or ``error``.
With the role ``alone`` nothing is read; the other roles read signals, one per line, and close when
their input ends.
"""

import asyncio
import importlib
import json
import sys
from types import ModuleType
from typing import Any

from effort import Effort
from stack import Adapter, Signal

LINE_LIMIT = 1 << 20


def say(**entry: Any) -> None:
    """Tell the parent."""
    print(json.dumps(entry), flush=True)


async def run_end(metric: ModuleType, adapter: Adapter, role: str, effort: Effort) -> None:
    """Connect one end, run its job, and close when the parent has both results."""

    def send_signal(signal: Signal) -> None:
        say(signal=signal)

    lines = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    peer = adapter.make_peer(send_signal)
    jobs = {"sender": "sender_job", "receiver": "receiver_job"}
    job = getattr(metric, jobs[role])

    async def take_signals() -> None:
        async for line in lines:
            await peer.receive_signal(json.loads(line))

    async def work() -> None:
        if role == "sender":
            await peer.offer()
        await peer.open
        say(result=await job(peer, effort))

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(take_signals())
            group.create_task(work())
    finally:
        await peer.close()


async def run_alone(metric: ModuleType, adapter: Adapter, effort: Effort) -> None:
    """Run a job that has both ends in this process."""
    say(result=await metric.job(adapter, effort))


def main() -> None:
    """Run the role that the arguments name."""
    metric_module, stack_module, role, effort_json = sys.argv[1:]
    metric = importlib.import_module(metric_module)
    adapter = importlib.import_module(stack_module)
    effort = Effort(*json.loads(effort_json))
    try:
        if role == "alone":
            adapter.run(run_alone(metric, adapter, effort))
        else:
            adapter.run(run_end(metric, adapter, role, effort))
    except Exception as error:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        say(error=f"{type(error).__name__}: {error}")
        raise


if __name__ == "__main__":
    main()
