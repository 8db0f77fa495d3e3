"""Writes the reference pages that follow from the code: ``python docs/generate.py``.

A page is never edited by hand. The tables on it are computed from the tables the library runs on,
so they cannot disagree; a test compares the committed page with a fresh one.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from frazil.cli.block import as_markdown
from frazil.cli.state_page import StatePage
from frazil.cli.state_text import TEXTS
from frazil.trace import EVENTS, RING_COST

DOCS = Path(__file__).parent
sys.path.append(str(DOCS.parent / "tests"))

from support.clause import Clause, clauses, proofs_by_row  # noqa: E402
from support.seed_row import LIVE_ROWS, ROWS, TABLE_ROWS  # noqa: E402

_NOTICE = "<!-- Written by docs/generate.py. Change that file and run it. -->"


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The generated pages by their path below ``docs``."""
    return {
        "reference/states.md": _states("en"),
        "reference/states.de.md": _states("de"),
        "reference/conformance.md": "\n\n".join(_conformance()) + "\n",
        "reference/trace.md": "\n\n".join(_trace()) + "\n",
    }


def _states(language: str) -> str:
    return f"{_NOTICE}\n\n{as_markdown(StatePage(TEXTS[language]).everything())}"


def _trace() -> Iterator[str]:
    yield _NOTICE
    yield "# The trace of a connection"
    yield (
        "`pc.trace.records` holds what a connection decided and why, oldest first, always. Each "
        "record has `at` (seconds on the clock of the event loop), `layer`, `event`, `facts` by "
        "name, and `transport`, the name of the transport it is about (empty for the connection "
        "as a whole). Facts whose name ends in `_s` are durations in seconds, `_at` instants on "
        "the same clock; evidence is a list of named facts. `pc.trace.listen(function)` calls a "
        "function with every further record. `pc.trace.counters` counts input that was dropped. "
        "What is not there, datagram by datagram, [recordings](recording.md) hold."
    )
    yield (
        f"The ring takes at most {RING_COST // 1024} KiB for each connection; the oldest records "
        "make room, and `pc.trace.forgotten` counts them. Events marked *routine* happen again "
        "and again while nothing changes: as long as no other event comes between, those of one "
        "transport with the same first fact share one record, whose `count` says how many there "
        "were, `last_at` when the last one came, and whose facts are those of the last one. "
        "Listeners hear of each."
    )
    for layer in dict.fromkeys(kind.layer for kind in EVENTS.values()):
        yield f"## {layer}"
        for kind in (each for each in EVENTS.values() if each.layer == layer):
            yield f"### {kind.name}"
            yield kind.meaning + (" *Routine.*" if kind.is_routine else "")
            if kind.facts:
                rows = zip(map(_code, kind.facts), kind.meanings, strict=True)
                yield _table(("fact", "meaning"), rows)


def _conformance() -> Iterator[str]:
    found = clauses()
    rows = TABLE_ROWS | LIVE_ROWS
    yield "<!-- Written by docs/generate.py. Change tests/conformance and run it. -->"
    yield "# Conformance"
    yield (
        "What the W3C texts and the RFCs behind them demand of states, events and operations, in "
        "our own words, and the tests that prove each demand. Sources are named as the "
        "specification names the algorithm, table or interface. A clause without a test fails the "
        "build, and so does a test that is missing, skipped or not collected. Tests below "
        "`interop` need the partner that they are about."
    )
    deviating = sum(bool(clause.deviation) for clause in found)
    yield (
        f"{len(found)} clauses, {deviating} of them deviations, and {len(rows)} claims of older "
        "documents. [Deviations](deviations.md) lists everything that is done otherwise, beyond "
        "the state machines too."
    )
    for chapter, in_chapter in groupby(found, attrgetter("chapter")):
        yield f"## {chapter}"
        for source, in_source in groupby(in_chapter, attrgetter("source")):
            yield f"### {source}"
            yield _table(("demanded", "proved by"), (_clause(each) for each in in_source))
    yield "## What other documents claim"
    yield (
        "C1 to C40 are claims of pages written since 2012, D1 to D16 what has changed since then, "
        "Q1 to Q10 what those texts leave open. Where a page is wrong, the row says what holds."
    )
    proofs = proofs_by_row()
    yield _table(
        ("row", "what holds", "proved by"), ((row, rows[row], _proofs(proofs[row])) for row in ROWS)
    )


def _clause(clause: Clause) -> tuple[str, str]:
    if not clause.deviation:
        return clause.rule, _proofs(clause.tests)
    text = f"*Deviation:* {clause.deviation}"
    return clause.rule, "<br>".join(filter(None, [text, _proofs(clause.tests)]))


def _proofs(tests: Iterable[str]) -> str:
    return "<br>".join(f"[`{each}`](../../tests/{each.partition('::')[0]})" for each in tests)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    main()
