"""The parent's view of child processes: start, relay signals, collect results, never wait forever.

Each measurement runs in fresh processes, so that no stack inherits what another left behind. The
two ends of a pair are pinned to two cores where the system allows it.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from effort import Effort
from stack import Stack

T = TypeVar("T")

TIMEOUT_S = 30.0
"""The most one measurement may take."""

CLOSE_TIMEOUT_S = 5.0
"""How long a worker may take to close after its result."""

LINE_LIMIT = 1 << 20

WORKER = Path(__file__).with_name("worker.py")


class WorkerError(Exception):
    """A measurement failed; the text says why in one line."""


def run_alone(metric: str, stack: Stack, effort: Effort) -> Any:
    """The result of ``job`` in ``metric``, run in one process.

    Raises:
        WorkerError: It failed or took too long.
    """
    return asyncio.run(_run_alone(metric, stack, effort))


def run_pair(metric: str, stack: Stack, effort: Effort) -> tuple[Any, Any]:
    """The results of ``sender_job`` and ``receiver_job`` in ``metric``, run in two processes.

    Raises:
        WorkerError: Either failed or took too long.
    """
    return asyncio.run(_run_pair(metric, stack, effort))


async def _run_alone(metric: str, stack: Stack, effort: Effort) -> Any:
    async with _Worker(metric, stack, "alone", effort) as worker, _limited():
        return await worker.result()


async def _run_pair(metric: str, stack: Stack, effort: Effort) -> tuple[Any, Any]:
    cores = _two_cores()
    async with (
        _Worker(metric, stack, "sender", effort, next(cores)) as sender,
        _Worker(metric, stack, "receiver", effort, next(cores)) as receiver,
        _limited(),
    ):
        return await asyncio.gather(
            sender.result(pass_signal=receiver.take_signal),
            receiver.result(pass_signal=sender.take_signal),
        )


@contextlib.asynccontextmanager
async def _limited() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            yield
    except TimeoutError:
        raise WorkerError(f"no result after {TIMEOUT_S:.0f} s") from None


def _two_cores() -> Iterator[int | None]:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return iter(cores[:2] if len(cores) >= 2 else (None, None))


class _Worker:
    """One child process, which does not outlive the ``async with`` block."""

    def __init__(
        self, metric: str, stack: Stack, role: str, effort: Effort, core: int | None = None
    ) -> None:
        self._arguments = (metric, stack.module, role, json.dumps(effort))
        self._role = role
        self._core = core

    async def __aenter__(self) -> "_Worker":
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            WORKER,
            *self._arguments,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            limit=LINE_LIMIT,
        )
        self._stderr = asyncio.create_task(_present(self._process.stderr).read())
        if self._core is not None:
            os.sched_setaffinity(self._process.pid, {self._core})
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        _present(self._process.stdin).close()
        if exc_type is not None:
            self._kill()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()
            raise WorkerError(f"{self._role}: did not end after its result") from None
        finally:
            self._stderr.cancel()

    async def result(self, pass_signal: Callable[[Any], None] | None = None) -> Any:
        """Pass on what this worker signals until it tells its result."""
        stdout = _present(self._process.stdout)
        async for line in stdout:
            entry = json.loads(line)
            if "result" in entry:
                return entry["result"]
            if "error" in entry:
                raise WorkerError(f"{self._role}: {entry['error']}")
            _present(pass_signal)(entry["signal"])
        errors = (await self._stderr).decode(errors="replace").splitlines()
        raise WorkerError(f"{self._role}: {errors[-1] if errors else 'ended without a result'}")

    def take_signal(self, signal: Any) -> None:
        """Write a signal to the worker, unless it has ended."""
        with contextlib.suppress(ConnectionError):
            _present(self._process.stdin).write(json.dumps(signal).encode() + b"\n")

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()


def _present(value: T | None) -> T:
    """What asyncio's types call optional and what is always there here."""
    assert value is not None
    return value
