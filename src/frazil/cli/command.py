"""The command line: subcommands, help, version, and what Ctrl-C does."""

import platform
import ssl
import sys
from collections.abc import Sequence
from io import TextIOWrapper

import frazil
from frazil.cli import (
    candidates,
    dashboard,
    demo,
    doctor,
    explain,
    pair,
    replay,
    states,
    timeline,
)
from frazil.cli.exit_code import ExitCode
from frazil.cli.parser import Parser

_DESCRIPTION = "WebRTC peer connections whose state you can trust."
_EPILOG = """\
exit codes:
  0    it did what it should
  1    it ran, and saw something it should not have seen
  2    the command line makes no sense
  3    the machine refuses something that is needed
  130  interrupted by Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        arguments: The arguments; those of the process, unless given.

    Raises:
        SystemExit: The arguments ask for help or the version, or make no sense.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a label may have what a code page has not
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help()
        return ExitCode.OK
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return code


def make_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="frazil",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=_version())
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=False)
    demo.add_parser(commands)
    dashboard.add_parser(commands)
    replay.add_parser(commands)
    timeline.add_parser(commands)
    doctor.add_parser(commands)
    explain.add_parser(commands)
    candidates.add_parser(commands)
    pair.add_parser(commands)
    states.add_parser(commands)
    return parser


def _version() -> str:
    """The version, and what else a bug report should say; one line, the version second."""
    python = f"Python {platform.python_version()}"
    return f"frazil {frazil.__version__} ({python}, {ssl.OPENSSL_VERSION}, {platform.platform()})"
