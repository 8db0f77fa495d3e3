"""Many independent pieces of work on all cores, with progress, within a time limit."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from textwrap import shorten
from typing import Final, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_PROGRESS_S: Final = 2.0
_LONGEST_TEXT: Final = 1000


class CampaignError(Exception):
    """A piece of work failed, or the time was up before all were done."""


def campaign(
    work: Callable[[Job], Result], jobs: Sequence[Job], *, limit_s: float, processes: int = 2
) -> list[Result]:
    """Do all jobs and return their results in order.

    Args:
        work: A function of a module, so that other processes find it.
        jobs: What to do; each prints as its name.
        limit_s: How long all of it may take.
        processes: How many at a time.

    Raises:
        CampaignError: With the names of the jobs that failed, or with what was done in time.
    """
    began_at = time.monotonic()
    failures: list[str] = []
    with ProcessPoolExecutor(processes, initializer=_warn_of_nothing) as pool:
        futures = {pool.submit(work, job): job for job in jobs}
        try:
            for future in _in_time(futures, began_at, limit_s):
                error = future.exception()
                if error is not None:
                    failures.append(shorten(f"{futures[future]}: {error!r}", _LONGEST_TEXT))
                    print(f"\nFAILED {failures[-1]}", file=sys.stderr)
        finally:
            pool.shutdown(cancel_futures=True)
    if failures:
        raise CampaignError(f"{len(failures)} of {len(jobs)} failed, first: {failures[0]}")
    return [future.result() for future in futures]


def _warn_of_nothing() -> None:
    """What sessions warn of is what was done to them, and would drown the progress."""
    logging.getLogger("frazil").setLevel(logging.CRITICAL)


def _in_time(futures: dict[Future[Result], Job], began_at: float, limit_s: float):
    """The futures as they are done, with a line of progress now and then."""
    shown_at = 0.0
    try:
        for done, future in enumerate(as_completed(futures, timeout=limit_s), 1):
            yield future
            now = time.monotonic()
            if now - shown_at >= _PROGRESS_S or done == len(futures):
                shown_at = now
                _show(done, len(futures), now - began_at)
    except TimeoutError:
        done = sum(future.done() for future in futures)
        raise CampaignError(f"{done} of {len(futures)} done after {limit_s:.0f} s") from None


def _show(done: int, total: int, elapsed_s: float) -> None:
    left_s = elapsed_s / done * (total - done)
    line = f"{done} of {total}, {elapsed_s:.0f} s, about {left_s:.0f} s to go"
    print(f"\r\033[K{line}", end="" if done < total else "\n", file=sys.stderr, flush=True)
