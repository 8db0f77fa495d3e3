"""What is said of a file that is of no use."""

import sys
from pathlib import Path

from frazil.cli.exit_code import ExitCode
from frazil.printable import printable


def complain(command: str, path: Path, error: Exception) -> ExitCode:
    """Say why on standard error, in one line.

    Args:
        command: The subcommand.
        path: The file, unless the error names another.
        error: What is wrong with it.

    Returns:
        The exit code.
    """
    why: object = error
    if isinstance(error, OSError) and error.strerror:
        path, why = Path(error.filename or path), error.strerror
    print(printable(f"frazil {command}: {path}: {why}"), file=sys.stderr)
    return ExitCode.USAGE
