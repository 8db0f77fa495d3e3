"""Draws the state diagrams of the reference as SVG that follows the colours of the page.

The pages hold them as mermaid text, which is written from the transition tables and which code
hosts show as it is. Which moves there are and what causes them is read from that text; only the
places of the states are chosen here.
"""

import re
import textwrap
from collections.abc import Iterator
from html import escape
from math import hypot
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

_WIDTH, _HEIGHT = 1060, 540
_BOX = (126, 40)
_START = "[*]"
_PLACES = {
    _START: (14, 140),
    "new": (110, 140),
    "checking": (345, 140),
    "connected": (650, 140),
    "completed": (965, 140),
    "failed": (345, 440),
    "disconnected": (740, 440),
}
_KINDS = {
    "remote-candidate": "progress",
    "pair-valid": "progress",
    "checks-done": "progress",
    "liveness-back": "return",
    "new-pairs": "return",
    "restart": "return",
    "gave-up": "end",
    "consent-lost": "end",
}
"""What a cause leads to, for its colour; all others are a loss that may heal."""
_PARALLEL = 11
"""Pixels between a line and the middle, where there is one for the way back too."""
_LINE = 13
_LONG = 25
_MOVE = re.compile(r"(\S+) --> (\S+?)(?:: (.+))?$")


class Route(NamedTuple):
    """How one move is drawn, where a straight line with the label in its middle will not do.

    Attributes:
        via: What the curve bends towards.
        at: Where on the curve the label is.
        shift: From there to the middle of the label.
    """

    via: tuple[float, float] | None = None
    at: float = 0.5
    shift: tuple[float, float] = (0, 0)


_ROUTES = {
    ("new", "checking"): Route(shift=(0, -13)),
    ("new", "failed"): Route(via=(130, 330), shift=(-40, 10)),
    ("checking", "connected"): Route(shift=(0, -20)),
    ("connected", "checking"): Route(shift=(0, 13)),
    ("connected", "completed"): Route(shift=(0, -13)),
    ("completed", "connected"): Route(shift=(0, 13)),
    ("completed", "checking"): Route(via=(655, -80), shift=(0, -13)),
    ("checking", "failed"): Route(at=0.6, shift=(32, 0)),
    ("failed", "checking"): Route(at=0.6, shift=(-30, 0)),
    ("checking", "disconnected"): Route(at=0.2, shift=(58, -6)),
    ("disconnected", "checking"): Route(at=0.4, shift=(-50, 36)),
    ("connected", "failed"): Route(at=0.86, shift=(42, 6)),
    ("connected", "disconnected"): Route(at=0.4, shift=(72, 0)),
    ("disconnected", "connected"): Route(at=0.55, shift=(-38, 0)),
    ("completed", "disconnected"): Route(via=(925, 330), at=0.5, shift=(54, 30)),
    ("disconnected", "failed"): Route(shift=(0, -20)),
    ("completed", "failed"): Route(via=(1140, 640), at=0.62, shift=(0, 20)),
}


class Move(NamedTuple):
    """An arrow."""

    old: str
    new: str
    causes: tuple[str, ...]

    @property
    def kind(self) -> str:
        """What its first cause leads to."""
        return _KINDS.get(self.causes[0], "loss") if self.causes else "plain"


def moves(text: str) -> list[Move]:
    """The moves of a mermaid state diagram."""
    found = filter(None, (_MOVE.match(line.strip()) for line in text.splitlines()))
    return [Move(old, new, _split(causes)) for old, new, causes in map(re.Match.groups, found)]


def _split(causes: str | None) -> tuple[str, ...]:
    return tuple(causes.split(", ")) if causes else ()


