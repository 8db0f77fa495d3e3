"""``frazil states``: what the connection states mean, and how they follow from transports."""

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from typing import Final

from frazil.cli.block import Block, Paragraph, as_lines
from frazil.cli.exit_code import ExitCode
from frazil.cli.line_writer import LineWriter
from frazil.cli.parser import Commands, Parser
from frazil.cli.state_page import StatePage
from frazil.cli.state_text import TEXTS
from frazil.cli.width import text_width
from frazil.states.enums import RTCDtlsTransportState, RTCIceTransportState
from frazil.states.ruleset import RULE_SETS

_DESCRIPTION = """\
Without arguments: what each state means, which transitions there are, and how iceConnectionState
and connectionState follow from the transports. With states of transports: what every set of rules
since 2012 makes of them.
"""
_EPILOG = """\
A transport is an ICE state, or an ICE and a DTLS state: connected/connecting. Without a DTLS state
it is taken to be the one that usually goes with it.

examples:
  frazil states                               the current rules
  frazil states --rules webplatform           the rules of 2012, and what changed
  frazil states completed checking            two transports under every set of rules
  frazil states connected/failed --lang de    one transport whose handshake failed, in German

exit codes:
  0    it was printed
  2    the command line makes no sense
"""
_ALL: Final = "all"
_SHORT: Final = {"2017": "w3c-2017", "2021": "w3c-2021", "2025": "rec-2025", "2012": "webplatform"}
_Ice = RTCIceTransportState
_Dtls = RTCDtlsTransportState
_USUAL: Final = {
    _Ice.NEW: _Dtls.NEW,
    _Ice.CHECKING: _Dtls.NEW,
    _Ice.CONNECTED: _Dtls.CONNECTED,
    _Ice.COMPLETED: _Dtls.CONNECTED,
    _Ice.DISCONNECTED: _Dtls.CONNECTED,
    _Ice.FAILED: _Dtls.CONNECTED,
    _Ice.CLOSED: _Dtls.CLOSED,
}


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "states",
        help="what connection states mean, now and in older texts",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "transports", nargs="*", type=_transport, metavar="STATE", help="of one transport each"
    )
    names = ", ".join((*RULE_SETS, _ALL))
    parser.add_argument("--rules", type=_rules, default="w3c", metavar="NAME", help=names)
    parser.add_argument("--lang", choices=tuple(TEXTS), default="en", help="the language")
    parser.set_defaults(run=partial(run, parser))


def run(parser: Parser, options: argparse.Namespace) -> int:
    """Print tables and return the exit code."""
    LineWriter(sys.stdout).write(*as_lines(_blocks(options), text_width()))
    return ExitCode.OK


def _blocks(options: argparse.Namespace) -> Iterator[Block]:
    text = TEXTS[options.lang]
    page = StatePage(text)
    if options.transports:
        yield from page.derived(options.transports)
    elif options.rules == _ALL:
        yield from page.everything()
    elif options.rules == "w3c":
        yield from page.current()
        others = "|".join((*list(RULE_SETS)[1:], _ALL))
        yield Paragraph(text.more.format(others))
    else:
        yield from page.other(RULE_SETS[options.rules])


def _rules(text: str) -> str:
    name = _SHORT.get(text, text)
    if name not in RULE_SETS and name != _ALL:
        known = ", ".join((*RULE_SETS, _ALL))
        raise argparse.ArgumentTypeError(f"{text!r} is none of {known}")
    return name


def _transport(text: str) -> tuple[_Ice, _Dtls]:
    ice, slash, dtls = text.partition("/")
    if ice not in tuple(_Ice):
        known = ", ".join(_Ice)
        raise argparse.ArgumentTypeError(f"{ice!r} is no ICE transport state: {known}")
    if not slash:
        return _Ice(ice), _USUAL[_Ice(ice)]
    if dtls not in tuple(_Dtls):
        known = ", ".join(_Dtls)
        raise argparse.ArgumentTypeError(f"{dtls!r} is no DTLS transport state: {known}")
    return _Ice(ice), _Dtls(dtls)
