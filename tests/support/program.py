"""Python programs that run in processes of their own, as a user would run them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def running(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A program, killed in the end if it has not ended by then.

    Args:
        arguments: What follows ``python``: a file or ``-c``, and what the program is told.

    Raises:
        AssertionError: It complained, or something that it left behind did.
    """
    command = (sys.executable, "-X", "dev", "-W", "error", *arguments)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
        _, errors = process.communicate()
        complaints = _besides_haste(errors)
        assert not complaints, complaints


def _besides_haste(errors: str) -> str:
    """What was told but that something took long, as development mode does on a busy machine."""
    lines = errors.splitlines()
    return "\n".join(each for each in lines if not re.match("Executing <.* took .* seconds", each))
