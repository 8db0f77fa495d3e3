"""``frazil dashboard``: recordings, or a live demo, on a page for this machine."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from frazil.aio import Network, SystemNetwork
from frazil.cli.complaint import complain
from frazil.cli.entry import Entry
from frazil.cli.exit_code import ExitCode
from frazil.cli.parser import Commands, port
from frazil.cli.scenario import Scenario
from frazil.cli.screen import show_page
from frazil.dashboard import Recording, read_recording, serve

_DESCRIPTION = """\
Serves a page to this machine until Ctrl-C. It shows what recordings hold, made with
RTCPeerConnection(trace="file.jsonl") or FRAZIL_TRACE=folder: states and their reasons on one axis,
candidates, pairs, consent, relays, and what is wrong. A recording can also be dropped onto the
page; it is read by this process and goes nowhere else. With --demo there are two live connections
to look at. A program shows its own connections with frazil.dashboard.
"""
_EPILOG = """\
exit codes:
  2    a file cannot be read, or is no recording
  3    the port cannot be used
  130  interrupted by Ctrl-C, which is how this ends
"""


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "dashboard",
        help="look at recordings, or at live connections, on a page",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="recording")
    parser.add_argument(
        "--demo", action="store_true", help="play the scenario of frazil demo again and again"
    )
    parser.add_argument("--port", type=port, default=0, help="where (default: any free port)")
    parser.add_argument("--no-open", action="store_true", help="only print the address of the page")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    recordings = []
    for path in options.files:
        try:
            recordings.append(read_file(path))
        except (OSError, ValueError) as error:
            return complain("dashboard", path, error)
    network = SystemNetwork() if options.demo else None
    return asyncio.run(show(recordings, options.port, network, opens=not options.no_open))


async def show(
    recordings: Sequence[Recording], port: int, network: Network | None, *, opens: bool
) -> ExitCode:
    """Serve the page until cancelled.

    Args:
        recordings: What to show.
        port: Where to serve it; 0 takes any free port.
        network: Where the demo is played; there is none without.
        opens: Whether to open the page in the user's browser.
    """
    try:
        server = await serve(port=port, recordings=recordings)
    except OSError as error:
        print(f"frazil dashboard: port {port} cannot be used: {error}", file=sys.stderr)
        return ExitCode.UNAVAILABLE
    async with server:
        print(f"open {server.url} in a browser on this machine; Ctrl-C ends", flush=True)
        if opens:
            await show_page(server.url)
        while network is not None:
            await Scenario(network, _ignore).run()
        await asyncio.Event().wait()
    return ExitCode.OK


def read_file(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no recording.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        return read_recording(path.name, lines)


def _ignore(entry: Entry) -> None:
    """The page tells the same."""
