"""What is said in the end: Markdown to read, JSON to compute with."""

from collections.abc import Mapping
from dataclasses import asdict

from effort import QUICK, Effort
from machine import Machine
from metric import Results
from stack import BASELINE, Stack
from summary import summarize

HEAD = """# What it costs, and what the others cost

Written by `python benchmarks --markdown docs/reference/benchmarks.md`; edit nothing here. How the
numbers are made is told in [`benchmarks/README.md`](../../benchmarks/README.md), and what to do
about them in [Make it fast](../how-to/performance.md).
"""


def preamble(machine: Machine, here: Mapping[Stack, str], missing: Mapping[Stack, str]) -> str:
    """The machine, and the stacks with their versions or with what to install."""
    lines = [f"{machine}", ""]
    lines += [f"- {stack.name}: {version}" for stack, version in here.items()]
    lines += [f"- {stack.name}: not measured, {reason}" for stack, reason in missing.items()]
    return "\n".join(lines)


def table(results: Results) -> str:
    """The table of one metric, and a line for each subject of which a measurement failed."""
    metric = results.metric
    baseline = results.samples.get(metric.baseline, [])
    lines = [
        f"## {metric.title}",
        "",
        "| | " + " | ".join(column.title for column in metric.columns) + " |",
        "|---|" + "---|" * len(metric.columns),
    ]
    for name, samples in results.samples.items():
        failed = "failed" if name in results.failures else "–"
        cells = (summarize(samples, baseline, column.key) for column in metric.columns)
        lines.append(f"| {name} | " + " | ".join(str(cell or failed) for cell in cells) + " |")
    if metric.note:
        lines += ["", metric.note]
    for name, failures in results.failures.items():
        count = f"{len(failures)} of {len(results.samples[name])} measurements failed"
        lines += ["", f"**{name}**: {count}; the last: {failures[-1]}"]
    return "\n".join(lines)


def reading(effort: Effort, busy_elsewhere: str) -> str:
    """How to read the cells, and how far to trust them."""
    rounds = "one round" if effort.rounds == 1 else f"up to {effort.rounds} interleaved rounds"
    first = f"{BASELINE.name}, or the first row of settings,"
    cells = f"Median of {rounds} [range] (ratio to {first} in the same round)."
    quick = "A quick run, with fewer pairs and shorter flows than the titles say."
    return " ".join(filter(None, (cells, effort == QUICK and quick, busy_elsewhere)))


def document(results: Results) -> dict[str, object]:
    """The samples of one metric, for JSON."""
    return {
        "title": results.metric.title,
        "columns": {column.key: column.title for column in results.metric.columns},
        "samples": results.samples,
        "failures": results.failures,
    }


def whole_document(
    machine: Machine,
    here: Mapping[Stack, str],
    missing: Mapping[Stack, str],
    effort: Effort,
    tables: list[Results],
) -> dict[str, object]:
    """Everything, for JSON."""
    return {
        "machine": asdict(machine),
        "stacks": {stack.name: version for stack, version in here.items()},
        "missing": {stack.name: reason for stack, reason in missing.items()},
        "effort": effort._asdict(),
        "metrics": {results.metric.name: document(results) for results in tables},
    }
