"""Draws the state diagrams of the reference as SVG that follows the colours of the page.

The pages hold them as mermaid text, which is written from the transition tables and which code
hosts show as it is. Which moves there are and what causes them is read from that text; only the
places of the states are chosen, in ``state_layout``.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from html import escape
from math import hypot
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from state_layout import LAYOUTS, START, Layout, Point, Route

_PROGRESS = {
    *("remote-candidate", "pair-valid", "checks-done"),
    *("started", "client-hello-received", "handshake-completed", "confirmed"),
    *("local offer", "local answer", "local pranswer"),
    *("remote offer", "remote answer", "remote pranswer"),
}
_RETURN = {"liveness-back", "new-pairs", "restart", "local rollback"}
_END = {"gave-up", "consent-lost", "handshake-timeout", "alert-received"}

_BOX = (126, 40)
_LETTER = 9.0
"""Pixels for a letter of a name that the usual box is too narrow for."""
_GAP = 3
"""Pixels between a box and the tip of an arrow."""
_DOT = 6
_PARALLEL = 11
"""Pixels between a line and the middle, where there is one for the way back too."""
_LINE = 13
"""Pixels from one line of a label to the next."""
_LONG = 25
"""Letters of a cause that takes two lines."""
_MOVE = re.compile(r"(\S+) --> (\S+?)(?:: (.+))?$")


class Move(NamedTuple):
    """An arrow."""

    old: str
    new: str
    causes: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What its first cause leads to, for its colour."""
        first = self.causes[0] if self.causes else ""
        kinds = {"progress": _PROGRESS, "return": _RETURN, "end": _END, "plain": {""}}
        return next((kind for kind, causes in kinds.items() if first in causes), "loss")


def moves(text: str) -> list[Move]:
    """The moves of a mermaid state diagram."""
    found = filter(None, (_MOVE.match(line.strip()) for line in text.splitlines()))
    return [Move(old, new, _split(causes)) for old, new, causes in map(re.Match.groups, found)]


def _split(causes: str | None) -> tuple[str, ...]:
    return tuple(causes.split(", ")) if causes else ()


def draw(text: str) -> str:
    """The SVG of a mermaid state diagram.

    Raises:
        LookupError: There is no layout for these states.
    """
    return "".join(Drawing(moves(text)).parts())


class Drawing:
    """One diagram."""

    def __init__(self, arrows: Sequence[Move]) -> None:
        self._arrows = arrows
        self._pairs = {(each.old, each.new) for each in arrows}
        self._states = {name for pair in self._pairs for name in pair}
        self._layout = _layout_for(self._states)

    def parts(self) -> Iterator[str]:
        """The SVG, what lies on top last."""
        width, height = self._layout.size
        told = "; ".join(f"{each.old} to {each.new}" for each in self._arrows[1:])
        yield '<figure class="state-diagram">'
        yield f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(told)}"><defs>'
        for kind in ("plain", "progress", "loss", "end", "return"):
            yield _tip(kind)
        yield "</defs>"
        for each in self._arrows:
            yield self._arrow(each)
        for name in sorted(self._states):
            yield self._state(name)
        for each in self._arrows:
            yield from self._label(each)
        yield "</svg></figure>"

    def _state(self, name: str) -> str:
        x, y = self._layout.places[name]
        if name == START:
            return f'<circle class="start" cx="{x}" cy="{y}" r="{_DOT}"/>'
        width, height = _size(name)
        return (
            f'<rect class="state {name}" x="{x - width / 2:g}" y="{y - height / 2:g}" '
            f'width="{width:g}" height="{height}" rx="9"/>'
            f'<text class="name" x="{x}" y="{y + 5}">{name}</text>'
        )

    def _arrow(self, move: Move) -> str:
        (x1, y1), (cx, cy), (x2, y2) = self._curve(move)
        return (
            f'<path class="{move.kind}" marker-end="url(#tip-{move.kind})" '
            f'd="M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}"/>'
        )

    def _label(self, move: Move) -> Iterator[str]:
        route = self._route(move)
        start, middle, end = self._curve(move)
        t = route.at
        x, y = (
            (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c
            for a, b, c in zip(start, middle, end, strict=True)
        )
        lines = [line for cause in move.causes for line in _wrapped(cause)]
        x, y = x + route.shift[0], y + route.shift[1] - _LINE * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            place = f'x="{x:.1f}" y="{y + 4 + number * _LINE:.1f}"'
            yield f'<text class="cause {move.kind}" {place}>{line}</text>'

    def _route(self, move: Move) -> Route:
        return self._layout.routes.get((move.old, move.new), Route())

    def _curve(self, move: Move) -> tuple[Point, Point, Point]:
        """Where it starts, its control point, and where it ends, at the edges of the boxes."""
        places = self._layout.places
        (x1, y1), (x2, y2) = places[move.old], places[move.new]
        if move.old == move.new:
            outwards = -1 if y1 < self._layout.size[1] / 2 else 1
            side = y1 + outwards * (_BOX[1] / 2 + _GAP)
            return (x1 - 24, side), (x1, side + outwards * 50), (x1 + 24, side)
        has_opposite = (move.new, move.old) in self._pairs
        aside = _PARALLEL / hypot(x2 - x1, y2 - y1) if has_opposite else 0
        dx, dy = (y2 - y1) * aside, (x1 - x2) * aside
        start, end = (x1 + dx, y1 + dy), (x2 + dx, y2 + dy)
        via = self._route(move).via or ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        return self._edge(start, via, move.old), via, self._edge(end, via, move.new)

    def _edge(self, point: Point, towards: Point, name: str) -> Point:
        """Where the line from a point inside a box leaves it."""
        x, y = self._layout.places[name]
        width, height = (2 * _DOT, 2 * _DOT) if name == START else _size(name)
        dx, dy = towards[0] - point[0], towards[1] - point[1]
        right = x + (1 if dx > 0 else -1) * (width / 2 + _GAP)
        below = y + (1 if dy > 0 else -1) * (height / 2 + _GAP)
        reach = [(right - point[0]) / dx] if dx else []
        reach += [(below - point[1]) / dy] if dy else []
        return point[0] + dx * min(reach), point[1] + dy * min(reach)


def _layout_for(states: set[str]) -> Layout:
    for layout in LAYOUTS:
        if states == set(layout.places):
            return layout
    raise LookupError(f"no layout has exactly the states {sorted(states)}")


def _size(name: str) -> tuple[float, int]:
    return max(_BOX[0], len(name) * _LETTER + 24), _BOX[1]


def _wrapped(cause: str) -> list[str]:
    return [cause] if len(cause) < _LONG else textwrap.wrap(cause, 20)


def _tip(kind: str) -> str:
    return (
        f'<marker id="tip-{kind}" class="{kind}" viewBox="0 0 8 8" refX="7" refY="4" '
        'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.5 8 4 0 7.5z"/></marker>'
    )


class StateDiagram(SphinxDirective):
    """The directive ``mermaid``, for state diagrams."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The drawing; builders without HTML leave it out, for a table says the same."""
        return [nodes.raw("", draw("\n".join(self.content)), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("mermaid", StateDiagram)
    return {"parallel_read_safe": True}
