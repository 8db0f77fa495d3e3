"""Rounds in which the stacks take turns.

One sample is one measurement of one stack in fresh processes. The rounds are interleaved (A B C,
A B C, ...), so that a machine that slows down for a while slows every stack down.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import network
import report
from effort import FULL, QUICK, Effort
from machine import Machine, Watch
from metric import Metric, Results, Sample
from process import WorkerError, find_version
from stack import FRAZIL, STACKS, Stack


def take_rounds(metric: Metric, stacks: Sequence[Stack], effort: Effort) -> Results:
    """Measure every subject once per round, in turn."""
    results = Results(metric)
    rounds = min(effort.rounds, metric.rounds or effort.rounds)
    subjects = metric.subjects(stacks)
    for turn in range(1, rounds + 1):
        for subject in subjects:
            progress(f"{metric.name}: round {turn} of {rounds}, {subject.name}")
            sample: Sample | None = None
            try:
                sample = metric.measure(subject, effort)
            except WorkerError as error:
                results.failures.setdefault(subject.name, []).append(str(error))
            results.samples.setdefault(subject.name, []).append(sample)
    progress("")
    return results


def progress(text: str) -> None:
    """Show what is going on: in one line to who is watching, else line by line."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def find_stacks(
    names: Sequence[str], confinement: str
) -> tuple[dict[Stack, str], dict[Stack, str]]:
    """The stacks that are here with their versions, and those that are not with the reason.

    Args:
        names: Which to look for; all if empty.
        confinement: Why there is no network of our own; empty if there is.
    """
    here, missing = {}, {}
    for stack in STACKS:
        if names and stack.name not in names:
            continue
        if stack.runtime.needs_network and confinement:
            missing[stack] = confinement
            continue
        try:
            here[stack] = find_version(stack)
        except WorkerError as error:
            missing[stack] = f"{error} ({stack.runtime.installer} {stack.requirement})"
    return here, missing


def parse_arguments() -> argparse.Namespace:
    """The options that all benchmarks share."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: does it work?")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each stack has its turn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables there")
    names = [stack.name for stack in STACKS]
    parser.add_argument("--stack", action="append", default=[], choices=names, help="only this")
    return parser.parse_args()


def main(metrics: Sequence[Metric], appendix: Callable[[], str] | None = None) -> int:
    """Measure, print Markdown, write files if asked.

    Args:
        metrics: The tables.
        appendix: Gives a last section that does not depend on the stacks.

    Returns:
        1 if a measurement of frazil failed.
    """
    arguments = parse_arguments()
    effort = QUICK if arguments.quick else FULL
    if arguments.rounds:
        effort = effort._replace(rounds=arguments.rounds)
    with network.entered() as confinement:
        here, missing = find_stacks(arguments.stack, confinement)
        return _measure(metrics, appendix, here, missing, effort, arguments)


def _measure(
    metrics: Sequence[Metric],
    appendix: Callable[[], str] | None,
    here: dict[Stack, str],
    missing: dict[Stack, str],
    effort: Effort,
    arguments: argparse.Namespace,
) -> int:
    machine, watch = Machine.look(), Watch()
    preamble = report.preamble(machine, here, missing)
    print(preamble)
    tables, texts = [], []
    for metric in metrics:
        tables.append(take_rounds(metric, tuple(here), effort))
        texts.append(report.table(tables[-1]))
        print(f"\n{texts[-1]}", flush=True)
    if appendix:
        texts.append(appendix())
        print(f"\n{texts[-1]}")
    reading = report.reading(effort, watch.busy_elsewhere())
    print(f"\n{reading}")
    if arguments.markdown:
        page = "\n\n".join((report.HEAD.strip(), preamble, reading, *texts))
        arguments.markdown.write_text(f"{page}\n")
    if arguments.json:
        whole = report.whole_document(machine, here, missing, effort, tables)
        arguments.json.write_text(json.dumps(whole, indent=1) + "\n")
    return 1 if any(FRAZIL.name in results.failures for results in tables) else 0