def draw(text: str) -> str:
    """The SVG of a mermaid state diagram.

    Raises:
        KeyError: A state has no place.
    """
    arrows = moves(text)
    pairs = {(each.old, each.new) for each in arrows}
    states = dict.fromkeys(name for pair in pairs for name in pair)
    parts = [
        *_head(arrows),
        *(part for each in arrows for part in _arrow(each, (each.new, each.old) in pairs)),
        *(part for name in sorted(states) for part in _state(name)),
        *(part for each in arrows for part in _label(each, (each.new, each.old) in pairs)),
        "</svg>",
    ]
    return f'<figure class="state-diagram">{"".join(parts)}</figure>'


def _head(arrows: list[Move]) -> Iterator[str]:
    told = "; ".join(f"{each.old} to {each.new}" for each in arrows if each.old != _START)
    yield f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(told)}">'
    yield "<defs>"
    for kind in ("plain", "progress", "loss", "end", "return"):
        yield (
            f'<marker id="tip-{kind}" class="{kind}" viewBox="0 0 8 8" refX="7" refY="4" '
            'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.5 8 4 0 7.5z"/></marker>'
        )
    yield "</defs>"


def _state(name: str) -> Iterator[str]:
    x, y = _PLACES[name]
    if name == _START:
        yield f'<circle class="start" cx="{x}" cy="{y}" r="6"/>'
        return
    width, height = _BOX
    yield (
        f'<rect class="state {name}" x="{x - width / 2}" y="{y - height / 2}" width="{width}" '
        f'height="{height}" rx="9"/>'
    )
    yield f'<text class="name" x="{x}" y="{y + 5}">{name}</text>'


def _arrow(move: Move, has_opposite: bool) -> Iterator[str]:
    (x1, y1), (cx, cy), (x2, y2) = _curve(move, has_opposite)
    yield f'<path class="{move.kind}" marker-end="url(#tip-{move.kind})" '
    yield f'd="M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}"/>'


def _label(move: Move, has_opposite: bool) -> Iterator[str]:
    if move.old == _START:
        return
    route = _ROUTES.get((move.old, move.new), Route())
    start, middle, end = _curve(move, has_opposite)
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


def _wrapped(cause: str) -> list[str]:
    return [cause] if len(cause) < _LONG else textwrap.wrap(cause, 20)


def _curve(move: Move, has_opposite: bool) -> tuple[tuple[float, float], ...]:
    """Where it starts, its control point, and where it ends, at the edges of the boxes."""
    (x1, y1), (x2, y2) = _PLACES[move.old], _PLACES[move.new]
    length = hypot(x2 - x1, y2 - y1)
    aside = _PARALLEL / length if has_opposite else 0
    dx, dy = (y2 - y1) * aside, (x1 - x2) * aside
    start, end = (x1 + dx, y1 + dy), (x2 + dx, y2 + dy)
    via = _ROUTES.get((move.old, move.new), Route()).via
    control = via or ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    old, new = _PLACES[move.old], _PLACES[move.new]
    return _edge(start, control, old), control, _edge(end, control, new)


def _edge(
    point: tuple[float, float], towards: tuple[float, float], box: tuple[float, float]
) -> tuple[float, float]:
    """Where the line from a point inside a box leaves it."""
    dx, dy = towards[0] - point[0], towards[1] - point[1]
    half_width, half_height = _BOX[0] / 2 + 3, _BOX[1] / 2 + 3
    if box == _PLACES[_START]:
        half_width = half_height = 8
    reach = []
    if dx:
        reach.append(((box[0] + (half_width if dx > 0 else -half_width)) - point[0]) / dx)
    if dy:
        reach.append(((box[1] + (half_height if dy > 0 else -half_height)) - point[1]) / dy)
    t = min(each for each in reach if each >= 0)
    return point[0] + dx * t, point[1] + dy * t


class StateDiagram(SphinxDirective):
    """The directive ``mermaid``, for state diagrams."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The drawing; builders without HTML get the text."""
        return [nodes.raw("", draw("\n".join(self.content)), format="html")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("mermaid", StateDiagram)
    return {"parallel_read_safe": True}
