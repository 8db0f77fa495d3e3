"""``frazil doctor``: what the network of this host allows, and what to do about the rest."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Final

from frazil.aio import Network, SystemNetwork
from frazil.cli.doctor_view import describe, paint
from frazil.cli.exit_code import ExitCode
from frazil.cli.line_writer import LineWriter
from frazil.cli.parser import Commands, Parser
from frazil.cli.server_option import add_server_options, ice_servers
from frazil.cli.width import text_width
from frazil.doctor import Examination, Finding, Level, Options, Report, Surrounding, judge
from frazil.peer.reader import read_server

_DESCRIPTION = """\
Looks at the network as a peer connection on this host would use it: which addresses there are,
what STUN servers see, how the NAT maps and filters, and whether TURN servers relay. Each problem
comes with a sentence on what to do. Takes a few seconds, up to half a minute if nobody answers.
"""
_EPILOG = """\
examples:
  frazil doctor --ice-servers stun:stun.example.org
  frazil doctor --ice-servers turn:turn.example.org turns:turn.example.org:443 \\
      --user alice --password secret
  frazil doctor --ice-servers servers.json --json > report.json

A STUN server with two addresses (RFC 5780) tells how the NAT filters, and two servers at different
addresses beyond the NAT tell whether it is symmetric. --json prints one object: interfaces, hints,
servers, stun, nats, relays, findings.

exit codes:
  0    no problem was found; there may be warnings and notes
  1    something that was asked for does not work
  2    the command line makes no sense
  3    this host does not tell of its interfaces
  130  interrupted by Ctrl-C
"""
_CLEAR: Final = "\r\x1b[K"


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "doctor",
        help="find out what this network allows, and what to do about the rest",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object in the end")
    add_server_options(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Examine the network of this host and return the exit code.

    Raises:
        SystemExit: A server makes no sense.
    """
    servers = [read_server(each) for each in ice_servers(parser, options)]
    wanted = Options(servers, options.ca)
    try:
        return asyncio.run(examine(SystemNetwork(), wanted, as_json=options.json))
    except OSError as error:
        print(f"frazil doctor: {error}", file=sys.stderr)
        return ExitCode.UNAVAILABLE


async def examine(network: Network, wanted: Options, *, as_json: bool) -> ExitCode:
    """Examine a network and print what there is to say.

    Raises:
        OSError: The operating system does not tell of its interfaces.
    """
    examination = Examination(network, wanted, surrounding=Surrounding(), tell=_tell)
    report = await examination.run()
    findings = judge(report, wall_clock_s=time.time())
    if sys.stderr.isatty():
        print(end=_CLEAR, file=sys.stderr, flush=True)
    if as_json:
        lines = [json.dumps(_as_json(report, findings))]
    else:
        lines = describe(report, findings, text_width())
    if not as_json and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        lines = [paint(line) for line in lines]
    LineWriter(sys.stdout).write(*lines)
    is_ill = any(each.level is Level.PROBLEM for each in findings)
    return ExitCode.UNEXPECTED if is_ill else ExitCode.OK


def _tell(text: str) -> None:
    """Progress, for people who wait in front of a terminal."""
    if sys.stderr.isatty():
        print(f"{_CLEAR}... {text}", end="", file=sys.stderr, flush=True)


def _as_json(report: Report, findings: Sequence[Finding]) -> dict[str, Any]:
    return {**asdict(report), "findings": [asdict(each) for each in findings]}
