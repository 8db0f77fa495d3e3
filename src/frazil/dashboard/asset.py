"""The files of the page, and the page as one file."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

from frazil.dashboard.encoding import dump_for_html
from frazil.record import Json

KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Media types by the end of the file name."""
_FIRST: Final = "main.js"
_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./([a-z_]+\.js)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (async function|function|class|const) (\w+)", re.MULTILINE)


@cache
def load() -> Mapping[str, bytes]:
    """The files by name."""
    folder = resources.files("frazil.dashboard") / "static"
    return {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.name.rpartition(".")[2] in KINDS
    }


def kind_of(name: str) -> str:
    """The media type of a file."""
    return KINDS[name.rpartition(".")[2]]


def single_page(view: Mapping[str, Json]) -> str:
    """The page with everything in it: style, scripts and the view of one connection.

    It asks for nothing, and its policy forbids it to.
    """
    style = load()["style.css"].decode()
    script = _bundle()
    icon = base64.b64encode(load()["icon.svg"]).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(style)}; "
        f"script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    )
    replacements = {
        "<!-- policy -->": f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<link rel="stylesheet" href="style.css">': f"<style>{style}</style>",
        '<script type="module" src="main.js"></script>': "",
        '"icon.svg"': f'"data:image/svg+xml;base64,{icon}"',
        "<!-- data -->": (
            f'<script type="application/json" id="data">{dump_for_html(view)}</script>\n'
            f'<script type="module">{script}</script>'
        ),
    }
    page = load()["index.html"].decode()
    pattern = re.compile("|".join(map(re.escape, replacements)))
    return pattern.sub(lambda found: replacements[found[0]], page)


@cache
def _bundle() -> str:
    """All modules in one: each becomes a function that gives what the module exports."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for _, needed in _IMPORT.findall(load()[name].decode()):
                visit(needed)
            order.append(name)

    visit(_FIRST)
    return "\n".join(map(_as_function, order))


def _as_function(name: str) -> str:
    text = load()[name].decode()
    exports = ", ".join(found[1] for found in _EXPORT.findall(text))
    text = _IMPORT.sub(lambda found: f"const {found[1]} = {_variable(found[2])};", text)
    text = _EXPORT.sub(r"\1 \2", text)
    return f"const {_variable(name)} = (() => {{\n{text}\nreturn {{ {exports} }};\n}})();"


def _variable(name: str) -> str:
    return "module_" + name.removesuffix(".js")


def _digest(text: str) -> str:
    """How a policy names an inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
