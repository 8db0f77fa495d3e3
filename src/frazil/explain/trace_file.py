"""The records in a file: a recording, or a trace on its own."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from frazil.explain.story import Story
from frazil.printable import printable
from frazil.trace import EVENTS, Fact, TraceRecord
from frazil.version import __version__

_LATEST: Final = 1e15
"""No clock shows this many seconds."""
_LARGEST: Final = 2**64
"""No number of ours is as large."""


class Account(NamedTuple):
    """What a file tells of a connection.

    Attributes:
        records: What was decided, oldest first.
        unknown: How many more decisions there are, which this version does not know.
        header: The first line of a recording; empty for a trace.
    """

    records: list[TraceRecord]
    unknown: int
    header: dict[str, Any]

    @property
    def keeps_addresses(self) -> bool:
        """Whether its addresses are those of the session, and not pseudonyms for them."""
        return self.header.get("keeps_addresses") is not False

    @property
    def remarks(self) -> list[str]:
        """What to keep in mind when reading what the records say."""
        found = []
        if self.header and self.records and not Story(self.records, 0.0).is_closed:
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


def read_account(lines: Iterable[str]) -> Account:
    """What a recording tells, or a file that :func:`trace_lines` made.

    A last line that is cut off is left out.

    Raises:
        ValueError: It is no such file.
    """
    records: list[TraceRecord] = []
    count = 0
    header: dict[str, Any] = {}
    for text in lines:
        line = load_line(text)
        header = header or (line if is_header(line) else {})
        records += records_of(line)
        count += len(_entries(line))
    if not records and not header:
        raise ValueError("neither a recording nor a trace")
    return Account(records, count - len(records), header)


def load_line(text: str) -> Any:
    """One line as JSON; ``None`` if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def is_header(line: Any) -> bool:
    """Whether a line begins a recording."""
    return isinstance(line, dict) and "format" in line


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
