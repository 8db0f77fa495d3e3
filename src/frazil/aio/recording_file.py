"""A recording on its way to a file, off the path of the connection."""

import atexit
import json
import logging
import os
import sys
from asyncio import AbstractEventLoop, TimerHandle, get_running_loop
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias
from weakref import WeakValueDictionary, ref

_Line: TypeAlias = Mapping[str, object]
"""As ``json.dumps`` takes it."""


@dataclass(frozen=True, slots=True)
class TraceFile:
    """Where to record a connection, for ``RTCPeerConnection(trace=...)``, and what to tell.

    Attributes:
        path: The file; an old one is overwritten, missing folders are made.
        keep_payload: Record what the messages are, and not only how long.
    """

    path: str | os.PathLike[str]
    keep_payload: bool = False

    def __post_init__(self) -> None:
        """Raise ``TypeError`` if ``path`` is no path."""
        if not isinstance(self.path, str | os.PathLike):
            raise TypeError(f"a recording needs the path of a file, not {self.path!r}")


_log = logging.getLogger("frazil.record")

_BATCH_SIZE: Final = 256
"""Lines that are handed over at once, at most."""
_BATCH_AGE_S: Final = 0.5
"""How long the first line of a batch waits for others."""
MAX_WAITING: Final = 65536
"""Lines that may wait for the disk; a disk that is slower ends the recording."""


class RecordingFile:
    """Writes the lines of one recording to a file, from a thread of its own.

    Trouble with the disk ends the recording and is logged once; the connection does not notice. A
    file that another connection is recorded in is such trouble, too.

    Args:
        path: The file; an old one is overwritten, missing folders are made.
        lost: Called for every line that is not taken because there was trouble.
    """

    __slots__ = (
        "__weakref__",
        "_batch",
        "_file",
        "_handed",
        "_has_ended",
        "_has_failed",
        "_is_closed",
        "_loop",
        "_lost",
        "_path",
        "_timer",
        "_written",
    )

    def __init__(self, path: Path, lost: Callable[[], None]) -> None:
        self._lost = lost
        self._batch: list[_Line] = []
        self._loop: AbstractEventLoop | None = None
        self._timer: TimerHandle | None = None
        self._handed = 0
        self._written = 0
        self._has_ended = False
        self._has_failed = False
        self._is_closed = False
        self._file: TextIO | None = None
        self._path = path.absolute()
        if _WRITERS.setdefault(self._path, self) is not self:
            self._end("another connection is recorded there; FRAZIL_TRACE=folder is for many")

    def write(self, line: _Line) -> None:
        """Take one line; it is on the disk some time later."""
        if self._is_closed:
            return
        if self._has_ended:
            self._lost()
            return
        self._batch.append(line)
        if len(self._batch) >= _BATCH_SIZE:
            self._hand_over()
        elif self._timer is None:
            self._hand_over_later()

    def close(self) -> None:
        """Write what is left and close the file, soon."""
        self._hand_over()
        self._is_closed = True
        _submit(self._close)
        if _WRITERS.get(self._path) is self:
            del _WRITERS[self._path]  # who comes next, waits in the thread

    def __del__(self) -> None:
        """Write what is left, and close the file, now: the connection went, and nobody closed it.

        Nothing waits in the thread any more, or it would hold the recording. Nor is anything handed
        to it: it may be this very handing over in which the garbage is collected.
        """
        if self._loop is not None and self._timer is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._timer.cancel)
        if self._batch:
            self._write(self._batch)
        self._close()

    def disown(self) -> None:
        """Write nothing any more: another process does."""
        self._is_closed = True
        self._batch.clear()

    def _hand_over_later(self) -> None:
        """Let the batch not wait for a line that may never come, nor the loop keep the file."""
        with suppress(RuntimeError):  # no loop runs: a later line or the end does it
            self._loop = get_running_loop()
            self._timer = self._loop.call_later(_BATCH_AGE_S, _hand_over, ref(self))

    def _hand_over(self) -> None:
        batch, self._batch = self._batch, []
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not batch:
            return
        self._handed += len(batch)
        if self._handed - self._written > MAX_WAITING:
            self._end("the disk is too slow")
            for _ in batch:
                self._lost()
            return
        _submit(self._write, batch)

    # --- in the thread ------------------------------------------------------------------------

    def _write(self, batch: list[_Line]) -> None:
        if not self._has_failed:
            try:
                file = self._opened()
                file.writelines(f"{json.dumps(line)}\n" for line in batch)
                file.flush()
            except OSError as error:
                self._has_failed = True
                self._end(str(error))
        self._written += len(batch)

    def _opened(self) -> TextIO:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8")
        return self._file

    def _close(self) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                if not self._has_failed:  # else it is the same trouble again
                    self._end(str(error))

    def _end(self, text: str) -> None:
        """Take no further lines. Those that wait are written, unless writing is what failed."""
        self._has_ended = True
        _log.warning(
            "FZ-RECORDING-LOST: the recording %s ends here, the connection goes on: %s",
            self._path,
            text,
            extra={"code": "FZ-RECORDING-LOST"},
        )


def _hand_over(file: "ref[RecordingFile]") -> None:
    if (each := file()) is not None:
        each._hand_over()


_WRITERS: Final[WeakValueDictionary[Path, RecordingFile]] = WeakValueDictionary()
"""Who writes to a file: two recordings in one would be of no use."""


@atexit.register
def _close_all() -> None:
    """The program ends: what it did not close is over, too."""
    for writer in list(_WRITERS.values()):
        writer.close()


def join_recordings(timeout_s: float | None = None) -> None:
    """Block until everything that recordings have handed over is on the disk.

    Raises:
        TimeoutError: It took longer than ``timeout_s``.
    """
    _thread().submit(lambda: None).result(timeout_s)


def _submit(job: Callable[..., None], *args: Any) -> None:
    """Have the thread do a job, or do it at once if the program ends and the thread has ended."""
    try:
        _thread().submit(job, *args)
    except RuntimeError:
        job(*args)


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread for all recordings; what it was given is done before the program ends."""
    return ThreadPoolExecutor(1, thread_name_prefix="frazil-recording")


def _begin_anew() -> None:
    """In a forked process: the thread is not there, and recordings go on where they began."""
    _thread.cache_clear()
    for writer in _WRITERS.values():
        writer.disown()
    _WRITERS.clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_begin_anew)
