"""A recording, as the page shows it."""

from collections.abc import Iterable
from typing import Final

from frazil.dashboard.encoding import MEANINGS, record_json
from frazil.dashboard.row import CONNECTION, Row, path_of
from frazil.dashboard.traffic import Traffic
from frazil.explain import explain
from frazil.explain.story import fact
from frazil.explain.trace_file import is_header, load_line, records_of
from frazil.record import Json
from frazil.trace import TraceRecord

MAX_RECORDS: Final = 50_000
"""Records of one recording that are kept: days of a quiet connection."""
MAX_LINE: Final = 4 * 1024 * 1024
"""Characters of one line; a batch of datagrams has a tenth."""
FORGOTTEN: Final = "recording-record-forgotten"
"""What counts records beyond :data:`MAX_RECORDS`."""


class Recording:
    """What is left of a recording that was read line by line: its records, and how much it carried.

    Args:
        name: What it is called: mostly its file name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: list[TraceRecord] = []
        self._traffic = Traffic()
        self._dropped = 0
        self._is_recording = False

    def feed(self, text: str) -> None:
        """Take the next line. What is damaged, or not known here, is left out."""
        if not text or len(text) > MAX_LINE:
            return
        line = load_line(text)
        records = records_of(line)
        self._is_recording = self._is_recording or bool(records) or is_header(line)
        room = MAX_RECORDS - len(self.records)
        self.records += records[:room]
        self._dropped += len(records[room:])
        if isinstance(line, dict):
            self._traffic.take(line)

    def check(self) -> None:
        """Be sure that it was one.

        Raises:
            ValueError: No line of it was of a recording or a trace.
        """
        if not self._is_recording:
            raise ValueError("neither a recording nor a trace")

    def row(self, id_: str) -> Row:
        """Its line in the list that calls it ``id_``."""
        changes = [
            each
            for each in self.records
            if each.event == "state-changed" and fact(each, "machine") == CONNECTION
        ]
        pair, rtt_s = path_of(self.records)
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
        return {
            "name": self.name,
            "is_live": False,
            "now": max((each.last_at for each in self.records), default=0.0),
            "epoch": None,
            "mark": None,
            "forgotten": 0,
            "counters": {FORGOTTEN: self._dropped} if self._dropped else {},
            "findings": list[Json](explain(self.records).to_json()),  # type: ignore[arg-type]
            "records": [record_json(*each) for each in enumerate(self.records)],
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
