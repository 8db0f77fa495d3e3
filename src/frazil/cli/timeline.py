"""``frazil timeline``: a recording as a page in one file."""

import argparse
from pathlib import Path

from frazil.cli.complaint import complain
from frazil.cli.dashboard import read_file
from frazil.cli.exit_code import ExitCode
from frazil.cli.parser import Commands
from frazil.dashboard.asset import single_page

_DESCRIPTION = """\
Writes a page that shows a recording as the dashboard does: states and their reasons on one axis,
candidates, pairs, and what is wrong. Everything is in the one file; it needs no server and asks
for nothing. It holds the decisions and addresses in the recording, but no datagram.
"""
_EPILOG = """\
exit codes:
  0  the page was written
  2  a file cannot be read or written, or is no recording
"""


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "timeline",
        help="write a recording as a page in one file",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the recording")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="PAGE",
        help="where to write it (default: beside the recording, ending in .html)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page."""
    output: Path = options.output or options.file.with_suffix(".html")
    try:
        page = single_page(read_file(options.file).view())
        output.write_text(page, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        return complain("timeline", options.file, error)
    print(f"wrote {output}")
    return ExitCode.OK
