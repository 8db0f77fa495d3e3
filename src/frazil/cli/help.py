"""The help of a command, as wide as the terminal."""

import argparse
import re
import textwrap
from collections.abc import Generator
from typing import Final

from frazil.cli.width import text_width

_COLUMN: Final = re.compile(r" *\S+(?: \S+)*  +(?=\S)")
"""What stands before the last column of a line that has several."""


class HelpFormatter(argparse.HelpFormatter):
    """Fits paragraphs and lists to the width; commands stand right below their title."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=text_width())

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        told = "\n\n".join(_paragraph(each, width) for each in text.strip().split("\n\n"))
        return textwrap.indent(told, indent)

    def _format_action(self, action: argparse.Action) -> str:
        text = super()._format_action(action)
        is_list = isinstance(action, argparse._SubParsersAction)
        return text.partition("\n")[2] if is_list else text

    def _iter_indented_subactions(
        self, action: argparse.Action
    ) -> Generator[argparse.Action, None, None]:
        if isinstance(action, argparse._SubParsersAction):
            yield from action._get_subactions()


def _paragraph(text: str, width: int) -> str:
    """Prose, or a list: lines that are indented, with or without a title.

    One line alone, such as the version, stays one line.
    """
    lines = text.splitlines()
    if len(lines) == 1:
        return text
    if any(line.startswith(" ") for line in lines):
        return "\n".join(_item(line, width) for line in lines)
    return textwrap.fill(text, width, break_on_hyphens=False)


def _item(line: str, width: int) -> str:
    """A line of a list; what is too much for it goes on below its last column."""
    column = _COLUMN.match(line)
    below = " " * (column.end() if column else 0)
    return textwrap.fill(line, width, subsequent_indent=below, break_on_hyphens=False)
