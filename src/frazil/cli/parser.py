"""The parser of the command line and of each subcommand."""

import argparse
import sys
from typing import Any, NoReturn, TypeAlias

from frazil.cli.exit_code import ExitCode
from frazil.cli.help import HelpFormatter


class Parser(argparse.ArgumentParser):
    """Ends a complaint with the way to help instead of a screenful of usage."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=HelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with the command line, and end the program."""
        print(f"{self.prog}: {message}\nTry '{self.prog} --help'.", file=sys.stderr)
        raise SystemExit(ExitCode.USAGE)


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""Where subcommands add themselves."""


def port(text: str) -> int:
    """The value of an option that takes a port.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
