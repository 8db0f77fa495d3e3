"""What a page asks for connections by.

A page may outlive its process, or speak to several in turn, if the token is always the same one.
Each process numbers its connections from 1, so a number alone could be that of another connection.
"""

import os
import secrets
import sys
from functools import cache


def id_of(number: int) -> str:
    """The id of the connection that this process calls ``number``: no other process gives it."""
    return f"{_process()}-{number}"


def number_of(id_: str) -> int | None:
    """The number behind an id; ``None`` if this process cannot have given it."""
    process, _, number = id_.rpartition("-")
    is_number = number.isascii() and number.isdigit() and len(number) < 16
    return int(number) if process == _process() and is_number else None


@cache
def _process() -> str:
    """A name for this process that no other one has."""
    return secrets.token_hex(3)


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_process.cache_clear)
