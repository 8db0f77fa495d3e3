"""The records in a file: a recording, or a trace on its own."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from frazil.trace import EVENTS, Fact, TraceRecord

_LATEST: Final = 1e15
"""No clock shows this many seconds."""


def read_records(lines: Iterable[str]) -> list[TraceRecord]:
    """The records of a recording, or of a file that :func:`trace_lines` made.

    What is not known here, because another version wrote it, is left out, and so is a last line
    that is cut off.

    Raises:
        ValueError: It is no such file.
    """
    records: list[TraceRecord] = []
    has_header = False
    for text in lines:
        line = load_line(text)
        has_header = has_header or is_header(line)
        records += records_of(line)
    if not records and not has_header:
        raise ValueError("neither a recording nor a trace")
    return records


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
    kind = EVENTS.get((str(layer), str(event)))
    if kind is None or len(facts) != len(kind.facts) or not -_LATEST < at < _LATEST:
        return None
    return TraceRecord(float(at), kind, tuple(map(_fact, facts)), str(transport))


def _fact(value: Any) -> Fact:
    if isinstance(value, list):
        pairs = [each for each in value if isinstance(each, list) and len(each) == 2]
        return tuple((str(name), _scalar(each)) for name, each in pairs)
    return _scalar(value)


def _scalar(value: Any) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | None) else json.dumps(value)
