"""Rounds in which the stacks take turns, and tables that say how they compare.

One sample is one measurement of one stack in fresh processes. The rounds are interleaved (A B C,
A B C, ...), so that a machine that slows down for a while slows every stack down. Each cell is the
median over the rounds, its range, and the median of the ratios to the baseline *of the same round*.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeAlias

from effort import FULL, QUICK, Effort
from machine import Machine, Watch
from process import WorkerError
from stack import BASELINE, STACKS, Stack

Sample: TypeAlias = Mapping[str, float]
"""The value of each column, by its key."""


@dataclass(frozen=True, slots=True)
class Column:
    """One quantity: its key in a sample and in JSON, and its title with the unit."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Metric:
    """One table.

    Attributes:
        name: The name of the module, and the key in JSON.
        title: What is measured, and where.
        columns: The quantities.
        measure: Takes one sample of one stack; raises :class:`WorkerError`.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    measure: Callable[[Stack, Effort], Sample]


@dataclass(slots=True)
class Results:
    """What one metric found.

    Attributes:
        metric: The metric.
        samples: By stack, one per round; ``None`` where the measurement failed.
        failures: By stack, why measurements failed.
    """

    metric: Metric
    samples: dict[str, list[Sample | None]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One quantity of one stack over the rounds."""

    median: float
    low: float
    high: float
    ratio: float | None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f" ({self.ratio:.2f}×)"
        return f"{number(self.median)} [{number(self.low)}–{number(self.high)}]{ratio}"


def summarize(
    samples: Sequence[Sample | None], baseline: Sequence[Sample | None], key: str
) -> Cell | None:
    """The cell of one quantity; ``None`` without any sample.

    Args:
        samples: Of one stack, by round.
        baseline: Of the stack to compare with, by round; may be empty.
        key: Which quantity.
    """
    values = [sample[key] for sample in samples if sample]
    if not values:
        return None
    ratios = [
        sample[key] / other[key]
        for sample, other in zip(samples, baseline, strict=False)
        if sample and other and other[key]
    ]
    return Cell(median(values), min(values), max(values), median(ratios) if ratios else None)


def number(value: float) -> str:
    """Three digits that mean something, and separators from a thousand on."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return (
        f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    )


def take_rounds(metric: Metric, stacks: Iterable[Stack], effort: Effort) -> Results:
    """Measure every stack once per round, in turn."""
    results = Results(metric)
    stacks = tuple(stacks)
    for round_number in range(1, effort.rounds + 1):
        for stack in stacks:
            progress(f"{metric.name}: round {round_number} of {effort.rounds}, {stack.name}")
            sample: Sample | None = None
            try:
                sample = metric.measure(stack, effort)
            except WorkerError as error:
                results.failures.setdefault(stack.name, []).append(str(error))
            results.samples.setdefault(stack.name, []).append(sample)
    progress("")
    return results


def progress(text: str) -> None:
    """Show what is going on, if somebody is watching."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def markdown(results: Results) -> str:
    """The table, and a line for each stack of which a measurement failed."""
    columns = results.metric.columns
    baseline = results.samples.get(BASELINE.name, [])
    lines = [
        f"## {results.metric.title}",
        "",
        "| stack | " + " | ".join(column.title for column in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for name, samples in results.samples.items():
        cells = [summarize(samples, baseline, column.key) for column in columns]
        lines.append(f"| {name} | " + " | ".join(str(cell or "failed") for cell in cells) + " |")
    for name, failures in results.failures.items():
        count = f"{len(failures)} of {len(results.samples[name])} measurements failed"
        lines += ["", f"**{name}**: {count}; the last: {failures[-1]}"]
    return "\n".join(lines)


def document(results: Results) -> dict[str, object]:
    """The samples of one metric, for JSON."""
    return {
        "title": results.metric.title,
        "columns": {column.key: column.title for column in results.metric.columns},
        "samples": results.samples,
        "failures": results.failures,
    }


def find_stacks(names: Sequence[str]) -> tuple[dict[Stack, str], dict[Stack, str]]:
    """The stacks that are here with their versions, and those that are not with the reason."""
    here, missing = {}, {}
    for stack in STACKS:
        if names and stack.name not in names:
            continue
        try:
            here[stack] = stack.load().VERSION
        except ImportError as error:
            missing[stack] = f"not measured: {error} (pip install {stack.requirement})"
    return here, missing


def parse_arguments() -> argparse.Namespace:
    """The options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it work?")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each stack has its turn")
    parser.add_argument("--json", type=Path, metavar="PATH", help="also write every sample there")
    names = [stack.name for stack in STACKS]
    parser.add_argument("--stack", action="append", default=[], choices=names, help="only this")
    return parser.parse_args()


def main(metrics: Sequence[Metric]) -> int:
    """Measure, print Markdown, write JSON if asked; 1 if any measurement failed."""
    arguments = parse_arguments()
    effort = QUICK if arguments.quick else FULL
    if arguments.rounds:
        effort = effort._replace(rounds=arguments.rounds)
    here, missing = find_stacks(arguments.stack)
    machine = Machine.look()
    print(f"{machine}\n")
    for stack, version in here.items():
        print(f"- {stack.name}: {version}")
    for stack, reason in missing.items():
        print(f"- {stack.name}: {reason}")
    watch = Watch()
    tables = []
    for metric in metrics:
        tables.append(take_rounds(metric, here, effort))
        print(f"\n{markdown(tables[-1])}", flush=True)
    elsewhere = watch.busy_elsewhere()
    rounds = "1 round" if effort.rounds == 1 else f"{effort.rounds} interleaved rounds"
    ratio = f" (ratio to {BASELINE.name} in the same round)" if BASELINE in here else ""
    print(f"\nMedian of {rounds} [range]{ratio}. {elsewhere}".rstrip())
    if arguments.json:
        whole = {
            "machine": asdict(machine),
            "stacks": {stack.name: version for stack, version in here.items()},
            "missing": {stack.name: reason for stack, reason in missing.items()},
            "effort": effort._asdict(),
            "metrics": {results.metric.name: document(results) for results in tables},
        }
        arguments.json.write_text(json.dumps(whole, indent=1) + "\n")
    return 1 if any(results.failures for results in tables) else 0
