"""What a trace has to tell since somebody last looked."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from frazil.trace import EVENTS, StateChange, Trace, TraceRecord, facts_of_change

_CHANGED: Final = EVENTS["peer"]["state-changed"]


class Mark(NamedTuple):
    """How far somebody has read.

    Attributes:
        number: How many records there have been.
        at: The instant of the last one; routine records change up to then.
    """

    number: int = 0
    at: float = float("-inf")


def read(trace: Trace, mark: Mark) -> tuple[list[tuple[int, TraceRecord]], Mark]:
    """The records that are new since ``mark``, or were repeated since, and the next mark.

    Each comes with its number, which it keeps. Nothing is remembered here: whoever reads holds the
    mark.
    """
    records, first = trace.records, trace.forgotten
    changed = [
        (number, record)
        for number, record in enumerate(records, first)
        if number >= mark.number or (record.count > 1 and record.last_at >= mark.at)
    ]
    latest = max((each.last_at for each in records), default=mark.at)
    return changed, Mark(first + len(records), max(mark.at, latest))


def forgotten_changes(
    history: Sequence[StateChange], trace: Trace
) -> Iterator[tuple[int, TraceRecord]]:
    """The state changes that the trace has forgotten, as the records that they were.

    Their numbers are negative: they come before all others.
    """
    held = sum(record.kind is _CHANGED for record in trace.records)
    lost = history[: len(history) - held] if held else history
    for number, change in enumerate(lost, -len(lost)):
        facts = facts_of_change(change.machine, change.old, change.new, change.reason)
        yield number, TraceRecord(change.at, _CHANGED, facts)
