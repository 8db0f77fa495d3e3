"""Where entries are shown: what all displays have in common, and the choice among them."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Protocol, TextIO

from frazil.cli.entry import Entry
from frazil.cli.json_lines import JsonLines
from frazil.cli.plain import Plain

RICH_HINT = "for a live view with colours: pip install 'frazil[cli]'"


class Display(Protocol):
    """Shows entries as they come."""

    def show(self, entry: Entry) -> None:
        """Show one more."""


@asynccontextmanager
async def open_display(peers: tuple[str, ...], *, as_json: bool) -> AsyncIterator[Display]:
    """The display for standard output: JSON if asked for, a live view if it can be, else lines.

    A live view needs a terminal that takes more than ASCII, and the package ``rich``.

    Args:
        peers: The names of the peers whose states are shown.
        as_json: Whether a program reads it.
    """
    if as_json:
        yield JsonLines(sys.stdout)
    elif not _is_able(sys.stdout):
        yield Plain(sys.stdout)
    elif find_spec("rich") is None:
        print(RICH_HINT, file=sys.stderr)
        yield Plain(sys.stdout)
    else:
        from rich.console import Console

        from frazil.cli.live import LiveTimeline

        console = Console()
        if console.is_dumb_terminal:
            yield Plain(sys.stdout)
            return
        async with LiveTimeline(console, peers) as live:
            yield live


def _is_able(output: TextIO) -> bool:
    return output.isatty() and output.encoding.lower().replace("-", "") == "utf8"
