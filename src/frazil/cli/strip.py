"""A state over time as a row of cells."""

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """From ``from_at`` on, until the next span, the state was ``state``."""

    from_at: float
    state: str


def cells(spans: Iterable[Span], start_at: float, width_s: float, count: int) -> list[str]:
    """The state that each of ``count`` cells of ``width_s`` seconds shows; empty before the first.

    A state that began within a cell is shown there even if another followed at once: a short
    moment is news, and is not to vanish between two cells. The first of several wins.

    Args:
        spans: In the order of their beginning.
        start_at: Where the first cell begins.
        width_s: How long a cell is.
        count: How many there are.
    """
    edges = [start_at + index * width_s for index in range(count + 1)]
    known = list(spans)
    return [_shown(known, edges[index], edges[index + 1]) for index in range(count)]


def _shown(spans: Iterable[Span], from_at: float, until_at: float) -> str:
    held = ""
    for span in spans:
        if span.from_at >= until_at:
            break
        if span.from_at >= from_at:
            return span.state
        held = span.state
    return held
