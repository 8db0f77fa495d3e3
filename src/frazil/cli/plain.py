"""The timeline as plain lines, for pipes, logs and terminals without colours."""

from typing import TextIO

from frazil.cli.entry import (
    Entry,
    Judged,
    MessageArrived,
    MessageSent,
    Noted,
    PathChanged,
    StateMoved,
    StepBegan,
)
from frazil.cli.line_writer import LineWriter
from frazil.cli.wording import NOTABLE_S, is_told_twice, machine_name


class Plain:
    """Writes each entry as one line of ASCII, or a few."""

    def __init__(self, output: TextIO) -> None:
        self._writer = LineWriter(output)
        self._steps = 0

    def show(self, entry: Entry) -> None:
        """Write it at once."""
        if not is_told_twice(entry):
            self._writer.write(*self._lines(entry))

    def _lines(self, entry: Entry) -> tuple[str, ...]:
        match entry:
            case StepBegan(_, title, text):
                self._steps += 1
                return ("", f"{self._steps}. {title}: {text}")
            case StateMoved(at, peer, change):
                move = f"{change.old} -> {change.new}"
                return (_line(at, peer, machine_name(change), f"{move:<28} {change.reason.text}"),)
            case MessageSent(at, peer, text):
                return (_line(at, peer, "sends", ascii(text)),)
            case MessageArrived(at, peer, text, after_s):
                delay = f" after {after_s:.1f} s" if after_s >= NOTABLE_S else ""
                return (_line(at, peer, "receives", ascii(text) + delay),)
            case PathChanged(at, _, text) | Noted(at, text):
                return (f"{at:8.3f}  {text}",)
            case Judged(_, summary) if entry.ok:
                return ("", f"As expected: {summary}")
            case Judged():
                return ("", "NOT as expected:", *(f"  - {line}" for line in entry.differences))


def _line(at: float, peer: str, what: str, detail: str) -> str:
    return f"{at:8.3f}  {peer:<7} {what:<15} {detail}"
