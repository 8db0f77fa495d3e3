"""One entry as a line of the terminal view."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

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
from frazil.cli.palette import colour
from frazil.cli.wording import NOTABLE_S, machine_name
from frazil.trace import StateChange

WIDE: Final = 116
"""Columns of a terminal from which a reason has room behind its state change."""
_TIME, _PEER, _WHAT, _MOVE = 8, 6, 14, 26


class LineMaker:
    """Turns entries into lines.

    Args:
        colours: The colour of each peer.
        width: Columns of the terminal.
    """

    def __init__(self, colours: Mapping[str, str], width: int) -> None:
        self._colours = colours
        self._is_wide = width >= WIDE
        self._steps = 0

    def line(self, entry: Entry) -> RenderableType | None:
        """What to print, if anything."""
        match entry:
            case StepBegan(_, title, text):
                return self._heading(title, text)
            case StateMoved(at, peer, change):
                return self._state(at, peer, change)
            case MessageSent(at, peer, text):
                return self._message(at, peer, "sends", Text(f"“{text}”", "bold"))
            case MessageArrived(at, peer, text, after_s):
                line = Text(f"“{text}”", "bold")
                if after_s >= NOTABLE_S:
                    line.append(f" after {after_s:.1f} s", "not bold yellow")
                return self._message(at, peer, "receives", line)
            case PathChanged(at, blocked, text):
                return self._free(at, Text(text, "bold red" if blocked else "bold green"))
            case Noted(at, text):
                return self._free(at, Text(text, "italic"))
            case Judged():
                return None

    def _heading(self, title: str, text: str) -> RenderableType:
        self._steps += 1
        heading = Text.assemble((f"{self._steps}  {title}", "bold"), (f"  {text}", "not bold dim"))
        return Padding(Rule(heading, align="left", style="bright_black"), (1, 0, 0, 0))

    def _state(self, at: float, peer: str, change: StateChange) -> RenderableType:
        move = Text.assemble(
            (f"{change.old} → ", "bright_black"), (change.new, f"bold {colour(change.new)}")
        )
        reason = Text(change.reason.text, "dim")
        row = self._row(_WHAT, _MOVE, None)
        cells = (self._at(at), self._name(peer), machine_name(change), move)
        if self._is_wide:
            row.add_row(*cells, reason)
            return row
        row.add_row(*cells)
        return Group(row, Padding(reason, (0, 0, 0, _TIME + 2)))

    def _message(self, at: float, peer: str, verb: str, text: Text) -> RenderableType:
        row = self._row(_WHAT, None)
        row.add_row(self._at(at), self._name(peer), verb, text)
        return row

    def _free(self, at: float, text: Text) -> RenderableType:
        row = self._row(None)
        row.add_row(self._at(at), "", text)
        return row

    def _row(self, *widths: int | None) -> Table:
        row = Table.grid(padding=(0, 2))
        row.add_column(width=_TIME, justify="right")
        row.add_column(width=_PEER)
        for width in widths:
            row.add_column(width=width)
        return row

    def _at(self, at: float) -> Text:
        return Text(f"{at:.3f}", "bright_black")

    def _name(self, peer: str) -> Text:
        return Text(peer, self._colours.get(peer, ""))
