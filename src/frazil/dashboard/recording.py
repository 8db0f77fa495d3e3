"""A recording, as the page shows it."""

from collections import deque
from collections.abc import Iterable
from typing import Final

from frazil.dashboard.encoding import MEANINGS, record_json
from frazil.dashboard.row import CONNECTION, Row, path_of
from frazil.dashboard.traffic import Traffic
from frazil.explain import explain
from frazil.explain.story import fact
from frazil.explain.trace_file import (
    BEGINNING_MISSING,
    is_call,
    is_header,
    load_line,
    records_of,
)
from frazil.peer.history import HISTORY_LIMIT
from frazil.record import Json
from frazil.trace import TraceRecord

MAX_RECORDS: Final = 50_000
"""Records of one recording that are kept: a day of a quiet connection."""
MAX_LINE: Final = 4 * 1024 * 1024
"""Characters of one line; a batch of datagrams has a tenth."""
_OTHERS_FOLLOW: Final = "the file has other recordings behind this one, which are not shown"
_CHANGED: Final = "state-changed"
_CONFIGURED: Final = "configured"


class Recording:
    """What is left of a recording that was read line by line: its records, and how much it carried.

    Of a long one these are the newest records, and of those before them the state changes and the
    last configuration.

    Args:
        name: What it is called: mostly its file name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._changes: deque[TraceRecord] = deque(maxlen=HISTORY_LIMIT)
        self._configured: deque[TraceRecord] = deque(maxlen=1)
        self._newest: deque[TraceRecord] = deque()
        self._read = 0
        self._traffic = Traffic()
        self._is_recording = False
        self._remarks: list[Json] = []
        self._is_over = False

    def feed(self, text: str) -> None:
        """Take the next line. What is damaged, or not known here, is left out."""
        if not text or len(text) > MAX_LINE or self._is_over:
            return
        line = load_line(text)
        records = records_of(line)
        if self._is_recording and is_header(line):
            self._is_over = True
            self._remarks.append(_OTHERS_FOLLOW)
            return
        if not self._is_recording and is_call(line):
            self._remarks.append(BEGINNING_MISSING)
            self._is_recording = True
        self._is_recording = self._is_recording or bool(records) or is_header(line)
        self._read += len(records)
        self._newest += records
        while len(self._changes) + len(self._configured) + len(self._newest) > MAX_RECORDS:
            oldest = self._newest.popleft()
            if oldest.event == _CHANGED:
                self._changes.append(oldest)
            elif oldest.event == _CONFIGURED:
                self._configured.append(oldest)
        if isinstance(line, dict):
            self._traffic.take(line)

    @property
    def records(self) -> list[TraceRecord]:
        """What is kept, oldest first, for whoever explains it.

        The configuration that outlives its time comes behind the state changes: a recording that
        begins with one counts as whole.
        """
        return [*self._changes, *self._configured, *self._newest]

    def check(self) -> None:
        """Be sure that it was one.

        Raises:
            ValueError: No line of it was of a recording or a trace.
        """
        if not self._is_recording:
            raise ValueError("neither a recording nor a trace")

    def row(self, id_: str) -> Row:
        """Its line in the list that calls it ``id_``."""
        records = self.records
        changes = [
            each
            for each in records
            if each.event == _CHANGED and fact(each, "machine") == CONNECTION
        ]
        pair, rtt_s = path_of(records)
        return Row(
            id=id_,
            name=self.name,
            state=str(fact(changes[-1], "new")) if changes else "new",
            since=None,
            why=str(fact(changes[-1], "text")) if changes else "",
            pair=pair,
            rtt_s=rtt_s,
        )

    def view(self) -> dict[str, Json]:
        """Everything that its page shows."""
        records = self.records
        forgotten = self._read - len(records)
        in_time = sorted(records, key=lambda each: each.at)
        return {
            "name": self.name,
            "is_live": False,
            "now": max((each.last_at for each in records), default=0.0),
            "epoch": None,
            "mark": None,
            "forgotten": forgotten,
            "counters": {},
            "findings": list[Json](explain(records).to_json()),  # type: ignore[arg-type]
            "remarks": self._remarks,
            "records": [record_json(*each) for each in enumerate(in_time, forgotten)],
            "traffic": self._traffic.to_json(),
            "meanings": MEANINGS,
        }


def read_recording(name: str, lines: Iterable[str]) -> Recording:
    """A recording, for ``recordings`` of :func:`serve`.

    Args:
        name: What to call it.
        lines: Those of its file.

    Raises:
        ValueError: It is none.
    """
    recording = Recording(name)
    for line in lines:
        recording.feed(line)
    recording.check()
    return recording
