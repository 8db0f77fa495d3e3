"""``frazil demo``: see connection states, and the reasons behind them."""

import argparse
import asyncio
from functools import partial

from frazil.aio import Network, SystemNetwork
from frazil.cli.demo_browser import serve
from frazil.cli.display import open_display
from frazil.cli.exit_code import ExitCode
from frazil.cli.parser import Commands, Parser, port
from frazil.cli.scenario import Scenario

_DESCRIPTION = """\
Two peers in this process connect over real UDP on loopback. They talk, lose their path for six
seconds, find each other again, restart ICE under a running stream of messages, and part. That
takes 12 s. Every state change is shown with its reason; in the end, all of them are compared with
what webrtc-pc demands.
"""
_EPILOG = """\
objects of --json, by their "type"; each has "at", in seconds:
  state    peer, machine, old, new, cause, rule, reason, evidence
  step     title, text
  sent     peer, text
  arrived  peer, text, after_s
  path     blocked, text
  note     text
  result   ok, summary, differences; the last one

exit codes:
  0    every state and every message was as expected
  1    something differed; the differences are printed
  3    with --browser: the port cannot be used
  130  interrupted by Ctrl-C, which is how --browser ends
"""


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "demo",
        help="two peers connect, lose their path, recover, restart ICE and part",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object per line: states, messages, and in the end the result",
    )
    parser.add_argument(
        "--browser",
        action="store_true",
        help="let your browser be the other peer: serve a page to this machine until Ctrl-C",
    )
    parser.add_argument(
        "--port", type=port, help="with --browser: where to serve it (default: any free port)"
    )
    parser.add_argument(
        "--no-open", action="store_true", help="with --browser: only print the address of the page"
    )
    parser.set_defaults(run=partial(run, parser))


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Run the demo and return the exit code.

    Raises:
        SystemExit: Options do not go together.
    """
    network = SystemNetwork()
    if options.browser:
        opens = not options.no_open
        return asyncio.run(serve(network, options.port or 0, as_json=options.json, opens=opens))
    if options.port is not None or options.no_open:
        parser.error("--port and --no-open go with --browser")
    return asyncio.run(tell(network, as_json=options.json))


async def tell(network: Network, *, as_json: bool) -> ExitCode:
    """Play the scenario on a network and show it on standard output."""
    async with open_display(("alice", "bob"), as_json=as_json) as display:
        verdict = await Scenario(network, display.show).run()
    return ExitCode.OK if verdict.ok else ExitCode.UNEXPECTED
