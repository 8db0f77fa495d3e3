"""The page that names the test behind each demand."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from generator.markdown import table
from support.clause import Clause, clauses, proofs_by_row
from support.seed_row import LIVE_ROWS, ROWS, TABLE_ROWS


def conformance_page() -> Iterator[str]:
    """Every clause with its proof."""
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
            yield table(("demanded", "proved by"), (_clause(each) for each in in_source))
    yield "## What other documents claim"
    yield (
        "C1 to C40 are claims of pages written since 2012, D1 to D16 what has changed since then, "
        "Q1 to Q10 what those texts leave open. Where a page is wrong, the row says what holds."
    )
    proofs = proofs_by_row()
    yield table(
        ("row", "what holds", "proved by"), ((row, rows[row], _proofs(proofs[row])) for row in ROWS)
    )


def _clause(clause: Clause) -> tuple[str, str]:
    if not clause.deviation:
        return clause.rule, _proofs(clause.tests)
    text = f"*Deviation:* {clause.deviation}"
    return clause.rule, "<br>".join(filter(None, [text, _proofs(clause.tests)]))


def _proofs(tests: Iterable[str]) -> str:
    return "<br>".join(f"[`{each}`](../../tests/{each.partition('::')[0]})" for each in tests)
