"""The page about timers and limits."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import frazil
from frazil import SessionConfig
from generator.markdown import NOTICE, code, table

_SOURCE = Path(frazil.__file__).parent
_LAYERS = {
    "aio": "Sockets, interfaces and gathering",
    "peer": "Signalling and recovery",
    "session": "Transports",
    "ice": "ICE",
    "dtls": "DTLS",
    "sctp": "SCTP",
    "datachannel": "Data channels",
    "mdns": "Multicast DNS",
    "turn": "TURN",
    "stun": "STUN",
    "trace": "Trace",
}
_NAME = re.compile(r"[A-Z][A-Z0-9_]+")
_ATTRIBUTE = re.compile(r"^    (\w+): (.+?)(?=^    \w+: |\Z|^\S)", re.DOTALL | re.MULTILINE)
_LARGEST = 2**31
"""Beyond it a number is a pattern of bits, and no limit."""


class Constant(NamedTuple):
    """A named number of the source.

    Attributes:
        layer: Its package.
        file: Where it stands, below ``src/frazil``.
        name: As in the source.
        value: A number, or several.
        meaning: The sentences below it.
    """

    layer: str
    file: str
    name: str
    value: Any
    meaning: str


def timer_page() -> Iterator[str]:
    """Every setting, and every constant that has a meaning."""
    yield NOTICE
    yield "# Timers and limits"
    yield (
        "Every number on which the behaviour of a connection depends, from the source. Names that "
        "end in `_s` are seconds."
    )
    yield "## Settings"
    yield (
        "They are fields of `SessionConfig` and what it holds, `IceConfig`, `DtlsConfig` and "
        "`SctpConfig`: "
        "`RTCPeerConnection(session=SessionConfig(ice=IceConfig(disconnected_after_s=8)))`."
    )
    yield table(("setting", "default", "meaning"), _settings(SessionConfig(), ""))
    yield "## Constants"
    yield "These bound what a peer can make us do, or are the values of a specification."
    for layer, constants in groupby(_constants(), lambda each: each.layer):
        yield f"### {_LAYERS[layer]}"
        yield table(("name", "value", "meaning", "file"), map(_row, constants))


def _settings(config: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
    meanings = _attribute_meanings(config)
    for field in fields(config):
        value = getattr(config, field.name)
        name = f"{prefix}{field.name}"
        if hasattr(value, "__dataclass_fields__"):
            yield from _settings(value, f"{name}.")
        else:
            yield code(name), code(_told(value)), meanings.get(field.name, "")


def _attribute_meanings(config: Any) -> dict[str, str]:
    """What the docstring of a class says of its attributes."""
    text = inspect.getdoc(type(config)) or ""
    _, _, listed = text.partition("Attributes:\n")
    entries = re.findall(
        r"^    (\w+): (.+?)(?=^    \w+: |\Z|^\S)", listed, re.DOTALL | re.MULTILINE
    )
    return {name: _one_line(meaning) for name, meaning in entries}


def _constants() -> Iterator[Constant]:
    for layer in _LAYERS:
        for path in sorted((_SOURCE / layer).glob("*.py")):
            yield from _constants_of(layer, path)


def _constants_of(layer: str, path: Path) -> Iterator[Constant]:
    module = import_module(f"frazil.{layer}.{path.stem}")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        name = _assigned(statement)
        meaning = _documentation(following)
        if not _NAME.fullmatch(name) or not meaning:
            continue
        value = getattr(module, name)
        if _is_number(value):
            yield Constant(layer, f"{layer}/{path.name}", name, value, meaning)


def _assigned(statement: ast.stmt) -> str:
    target = (
        statement.target
        if isinstance(statement, ast.AnnAssign)
        else statement.targets[0]
        if isinstance(statement, ast.Assign)
        else None
    )
    return target.id if isinstance(target, ast.Name) else ""


def _documentation(statement: ast.stmt | None) -> str:
    """The sentences of a string that stands alone, below what it is about."""
    match statement:
        case ast.Expr(ast.Constant(str(text))):
            return _one_line(text)
        case _:
            return ""


def _is_number(value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(map(_is_number, value))
    return type(value) in (int, float) and 0 < value < _LARGEST


def _row(constant: Constant) -> tuple[str, str, str, str]:
    return code(constant.name), code(_told(constant.value)), constant.meaning, code(constant.file)


def _told(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_told, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if value >= 10_000 else str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _one_line(text: str) -> str:
    """As a cell of a table takes it; names as Markdown writes them."""
    plain = re.sub(r":\w+:`([^`]+)`", r"`\1`", " ".join(text.split()))
    return plain.replace("``", "`").replace("|", "\\|")
