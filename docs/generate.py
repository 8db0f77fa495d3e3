"""Writes the reference pages that follow from the code: ``python docs/generate.py``.

A page is never edited by hand. The tables on it are computed from the tables the library runs on,
so they cannot disagree; a test compares the committed page with a fresh one.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from frazil.cli.block import as_markdown
from frazil.cli.state_page import StatePage
from frazil.cli.state_text import TEXTS

DOCS = Path(__file__).parent
sys.path += [str(DOCS), str(DOCS.parent / "tests")]

from generator.command import command_page  # noqa: E402
from generator.conformance import conformance_page  # noqa: E402
from generator.error import error_page  # noqa: E402
from generator.finding import finding_page  # noqa: E402
from generator.markdown import NOTICE  # noqa: E402
from generator.metric import metric_page  # noqa: E402
from generator.timer import timer_page  # noqa: E402
from generator.trace import trace_page  # noqa: E402


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The generated pages by their path below ``docs``."""
    return {
        "reference/states.md": _states("en"),
        "reference/states.de.md": _states("de"),
        "reference/findings.md": _page(finding_page()),
        "reference/conformance.md": _page(conformance_page()),
        "reference/trace.md": _page(trace_page()),
        "reference/command-line.md": _page(command_page()),
        "reference/errors.md": _page(error_page()),
        "reference/timers.md": _page(timer_page()),
        "reference/metrics.md": _page(metric_page()),
    }


def _states(language: str) -> str:
    return f"{NOTICE}\n\n{as_markdown(StatePage(TEXTS[language]).everything())}"


def _page(blocks: Iterable[str]) -> str:
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    main()
