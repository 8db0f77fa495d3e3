"""The parent's view of child processes: start, relay signals, collect results, never wait forever.

Each measurement runs in fresh processes, so that no stack inherits what another left behind. The
two ends of a pair are pinned to two cores where the system allows it.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from effort import QUICK, Effort
from network import Namespace
from path import Conditions, Path
from runtime import RuntimeMissingError
from stack import Stack
from task import Role, Task

T = TypeVar("T")

TIMEOUT_S = 60.0
"""The most that one measurement may take, unless it says otherwise."""

CLOSE_TIMEOUT_S = 15.0
"""How long a worker may take to close after its result."""

LINE_LIMIT = 1 << 20

LEAST_CARRIED = 1000
"""Datagrams that a path must have passed on: more than who only sees whether it is alive."""


class Place(NamedTuple):
    """Where an end runs.

    Attributes:
        core: The processor it is pinned to; any, if None.
        namespace: Its network; that of this process, if None.
        address: The address that it uses there; that of this process, if empty.
    """

    core: int | None = None
    namespace: Namespace | None = None
    address: str = ""


ANYWHERE = Place()


class WorkerError(Exception):
    """A measurement failed; the text says why in one line."""


def find_version(stack: Stack) -> str:
    """The version of a stack that is installed.

    Raises:
        WorkerError: It is not installed, or cannot be loaded.
    """
    try:
        stack.runtime.prepare()
    except RuntimeMissingError as error:
        raise WorkerError(str(error)) from None
    task = Task(Role.VERSION, "", QUICK, {})
    return str(asyncio.run(_run_alone(stack, task, TIMEOUT_S)))


def run_alone(
    job: str, stack: Stack, effort: Effort, *, timeout_s: float = TIMEOUT_S, **parameters: Any
) -> Any:
    """The result of a job that has both ends in one process.

    Args:
        job: Its name.
        stack: Whose.
        effort: How much to do.
        timeout_s: How long it may take.
        parameters: What the job needs to know besides.

    Raises:
        WorkerError: It failed or took too long.
    """
    task = Task(Role.ALONE, job, effort, parameters)
    return asyncio.run(_run_alone(stack, task, timeout_s))


def run_pair(
    job: str,
    stack: Stack,
    effort: Effort,
    *,
    receiver: Stack | None = None,
    timeout_s: float = TIMEOUT_S,
    path: Conditions | None = None,
    **parameters: Any,
) -> tuple[Any, Any]:
    """The results of the sender and of the receiver of a job, in two processes.

    Args:
        job: Its name.
        stack: Both ends' stack, unless the receiver has its own.
        effort: How much to do.
        receiver: The stack of the receiver.
        timeout_s: How long it may take.
        path: What is between the two; nothing but loopback, if None.
        parameters: What the job needs to know besides.

    Raises:
        WorkerError: Either failed or took too long.
    """
    task = Task(Role.SENDER, job, effort, parameters)
    return asyncio.run(_run_pair((stack, receiver or stack), task, timeout_s, _two_cores(), path))


def run_pairs(
    job: str,
    stacks: Sequence[Stack],
    effort: Effort,
    places: tuple[Place, Place],
    *,
    timeout_s: float = TIMEOUT_S,
    **parameters: Any,
) -> list[tuple[Any, Any]]:
    """The results of several pairs at the same time, a process for each end.

    Args:
        job: The name of the job that each pair has.
        stacks: One for each pair.
        effort: How much to do.
        places: Where the senders are, and the receivers.
        timeout_s: How long it may take.
        parameters: What the job needs to know besides.

    Raises:
        WorkerError: One of them failed or took too long.
    """
    task = Task(Role.SENDER, job, effort, parameters)

    async def run_all() -> list[tuple[Any, Any]]:
        runs = [_run_pair((stack, stack), task, timeout_s, places) for stack in stacks]
        return await asyncio.gather(*runs)

    return asyncio.run(run_all())


async def _run_alone(stack: Stack, task: Task, timeout_s: float) -> Any:
    async with _Worker(stack, task) as worker, _limited(timeout_s):
        return await worker.result()


async def _run_pair(
    stacks: tuple[Stack, Stack],
    task: Task,
    timeout_s: float,
    places: tuple[Place, Place],
    conditions: Conditions | None = None,
) -> tuple[Any, Any]:
    async with (
        _Worker(stacks[0], task, places[0]) as sender,
        _Worker(stacks[1], task._replace(role=Role.RECEIVER), places[1]) as receiver,
        Path(conditions or Conditions()) as path,
        _limited(timeout_s),
    ):
        lead = path.lead_through if conditions else _as_it_is
        results = await asyncio.gather(
            sender.result(pass_signal=lambda signal: receiver.take_signal(lead(signal))),
            receiver.result(pass_signal=lambda signal: sender.take_signal(lead(signal))),
        )
        if conditions and path.carried < LEAST_CARRIED:
            raise WorkerError("the two ends found a way around the path")
        return results


def _as_it_is(signal: Any) -> Any:
    return signal


@contextlib.asynccontextmanager
async def _limited(timeout_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError:
        raise WorkerError(f"no result after {timeout_s:.0f} s") from None


def _two_cores() -> tuple[Place, Place]:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (Place(cores[0]), Place(cores[1])) if len(cores) >= 2 else (ANYWHERE, ANYWHERE)


class _Worker:
    """One child process, which does not outlive the ``async with`` block."""

    def __init__(self, stack: Stack, task: Task, place: Place = ANYWHERE) -> None:
        self._command = (*stack.runtime.command, stack.module, task.to_json())
        self._role = task.role
        self._place = place

    async def __aenter__(self) -> "_Worker":
        pipe = asyncio.subprocess.PIPE
        core, namespace, address = self._place
        inside = ("nsenter", f"--net={namespace.path}") if namespace else ()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *inside,
                *self._command,
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                limit=LINE_LIMIT,
                env=os.environ | ({"BENCHMARK_ADDRESS": address} if address else {}),
            )
        except FileNotFoundError as error:
            raise WorkerError(f"{error.filename} is not installed") from None
        self._stderr = asyncio.create_task(_present(self._process.stderr).read())
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
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
            entry = _entry_of(line)
            if "result" in entry:
                return entry["result"]
            if "error" in entry:
                raise WorkerError(entry["error"])
            if "signal" in entry:
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


def _entry_of(line: bytes) -> dict[str, Any]:
    """What a worker tells; nothing if the line is a remark of a library (Pion's log goes there)."""
    with contextlib.suppress(ValueError):
        entry = json.loads(line)
        if isinstance(entry, dict):
            return entry
    return {}


def _present(value: T | None) -> T:
    """What asyncio's types call optional and what is always there here."""
    assert value is not None
    return value
