"""Whether a connection is recorded, and where."""

import os
import time
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, TypeAlias

from frazil.aio.recording_file import RecordingFile, TraceFile
from frazil.peer.connection import PeerConnection
from frazil.peer.factory import unrecorded_connection
from frazil.peer.setup import Setup
from frazil.trace import Trace
from frazil.types import RandomBytes

FOLDER: Final = "FRAZIL_TRACE"
"""The environment variable that names a folder; every connection then gets a file in it."""
_number = count(1)

Target: TypeAlias = TraceFile | str | os.PathLike[str] | None
"""What ``RTCPeerConnection(trace=...)`` takes."""


def make_connection(
    setup: Setup, random_bytes: RandomBytes, trace: Trace, target: Target
) -> tuple[PeerConnection, RecordingFile | None]:
    """The core of a connection, and the file in which it is recorded, if it is.

    Raises:
        TypeError: ``target`` is no path.
    """
    wanted = _wanted(target)
    if wanted is None:
        return unrecorded_connection(setup, random_bytes, trace), None
    # Loaded by those who record only: it is a large part of all that there is to load.
    from frazil.record import RecordedConnection, Recorder, Redaction

    file = RecordingFile(Path(wanted.path), partial(trace.count, "recording-line-lost"))
    redaction = Redaction(keep_payload=wanted.keep_payload)
    recorder = Recorder(file.write, redaction, random_bytes, trace)
    try:
        return RecordedConnection(setup, trace, recorder), file
    except BaseException:
        file.close()  # it tells why
        raise


def _wanted(target: Target) -> TraceFile | None:
    if target is not None:
        return target if isinstance(target, TraceFile) else TraceFile(target)
    folder = os.environ.get(FOLDER)
    if not folder:
        return None
    began = time.strftime("%Y%m%dT%H%M%S")
    # In containers that have the folder in common, processes have the same number.
    name = f"{began}-{os.getpid()}-{next(_number)}-{os.urandom(4).hex()}.jsonl"
    return TraceFile(Path(folder) / name)
