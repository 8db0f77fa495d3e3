"""``frazil pair``: two machines test their connection, with two codes to copy and paste."""

import argparse
import asyncio
import json
import platform
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from frazil.aio import IceOptions, Network, SystemNetwork
from frazil.cli.exit_code import ExitCode
from frazil.cli.line_writer import LineWriter
from frazil.cli.pair_code import decode, encode
from frazil.cli.pair_measurement import STEP_LIMIT_S, PairMeasurement
from frazil.cli.pair_view import describe
from frazil.cli.parser import Commands, Parser
from frazil.cli.server_option import add_server_options, ice_servers
from frazil.errors import FrazilError
from frazil.ice import IceConfig
from frazil.session.config import SessionConfig
from frazil.w3c import RTCPeerConnection

_DESCRIPTION = """\
Tests the connection between two machines without any signalling of their own: each prints a code to
be pasted at the other. Then both measure round trip and throughput, and print the same report.

  here   frazil pair            prints a code, and waits for the other one
  there  frazil pair CODE       prints the other code, and waits to be connected
"""
_EPILOG = """\
A code is an offer or an answer: it holds the addresses of its machine, and is good for one test
within a few minutes. Name the servers of your application at both ends.

With --json the report is one object: ok, and ours and theirs or findings; codes go to standard
error.

exit codes:
  0    the machines were connected, and measured their connection
  1    they were not; what was observed was printed
  2    the command line makes no sense, or a code is damaged
  130  interrupted by Ctrl-C
"""
_PATIENCE_S: Final = 600.0
_CHECK_SENDS: Final = 10
"""The side that answers checks while somebody carries its code: for 256 s, ever more slowly."""
_OFFER_LIMIT_S: Final = 60.0
_LABEL: Final = "frazil pair"

Ask: TypeAlias = Callable[[], "asyncio.Future[str]"]
"""Gives the next line that somebody types; empty at the end."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a test is run.

    Attributes:
        configuration: As for a peer connection.
        ice: How candidates are gathered.
        machine: What to call this side.
        as_json: Whether a program reads the report.
    """

    configuration: dict[str, Any]
    ice: IceOptions
    machine: str
    as_json: bool


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "pair",
        help="test the connection between two machines with a copy-paste code",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("code", nargs="?", metavar="CODE", help="what the other side has printed")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("--relay-only", action="store_true", help="connect by TURN servers only")
    add_server_options(parser)
    parser.set_defaults(run=partial(run, parser))


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Test a connection and return the exit code.

    Raises:
        SystemExit: A server or the code makes no sense.
    """
    offer = None
    if options.code is not None:
        try:
            kind, offer = decode(options.code)
        except ValueError as error:
            parser.error(str(error))
        if kind != "offer":
            parser.error("this code is the answer: paste it where the first code was printed")
    configuration = {
        "iceServers": ice_servers(parser, options),
        "iceTransportPolicy": "relay" if options.relay_only else "all",
    }
    settings = Settings(configuration, IceOptions(tls_context=options.ca), _machine(), options.json)
    return asyncio.run(pair(SystemNetwork(), settings, offer, _typed))


async def pair(network: Network, settings: Settings, offer: str | None, ask: Ask) -> ExitCode:
    """Be one side of a test.

    Args:
        network: Of this host.
        settings: How it is run.
        offer: The offer of the other side; without one, this side makes it.
        ask: Where the answer comes from.
    """
    session = SessionConfig(ice=IceConfig(patience_s=_PATIENCE_S, check_sends=_CHECK_SENDS))
    async with RTCPeerConnection(
        settings.configuration, network=network, ice=settings.ice, session=session
    ) as pc:
        return await _Pairing(pc, settings).run(offer, ask)


class _Pairing:
    """From the codes to the report."""

    def __init__(self, pc: RTCPeerConnection, settings: Settings) -> None:
        self._pc = pc
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._codes = LineWriter(sys.stderr if settings.as_json else sys.stdout)
        self._states: list[tuple[float, str]] = []
        self._began_at = self._loop.time()
        pc.on("connectionstatechange", self._keep)

    async def run(self, offer: str | None, ask: Ask) -> ExitCode:
        """Connect, measure, and print the report."""
        # One channel that both sides make: nobody has to wait for an event that may be early.
        channel = self._pc.createDataChannel(_LABEL, negotiated=True, id=0)
        if offer is None:
            if not await self._offer(ask):
                return ExitCode.USAGE
        else:
            await self._answer(offer)
        try:
            limit_s = _OFFER_LIMIT_S if offer is None else _PATIENCE_S
            await self._pc.wait_connected(timeout=limit_s)
            self._codes.write("Connected. Measuring for a few seconds ...")
            async with asyncio.timeout(STEP_LIMIT_S):
                await channel.wait_open()
            measurement = PairMeasurement(
                self._pc,
                channel,
                machine=self._settings.machine,
                is_first=offer is None,
                states=self._states,
            )
            ours, theirs = await measurement.run()
        except (FrazilError, TimeoutError, ValueError) as error:
            return self._fail(error)
        report = {"ok": True, "ours": asdict(ours), "theirs": asdict(theirs)}
        lines = [json.dumps(report)] if self._settings.as_json else ["", *describe(ours, theirs)]
        LineWriter(sys.stdout).write(*lines)
        return ExitCode.OK

    async def _offer(self, ask: Ask) -> bool:
        """Print our code and wait for the other one; whether it came."""
        await self._pc.setLocalDescription()
        await self._show("On the other machine run:", "frazil pair ")
        self._codes.write("Paste the code that it prints, and press Enter:")
        while text := await ask():
            if not text.strip():
                continue
            try:
                kind, sdp = decode(text)
            except ValueError as error:
                self._codes.write(f"{error}. Try again:")
                continue
            if kind == "answer":
                self._began_at = self._loop.time()
                await self._pc.setRemoteDescription({"type": kind, "sdp": sdp})
                return True
            self._codes.write("This is the first code: the other machine wants it. Try again:")
        self._codes.write("No code came.")
        return False

    async def _answer(self, offer: str) -> None:
        await self._pc.setRemoteDescription({"type": "offer", "sdp": offer})
        await self._pc.setLocalDescription()
        await self._show("Paste this code at the first machine:", "")

    async def _show(self, title: str, command: str) -> None:
        await self._pc.gathering_complete()
        description = self._pc.localDescription
        if description is not None:
            code = encode(description.type, description.sdp)
            self._codes.write(title, "", f"{command}{code}", "")

    def _keep(self) -> None:
        self._states.append(
            (round(self._loop.time() - self._began_at, 3), self._pc.connectionState)
        )

    def _fail(self, error: Exception) -> ExitCode:
        report = self._pc.explain()
        text = str(error) or "the other side does not go on"
        if self._settings.as_json:
            told = {"ok": False, "error": text.partition("\n")[0], "findings": report.to_json()}
            LineWriter(sys.stdout).write(json.dumps(told))
        else:
            advice = "Run frazil doctor with the same servers on both machines."
            LineWriter(sys.stdout).write("", text, advice)
        return ExitCode.UNEXPECTED


def _machine() -> str:
    return f"{platform.node()} ({platform.system()}, Python {platform.python_version()})"


def _typed() -> "asyncio.Future[str]":
    """The next line of standard input; a thread waits for it that does not outlive the program."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def settle(line: str) -> None:
        if not future.done():
            future.set_result(line)

    def read() -> None:
        line = sys.stdin.readline()
        loop.call_soon_threadsafe(settle, line)

    threading.Thread(target=read, name="code", daemon=True).start()
    return future
