"""The page about the command line."""

import argparse
import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Final

from frazil.cli.command import make_parser
from generator.markdown import NOTICE, code, table

_CODE: Final = re.compile(
    r"--[a-z][\w-]*|\w+\([^)]*\)|\w+_\w+=\w+|FZ-[A-Z0-9-]+|frazil\.\w+"
    r"|(?:chrome://|stun:|turns?:)[\w?=-]+"
)
"""What stands in a text as it is typed: options, calls, settings, codes, modules, addresses."""


def command_page() -> Iterator[str]:
    """Every subcommand with its arguments."""
    parser = make_parser()
    yield NOTICE
    yield "# Command line"
    yield (
        f"{parser.description} `pip install 'frazil[cli]'` brings `frazil`; without the extra it "
        "works too, in plain text. `frazil COMMAND --help` shows what is below."
    )
    commands = _commands(parser)
    helps = {each.dest: each.help or "" for each in _subparsers(parser)._choices_actions}
    yield table(
        ("command", "what it does"),
        ((f"[`frazil {name}`](#frazil-{name})", helps[name]) for name in commands),
    )
    yield from _preformatted(parser.epilog)
    for name, command in commands.items():
        yield f"## frazil {name}"
        yield from _command(command)


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    for paragraph in (parser.description or "").split("\n\n"):
        if paragraph.startswith(" "):
            yield from _preformatted(dedent(paragraph))
        else:
            yield _marked(" ".join(paragraph.split()))
    yield "```text\n" + _usage(parser) + "\n```"
    rows = [
        (_spelling(action), _plain(action.help or "", action))
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction)
    ]
    if rows:
        yield table(("argument", "meaning"), rows)
    yield from _preformatted(parser.epilog)


def _preformatted(text: str | None) -> Iterator[str]:
    if text:
        yield f"```text\n{text.strip()}\n```"


def _usage(parser: argparse.ArgumentParser) -> str:
    """In an order and width that depend neither on the terminal nor on the version of Python."""
    optional = [each for each in parser._actions if each.option_strings]
    positional = [each for each in parser._actions if not each.option_strings]
    words = [f"[{_spelling(each, bare=True)}]" for each in optional[1:]]
    words += [_value(each) for each in positional]
    return " ".join([parser.prog, *words])


def _spelling(action: argparse.Action, *, bare: bool = False) -> str:
    if not action.option_strings:
        return code(_value(action))
    value = f" {_value(action)}" if action.nargs != 0 else ""
    if bare:
        return action.option_strings[-1] + value
    return ", ".join(code(each + value) for each in action.option_strings)


def _value(action: argparse.Action) -> str:
    if action.choices and action.metavar is None:
        word = "{" + ",".join(map(str, action.choices)) + "}"
    else:
        word = str(action.metavar or action.dest.upper())
    return {"*": f"[{word} ...]", "+": f"{word} [...]", "?": f"[{word}]"}.get(
        str(action.nargs), word
    )


def _plain(text: str, action: argparse.Action) -> str:
    shown = re.sub(r"%\((\w+)\)s", lambda match: str(getattr(action, match[1])), text)
    return _marked(shown.replace("%%", "%").replace("|", "\\|"))


def _marked(text: str) -> str:
    """The text with code as such, so that nobody makes its quotes and dashes look better."""
    return _CODE.sub(lambda match: code(match[0]), text)


def _subparsers(
    parser: argparse.ArgumentParser,
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    (found,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return found


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return dict(_subparsers(parser).choices)
