"""What the public texts demand of states, events and operations, and the tests that prove it.

The clauses stand in ``tests/conformance/*.toml``, in our own words under the name that the
specification gives to the algorithm or table. The rows of the older documents are those of
:mod:`support.seed_row`; a test proves the row that it is named after.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
PARTS = ("state", "negotiation", "data", "practice")
"""The files, in the order of the page."""

_ROWS_IN_NAME = re.compile(r"test_((?:[cdq]\d+_)+)")


@dataclass(frozen=True, slots=True)
class Clause:
    """One demand.

    Attributes:
        chapter: What it is about.
        source: The specification and its algorithm, table or section.
        rule: What is demanded.
        tests: What proves it, as ``path::name`` below ``tests``.
        deviation: What is done instead and why, if that is not what is demanded; the tests then
            show it.
    """

    chapter: str
    source: str
    rule: str
    tests: tuple[str, ...] = ()
    deviation: str = ""


def clauses() -> list[Clause]:
    """Every clause, in the order of the page."""
    texts = [(TESTS / "conformance" / f"{part}.toml").read_text("utf-8") for part in PARTS]
    entries = [entry for text in texts for entry in tomllib.loads(text)["clause"]]
    return [Clause(**{**entry, "tests": tuple(entry.get("tests", ()))}) for entry in entries]


@cache
def proofs_by_row() -> dict[str, list[str]]:
    """The tests that are named after a row of the older documents, by row."""
    found: dict[str, list[str]] = {}
    for path in sorted((*TESTS.glob("unit/**/test_*.py"), *TESTS.glob("scenario/test_*.py"))):
        for name in names_in(path):
            match = _ROWS_IN_NAME.match(name)
            for row in match[1].upper().split("_")[:-1] if match else ():
                found.setdefault(row, []).append(f"{path.relative_to(TESTS).as_posix()}::{name}")
    return found


def names_in(path: Path) -> Iterator[str]:
    """The tests in a file that run everywhere: none that is skipped or expected to fail."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = " ".join(ast.unparse(each) for each in node.decorator_list)
            if node.name.startswith("test_") and not re.search(r"\b(skip|skipif|xfail)\b", marks):
                yield node.name
