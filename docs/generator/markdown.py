"""What the generated pages have in common."""

from collections.abc import Iterable, Sequence

NOTICE = "<!-- Written by docs/generate.py. Change that file and run it. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under a head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """A name in backticks."""
    return f"`{text}`"
