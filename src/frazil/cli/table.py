"""Tables of text for terminals, logs and mails: aligned columns, nothing else."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, indent: int = 2) -> list[str]:
    """The lines of a table; none if there are no rows.

    Args:
        head: The titles of the columns.
        rows: The cells.
        indent: How many spaces precede each line.
    """
    body = [tuple(row) for row in rows]
    if not body:
        return []
    lines = [tuple(head), *body]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    margin = " " * indent
    return [
        (
            margin + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def milliseconds(seconds: float | None) -> str:
    """A duration for people; a dash if there is none."""
    if seconds is None:
        return "-"
    value = seconds * 1000
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def address(value: tuple[str, int] | None) -> str:
    """A transport address as people write it; a dash if there is none."""
    if value is None:
        return "-"
    host, port = value
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
