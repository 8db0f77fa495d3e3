from effort import FULL, QUICK
from machine import Machine
from metric import Column, Metric, Results
from report import document, preamble, reading, table
from stack import AIORTC, CHROMIUM, FRAZIL

MACHINE = Machine("2026-01-02", "Linux 6", "CPython 3.11", "Some CPU", 2)
METRIC = Metric(
    "rate",
    "Rate: how fast",
    (Column("a", "A, ms"), Column("b", "B")),
    lambda *_: {},
    note="A note.",
)


def test_a_stack_that_is_missing_is_named_with_the_reason() -> None:
    text = preamble(MACHINE, {FRAZIL: "1.2"}, {CHROMIUM: "chromium is not installed (apt-get x)"})
    assert text.splitlines() == [
        "2026-01-02, Linux 6, 2 × Some CPU, CPython 3.11",
        "",
        "- frazil: 1.2",
        "- Chromium: not measured, chromium is not installed (apt-get x)",
    ]


def test_a_table_has_a_row_for_each_stack_and_a_line_for_each_failure() -> None:
    results = Results(
        METRIC,
        {
            AIORTC.name: [{"a": 2.0, "b": 1.0}, {"a": 2.0, "b": 1.0}],
            FRAZIL.name: [{"a": 1.0}, {"a": 3.0}],
            CHROMIUM.name: [None, None],
        },
        {CHROMIUM.name: ["first", "it hung"]},
    )
    assert table(results).splitlines() == [
        "## Rate: how fast",
        "",
        "| | A, ms | B |",
        "|---|---|---|",
        "| aiortc | 2.00 (1.00×) | 1.00 (1.00×) |",
        "| frazil | 2.00 [1.00–3.00] (1.00×) | – |",
        "| Chromium | failed | failed |",
        "",
        "A note.",
        "",
        "**Chromium**: 2 of 2 measurements failed; the last: it hung",
    ]


def test_json_has_every_sample() -> None:
    results = Results(METRIC, {"frazil": [{"a": 1.0}, None]}, {"frazil": ["it hung"]})
    assert document(results) == {
        "title": "Rate: how fast",
        "columns": {"a": "A, ms", "b": "B"},
        "samples": {"frazil": [{"a": 1.0}, None]},
        "failures": {"frazil": ["it hung"]},
    }


def test_the_reader_is_told_how_far_to_trust_the_cells() -> None:
    assert reading(FULL, "Busy.") == (
        "Median of up to 3 interleaved rounds [range] "
        "(ratio to aiortc, or the first row of settings, in the same round). Busy."
    )
    assert reading(QUICK, "") == (
        "Median of one round [range] "
        "(ratio to aiortc, or the first row of settings, in the same round). "
        "A quick run, with fewer pairs and shorter flows than the titles say."
    )
