"""What exceptions say, at a length that fits into a message: a peer may have chosen the words."""

from typing import Final

MAX_TEXT: Final = 4 * 1024
"""Characters of what one exception says, or of one line of a traceback."""
MAX_TRACEBACK: Final = 64 * 1024
"""Characters of a traceback."""


def excerpt(text: str, limit: int) -> str:
    """``text``; only both ends of it, half of ``limit`` each, if it has more characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}[... {len(text) - 2 * half} characters ...]{text[-half:]}"
