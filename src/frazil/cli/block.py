"""Pieces of a page of text that is read as Markdown or in a terminal."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from frazil.cli.table import table

_NARROWEST: Final = 12
"""The last column of a table has at least so much room."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; the lower the level, the larger."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose, with names in backticks."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; names in backticks."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """A drawing for Markdown (mermaid); a terminal leaves it out, for a table says the same."""

    lines: tuple[str, ...]


Block: TypeAlias = Heading | Paragraph | Table | Diagram


def as_markdown(blocks: Iterable[Block]) -> str:
    """The page as Markdown."""
    return "\n\n".join(map(_markdown, blocks)) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Table(head, rows):
            lines = (head, ("---",) * len(head), *rows)
            return "\n".join(f"| {' | '.join(line)} |" for line in lines)
        case Diagram(lines):
            return "\n".join(("```mermaid", *lines, "```"))


def as_lines(blocks: Iterable[Block], width: int) -> list[str]:
    """The page as lines for a terminal, an empty one before each block but the first."""
    lines: list[str] = []
    for block in blocks:
        told = list(_terminal(block, width))
        if told and lines:
            lines.append("")
        lines += told
    return lines


def _terminal(block: Block, width: int) -> Iterator[str]:
    match block:
        case Heading(level, text):
            yield _plain(text)
            if level < 3:
                yield ("=" if level == 1 else "-") * len(_plain(text))
        case Paragraph(text):
            yield from textwrap.wrap(_plain(text), width, break_on_hyphens=False)
        case Table(head, rows):
            plain = [tuple(map(_plain, row)) for row in rows]
            yield from _fitting(tuple(map(_plain, head)), plain, width)
        case Diagram():
            return


def _fitting(head: tuple[str, ...], rows: list[tuple[str, ...]], width: int) -> Iterator[str]:
    """The table, with its last column wrapped where it would be too wide, or in two parts."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    ends = [2 * number + sum(widths[:number]) for number in range(1, len(widths) + 1)]
    if widths[-1] <= _NARROWEST and ends[-1] > width:
        count = sum(end <= width for end in ends)
        yield from table(head[:count], [row[:count] for row in rows])
        yield ""
        yield from table((head[0], *head[count:]), [(row[0], *row[count:]) for row in rows])
    else:
        room = max(width - ends[-2] - 2, _NARROWEST)
        yield from table(head, _wrapped(rows, room))


def _wrapped(rows: list[tuple[str, ...]], room: int) -> Iterator[tuple[str, ...]]:
    for *cells, last in rows:
        parts = _wrap(last, room) or [""]
        yield (*cells, parts[0])
        for part in parts[1:]:
            yield (*("",) * len(cells), part)


def _wrap(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False)


def _plain(text: str) -> str:
    return text.replace("`", "")
