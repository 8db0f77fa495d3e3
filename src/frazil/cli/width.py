"""How wide text for people is."""

import shutil
import textwrap
from typing import Final

WIDEST: Final = 100
"""Columns; longer lines are hard to read."""


def text_width() -> int:
    """As wide as the terminal, if it is not too wide; ``COLUMNS`` may tell otherwise."""
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)


def fitting(line: str, width: int) -> list[str]:
    """The lines that ``line`` needs; those after the first are indented further."""
    margin = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.wrap(
        line, width, subsequent_indent=margin, break_on_hyphens=False, break_long_words=False
    )
