"""``frazil candidates``: what a connection on this host would tell its peer, and when."""

import argparse
import asyncio
import json
import ssl
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from frazil.aio import IceOptions, Network, SystemNetwork
from frazil.cli.exit_code import ExitCode
from frazil.cli.line_writer import LineWriter
from frazil.cli.parser import Commands, Parser
from frazil.cli.server_option import add_server_options, ice_servers
from frazil.cli.table import address
from frazil.w3c import RTCIceCandidate, RTCPeerConnection, RTCPeerConnectionIceErrorEvent

_DESCRIPTION = """\
Gathers candidates as a peer connection does and prints each with the time at which it came: the
Trickle ICE page of the browser, on this host. "frazil doctor" says what to do about what
is missing.
"""
_EPILOG = """\
objects of --json, one per line, by their "type"; each has "at", in seconds:
  candidate  kind, protocol, address, port, related, url, relay_protocol, priority, line
  error      url, code, text, local
  result     candidates, silent: the servers from which nothing came but errors; the last one

exit codes:
  0    every server answered; one may have told nothing new
  1    nothing but errors came from a server
  2    the command line makes no sense
  130  interrupted by Ctrl-C
"""
_TYPES: Final = ("host", "srflx", "relay")


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "candidates",
        help="gather ICE candidates and show each with its time",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.add_argument("--relay-only", action="store_true", help="gather relayed candidates only")
    add_server_options(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Gather, print, and return the exit code.

    Raises:
        SystemExit: A server makes no sense.
    """
    configuration = {
        "iceServers": ice_servers(parser, options),
        "iceTransportPolicy": "relay" if options.relay_only else "all",
    }
    gathering = gather(SystemNetwork(), configuration, tls=options.ca, as_json=options.json)
    return asyncio.run(gathering)


async def gather(
    network: Network,
    configuration: dict[str, Any],
    *,
    tls: ssl.SSLContext | None = None,
    as_json: bool,
) -> ExitCode:
    """Gather on a network and print what comes, as it comes.

    Args:
        network: Of this host.
        configuration: As for a peer connection.
        tls: What to trust; what the operating system trusts, unless told.
        as_json: Whether a program reads it.
    """
    writer = LineWriter(sys.stdout)
    tally = _Tally(writer.write, as_json=as_json)
    ice = IceOptions(tls_context=tls)
    async with RTCPeerConnection(configuration, network=network, ice=ice) as pc:
        pc.on("icecandidate", tally.add)
        pc.on("icecandidateerror", tally.fail)
        pc.createDataChannel("candidates")
        await pc.setLocalDescription()
        await pc.gathering_complete()
        await asyncio.sleep(0)  # lets the listeners of the last candidate run
    return tally.end()


class _Tally:
    """Prints what comes, and keeps count."""

    def __init__(self, write: Callable[..., None], *, as_json: bool) -> None:
        self._write = write
        self._as_json = as_json
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._found: list[RTCIceCandidate] = []
        self._failed: list[str] = []

    def add(self, candidate: RTCIceCandidate | None) -> None:
        """Print a candidate; an empty one or ``None`` says that no more come."""
        if candidate is None or not candidate.candidate:
            return
        self._found.append(candidate)
        related = (candidate.relatedAddress, candidate.relatedPort)
        if self._as_json:
            self._object(
                "candidate",
                kind=candidate.type,
                protocol=candidate.protocol,
                address=candidate.address,
                port=candidate.port,
                related=None if related[0] is None else list(related),
                url=candidate.url,
                relay_protocol=candidate.relayProtocol,
                priority=candidate.priority,
                line=candidate.candidate,
            )
        else:
            self._line(_described(candidate))

    def fail(self, event: RTCPeerConnectionIceErrorEvent) -> None:
        """Print why a server gave nothing."""
        self._failed.append(event.url)
        local = None if event.address is None else (event.address, event.port or 0)
        if self._as_json:
            local_list = None if local is None else list(local)
            code, text = event.errorCode, event.errorText
            self._object("error", url=event.url, code=code, text=text, local=local_list)
        else:
            source = "" if local is None else f" (from {address(local)})"
            self._line(f"error  {event.errorCode}  {event.url}{source}: {event.errorText}")

    def end(self) -> ExitCode:
        """Print the sum."""
        told = {candidate.url for candidate in self._found}
        silent = [url for url in dict.fromkeys(self._failed) if url and url not in told]
        if self._as_json:
            self._object("result", candidates=len(self._found), silent=silent)
        else:
            counts = [(sum(each.type == kind for each in self._found), kind) for kind in _TYPES]
            sums = ", ".join(f"{count} {kind}" for count, kind in counts if count) or "no candidate"
            seconds = self._loop.time() - self._began_at
            self._write("", f"Gathered in {seconds:.3f} s: {sums}.")
            for url in silent:
                self._write(f"Nothing came from {url}: try frazil doctor.")
        return ExitCode.UNEXPECTED if silent else ExitCode.OK

    def _line(self, text: str) -> None:
        self._write(f"{self._loop.time() - self._began_at:8.3f}  {text}")

    def _object(self, kind: str, /, **members: Any) -> None:
        at = round(self._loop.time() - self._began_at, 6)
        self._write(json.dumps({"type": kind, "at": at, **members}))


def _described(candidate: RTCIceCandidate) -> str:
    """A candidate in one line for people."""
    at = address((candidate.address or "", candidate.port or 0))
    protocol = candidate.protocol or ""
    if candidate.tcpType is not None:
        protocol = f"{protocol} {candidate.tcpType}"
    words = [f"{candidate.type:<5}  {protocol:<11}  {at:<28}"]
    if candidate.relatedAddress is not None:
        words.append(f"of {address((candidate.relatedAddress, candidate.relatedPort or 0))}")
    if candidate.url is not None:
        words.append(f"by {candidate.url}")
    if candidate.relayProtocol is not None:
        words.append(f"over {candidate.relayProtocol}")
    return " ".join(words).rstrip()
