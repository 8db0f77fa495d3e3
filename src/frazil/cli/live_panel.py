"""What stays at the bottom of the terminal view: current states, their course, the current step."""

from collections import deque
from collections.abc import Mapping
from math import inf
from typing import Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from frazil.cli.entry import Entry, Judged, PathChanged, StateMoved, StepBegan
from frazil.cli.palette import badge, colour
from frazil.cli.strip import Span, cells

CELL_S: Final = 0.25
"""How long one cell of a strip is: 70 cells, a terminal of 80 columns, show 17 s."""
MAX_SPANS: Final = 256
_BADGES: Final = (("connection", "ice-connection"), ("signaling", "ice-gathering"))
_INITIAL: Final = {
    "connection": "new",
    "ice-connection": "new",
    "signaling": "stable",
    "ice-gathering": "new",
}
_MARK_S: Final = 5
_LABEL: Final = 8


class StatePanel:
    """Follows the entries and draws where things stand.

    Args:
        colours: The peers to show, and the colour of each.
    """

    def __init__(self, colours: Mapping[str, str]) -> None:
        self._colours = colours
        self._states = {peer: dict(_INITIAL) for peer in colours}
        names = (*colours, "path")
        self._spans = {name: deque[Span](maxlen=MAX_SPANS) for name in names}
        for name, spans in self._spans.items():
            spans.append(Span(-inf, "open" if name == "path" else "new"))
        self._step: StepBegan | None = None
        self._verdict: Judged | None = None
        self._spinner = Spinner("dots", style="bold")

    def follow(self, entry: Entry) -> None:
        """Take note of one more entry."""
        match entry:
            case StepBegan():
                self._step = entry
            case StateMoved(at, peer, change):
                self._states[peer][change.machine] = change.new
                if change.machine == "ice-connection":
                    self._spans[peer].append(Span(at, change.new))
            case PathChanged(at, blocked):
                self._spans["path"].append(Span(at, "blocked" if blocked else "open"))
            case Judged():
                self._verdict = entry

    def finish(self) -> None:
        """There will be no more: no step is under way."""
        self._step = None

    def view(self, now: float, width: int) -> RenderableType:
        """The whole panel.

        Args:
            now: Seconds since the demo began.
            width: Columns of the terminal.
        """
        if self._verdict is not None:
            now = self._verdict.at
        return Group(Text(), self._cards(), self._strips(now, width), Text(), self._status(now))

    # --- current states -----------------------------------------------------------------------

    def _cards(self) -> RenderableType:
        cards = Table.grid(expand=True)
        for _ in self._states:
            cards.add_column(ratio=1)
        cards.add_row(*(self._card(peer) for peer in self._states))
        return cards

    def _card(self, peer: str) -> RenderableType:
        states = self._states[peer]
        grid = Table.grid(padding=(0, 1))
        for pair in _BADGES:
            for name in pair:
                grid.add_row(Text(name, "dim"), badge(states[name]))
        colour_of_peer = self._colours[peer]
        title = Text(f" {peer} ", f"bold {colour_of_peer}")
        return Panel(grid, title=title, title_align="left", border_style=colour_of_peer)

    # --- their course -------------------------------------------------------------------------

    def _strips(self, now: float, width: int) -> RenderableType:
        count = max(10, width - _LABEL - 3)
        start_at = max(0.0, (int(now / CELL_S) + 1 - count) * CELL_S)
        begun = min(count, int((now - start_at) / CELL_S) + 1)
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=_LABEL, justify="right")
        for name, spans in self._spans.items():
            strip = Text()
            for state in cells(spans, start_at, CELL_S, begun):
                strip.append("▇", colour(state))
            grid.add_row(Text(name, self._colours.get(name, "dim")), strip)
        grid.add_row("", _axis(start_at, count))
        return grid

    # --- the current step ---------------------------------------------------------------------

    def _status(self, now: float) -> RenderableType:
        if self._verdict is not None:
            return _verdict(self._verdict)
        if self._step is None:
            return Text("  stopped", "bold yellow")
        elapsed = f"  {now - self._step.at:.1f} s"
        text = Text.assemble((self._step.title, "bold"), f"  {self._step.text}", (elapsed, "dim"))
        self._spinner.update(text=text)
        return Padding(self._spinner, (0, 2))


def _verdict(judged: Judged) -> RenderableType:
    if judged.ok:
        return Text.assemble(("  ✔ as expected  ", "bold green"), judged.summary)
    heading = Text("  ✘ not as expected", "bold red")
    return Group(heading, *(Text(f"    {line}") for line in judged.differences))


def _axis(start_at: float, count: int) -> Text:
    axis = ""
    mark_at = -(-start_at // _MARK_S) * _MARK_S
    while (column := round((mark_at - start_at) / CELL_S)) < count - 4:
        axis = f"{axis:<{column}}{mark_at:.0f} s"
        mark_at += _MARK_S
    return Text(axis, "bright_black")
