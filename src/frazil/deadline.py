"""Deadlines: instants, and ``None`` for one that never comes."""


def earlier(a: float | None, b: float | None) -> float | None:
    """The earlier of two deadlines."""
    if a is None or b is None:
        return b if a is None else a
    return a if a <= b else b
