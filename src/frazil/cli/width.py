"""How wide text for people is."""

import shutil
from typing import Final

WIDEST: Final = 100
"""Columns; longer lines are hard to read."""


def text_width() -> int:
    """As wide as the terminal, if it is not too wide; ``COLUMNS`` may tell otherwise."""
    return min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)
