"""The records in a file: recordings, or a trace on its own."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from frazil.explain.story import Story
from frazil.printable import printable
from frazil.trace import EVENTS, Fact, TraceRecord
from frazil.version import __version__

BEGINNING_MISSING: Final = (
    "the beginning of the recording is missing, so what is said of the rest may be wrong"
)
_LATEST: Final = 1e15
"""No clock shows this many seconds."""
_LARGEST: Final = 2**64
"""No number of ours is as large."""


@dataclass(slots=True)
class Account:
    """What a file tells of a connection.

    Attributes:
        records: What was decided, oldest first.
        unknown: How many more decisions there are, which this version does not know.
        header: The first line of a recording; empty for a trace, and where it is missing.
        damaged: How many lines are no JSON, a last one that is cut off aside.
        is_piece: Whether these are lines of a recording, but not its first.
    """

    records: list[TraceRecord] = field(default_factory=list)
    unknown: int = 0
    header: dict[str, Any] = field(default_factory=dict)
    damaged: int = 0
    is_piece: bool = False

    @property
    def keeps_addresses(self) -> bool:
        """Whether its addresses are those of the session, and not pseudonyms for them."""
        return self.header.get("keeps_addresses") is not False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing before the last line."""
        return not self.is_piece and self.damaged == 0

    @property
    def remarks(self) -> list[str]:
        """What to keep in mind when reading what the records say."""
        found = []
        if self.is_piece:
            found.append(BEGINNING_MISSING)
        if self.damaged:
            found.append(f"lines left out, which are damaged: {self.damaged}")
        is_recording = bool(self.header) or self.is_piece
        if is_recording and self.records and not Story(self.records, 0.0).is_closed:
            length_s = self.records[-1].last_at - self.records[0].at
            found.append(
                f"the recording ends early, after {length_s:.3f} s, with the connection still open:"
                " the program runs, ended without close(), could not write more"
                " (FZ-RECORDING-LOST), or the file was cut off"
            )
        if self.unknown:
            writer = f"frazil {printable(str(self.header.get('frazil', 'of another version')))}"
            found.append(
                f"decisions left out, which frazil {__version__} does not know: {self.unknown};"
                f" {writer} recorded them"
            )
        return found


def read_accounts(lines: Iterable[str]) -> list[Account]:
    """What recordings tell, one behind the other, or a file that :func:`trace_lines` made.

    A last line that is cut off is left out, and so is what comes before the first line that counts.

    Raises:
        ValueError: It is no such file.
    """
    accounts: list[Account] = []
    damaged = 0
    for text in lines:
        if not text.strip():
            continue
        line = load_line(text)
        if line is None:
            damaged += 1
            continue
        entries, records = _entries(line), records_of(line)
        if is_header(line):
            accounts.append(Account(header=line))
        elif not accounts and (records or is_call(line)):
            accounts.append(Account(is_piece=is_call(line)))
        elif accounts:
            accounts[-1].damaged += damaged
        damaged = 0
        if accounts:
            accounts[-1].records += records
            accounts[-1].unknown += len(entries) - len(records)
    if not accounts:
        raise ValueError("neither a recording nor a trace")
    return accounts


def load_line(text: str) -> Any:
    """One line as JSON; ``None`` if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_header(line: Any) -> bool:
    """Whether a line begins a recording."""
    return isinstance(line, dict) and "format" in line


def is_call(line: Any) -> bool:
    """Whether a line is one of a recording, but not its first."""
    return isinstance(line, dict) and ("call" in line or "api" in line)


def records_of(line: Any) -> list[TraceRecord]:
    """The records in one line."""
    return [record for entry in _entries(line) if (record := _record(entry)) is not None]


def trace_lines(records: Sequence[TraceRecord]) -> Iterator[str]:
    """Records as JSON lines: instant, layer, event, transport, then the facts."""
    for each in records:
        yield json.dumps([each.last_at, each.layer, each.event, each.transport, *each.values])


def _entries(line: Any) -> list[Any]:
    if isinstance(line, list):
        return [line]
    if not isinstance(line, dict):
        return []
    told = line.get("trace")
    return [line["api"]] if "api" in line else told if isinstance(told, list) else []


def _record(entry: Any) -> TraceRecord | None:
    if not isinstance(entry, list) or len(entry) < 4 or not isinstance(entry[0], int | float):
        return None
    at, layer, event, transport, *facts = entry
    kind = EVENTS.get(str(layer), {}).get(str(event))
    if kind is None or len(facts) != len(kind.facts) or not -_LATEST < at < _LATEST:
        return None
    return TraceRecord(float(at), kind, tuple(map(_fact, facts)), str(transport))


def _fact(value: Any) -> Fact:
    if isinstance(value, list):
        pairs = [each for each in value if isinstance(each, list) and len(each) == 2]
        return tuple((str(name), _scalar(each)) for name, each in pairs)
    return _scalar(value)


def _scalar(value: Any) -> str | int | float | bool | None:
    if isinstance(value, int | float):
        return value if -_LARGEST < value < _LARGEST else str(value)
    return value if isinstance(value, str | None) else json.dumps(value)
