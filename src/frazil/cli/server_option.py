"""``--ice-servers`` and its companions, the same for every subcommand."""

import argparse
import json
import ssl
from pathlib import Path
from typing import Any

from frazil.cli.parser import Parser
from frazil.errors import DOMException
from frazil.peer.reader import read_server


def add_server_options(parser: Parser) -> None:
    """Add the options that name servers to a subcommand."""
    group = parser.add_argument_group("servers", "no server is contacted that is not named here")
    group.add_argument(
        "--ice-servers",
        nargs="+",
        action="extend",
        default=[],
        metavar="URL",
        help="stun:HOST, turn:HOST, turn:HOST?transport=tcp, turns:HOST, with :PORT if need be; "
        "or the JSON of iceServers as in a browser; or a file with it",
    )
    group.add_argument("--user", metavar="NAME", help="the username for the TURN servers")
    group.add_argument("--password", metavar="TEXT", help="the password that goes with it")
    group.add_argument(
        "--ca",
        type=_trusting,
        metavar="FILE",
        help="trust the certificate authorities in this PEM file, and no others",
    )


def ice_servers(parser: Parser, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The servers that were named, as W3C dictionaries; each is valid.

    Raises:
        SystemExit: One of them makes no sense.
    """
    entries: list[dict[str, Any]] = []
    for text in options.ice_servers:
        entries += _entries(parser, text, options)
    for entry in entries:
        try:
            read_server(entry)
        except (TypeError, DOMException) as error:
            parser.error(_advice(str(error)))
    return entries


def _advice(text: str) -> str:
    if text.endswith("needs both username and credential"):
        return text.replace("username and credential", "--user and --password")
    return text


def _entries(parser: Parser, text: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    if text.lstrip().startswith(("[", "{")):
        return _from_json(parser, text)
    if ":" not in text:
        return _from_json(parser, _content(parser, text))
    entry: dict[str, Any] = {"urls": text}
    if options.user is not None:
        entry["username"] = options.user
    if options.password is not None:
        entry["credential"] = options.password
    return [entry]


def _content(parser: Parser, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        why = f"nor a file that can be read: {error.strerror}"
        parser.error(f"{path!r} is neither a URL, such as stun:HOST, {why}")


def _from_json(parser: Parser, text: str | bytes) -> list[dict[str, Any]]:
    """The entries in a list, in one entry, or in a whole configuration.

    Bytes may be UTF-8 or, as a shell of Windows writes them, UTF-16.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        parser.error(f"--ice-servers is no valid JSON: {error}")
    if isinstance(value, dict):
        value = value.get("iceServers", [value])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        parser.error("--ice-servers wants a JSON list of objects with urls")
    entries: list[dict[str, Any]] = value
    return entries


def _trusting(path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path!r} holds no certificates: {error}") from None
