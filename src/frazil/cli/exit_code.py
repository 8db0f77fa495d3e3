"""What ``frazil`` tells the shell."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every subcommand."""

    OK = 0
    """It did what it should."""
    UNEXPECTED = 1
    """It ran, and what it saw is not what it should have seen; the differences were printed."""
    USAGE = 2
    """The command line makes no sense."""
    UNAVAILABLE = 3
    """The machine refuses something that is needed, for example a port that is in use."""
    INTERRUPTED = 130
    """Ctrl-C, as the shell itself would report it."""
