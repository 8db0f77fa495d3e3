"""``frazil explain``: why a connection did not work, from files."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Final

from frazil.cli.complaint import complain
from frazil.cli.exit_code import ExitCode
from frazil.cli.line_writer import LineWriter
from frazil.cli.parser import Commands
from frazil.cli.width import fitting, text_width
from frazil.explain import FINDINGS, Finding, Report, explain
from frazil.explain.browser import half_of, judge_signalling, offset
from frazil.explain.browser_log import BrowserEvent, read_dump
from frazil.explain.compression import unpacked
from frazil.explain.finding import evidence_line
from frazil.explain.trace_file import Account, read_accounts
from frazil.trace import TraceRecord

_DESCRIPTION = """\
Says why a connection is not what it should be: the cause, the evidence, the fix. Reads a recording,
made with RTCPeerConnection(trace="file.jsonl") or FRAZIL_TRACE=folder, or several, and a dump that
chrome://webrtc-internals saved of the other half. Given both, it puts them on one time axis and
says what signalling has lost. Given the code of a finding, such as FZ-TURN-401, from a log or a
metric, it says what that means and what to do.
"""
_EPILOG = """\
exit codes:
  0  nothing is wrong, or a code was given
  1  something is, or a part of a recording is missing; it was printed
  2  a file cannot be read, or is none of these; the others are explained
"""
_PSEUDONYMS: Final = (
    "the recording has pseudonyms for addresses, so what signalling has lost cannot be told"
)


@dataclass(slots=True)
class _Files:
    """What the files hold.

    Attributes:
        accounts: What each recording tells, with what it is called.
        logs: The connections in all dumps.
    """

    accounts: list[tuple[str, Account]] = field(default_factory=list)
    logs: list[list[BrowserEvent]] = field(default_factory=list)


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "explain",
        help="say why a connection did not work",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "names", nargs="+", metavar="FILE", help="recording or dump; or the code of a finding"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON, one object for each recording"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Explain the files, or the codes."""
    names: list[str] = options.names
    paths = [Path(name) for name in names if name not in FINDINGS]
    if kinds := [FINDINGS[name] for name in names if name in FINDINGS]:
        _print(options, Report(tuple(Finding(kind, kind.meaning) for kind in kinds)))
    if not paths:
        return ExitCode.OK
    files = _Files()
    are_read = [_read(path, files) for path in paths]  # a list, for each is to be told of
    code = _explain_all(options, files) if any(are_read) else ExitCode.OK
    return code if all(are_read) else ExitCode.USAGE


def _explain_all(options: argparse.Namespace, files: _Files) -> ExitCode:
    if not files.accounts:
        _print(options, None, _timeline((), half_of((), files.logs), 0.0))
        return ExitCode.OK
    # A list, for each is to be told.
    are_well = [_explain(options, name, account, files) for name, account in files.accounts]
    return ExitCode.OK if all(are_well) else ExitCode.UNEXPECTED


def _read(path: Path, files: _Files) -> bool:
    """Add what a file holds; whether it is of use."""
    try:
        _add(path, files)
    except (OSError, ValueError) as error:
        complain("explain", path, error)
        return False
    return True


def _add(path: Path, files: _Files) -> None:
    if path.name.startswith("FZ-") and not path.exists():
        raise ValueError("there is no such finding")
    content = unpacked(path.read_bytes())
    if not content:
        raise ValueError("the file is empty")
    try:
        files.logs += read_dump(content)
    except ValueError:
        lines = content.decode("utf-8-sig", "replace").splitlines()
        accounts = read_accounts(lines)
        names = [f"{path}, recording {number}" for number in range(1, len(accounts) + 1)]
        files.accounts += zip(names if len(accounts) > 1 else [str(path)], accounts, strict=True)


def _explain(options: argparse.Namespace, name: str, account: Account, files: _Files) -> bool:
    """Print what a recording tells; whether nothing is wrong."""
    is_alone = len(files.accounts) == 1
    records, browser = account.records, half_of(account.records, files.logs, guess=is_alone)
    report = _report(account, browser)
    remarks = account.remarks
    if browser and not account.keeps_addresses:
        remarks.append(_PSEUDONYMS)
    timeline = _timeline(records, browser, report.began_at)
    if not is_alone and not options.json:
        LineWriter(sys.stdout).write(f"{name}:")
    _print(options, report if records else None, timeline, remarks, is_whole=account.is_whole)
    return account.is_whole and not report.findings


def _print(
    options: argparse.Namespace,
    report: Report | None,
    timeline: Sequence[str] = (),
    remarks: Sequence[str] = (),
    *,
    is_whole: bool = True,
) -> None:
    if options.json:
        findings = report.to_json() if report else []
        told = {"findings": findings, "timeline": timeline, "remarks": remarks}
        LineWriter(sys.stdout).write(json.dumps(told, indent=2))
        return
    lines = [*timeline, *(str(report).splitlines() if report else ())]
    if report and not report.findings and not is_whole:
        lines[-1] += " in what is left of the recording"
    lines = lines or ["nothing has happened yet"]
    lines += [f"note: {each}" for each in remarks]
    if sys.stdout.isatty():
        lines = [part for line in lines for part in fitting(line, text_width())]
    LineWriter(sys.stdout).write(*lines)


def _report(account: Account, browser: Sequence[BrowserEvent]) -> Report:
    records, report = account.records, explain(account.records)
    if not records or not report.findings:
        return report
    lost = tuple(judge_signalling(records, browser)) if account.keeps_addresses else ()
    others = tuple(each for each in report.findings if each.code not in {e.code for e in lost})
    return Report(lost + others, report.began_at)


def _timeline(
    records: Sequence[TraceRecord], browser: Sequence[BrowserEvent], began_at: float
) -> Sequence[str]:
    """Both halves in the order of time; the browser's alone if they cannot be aligned.

    There is none without the browser's.
    """
    if not browser:
        return []
    shift_s = offset(records, browser)
    if shift_s is None:
        start = browser[0].at
        return [f"{each.at - start:+.3f} s {each.summary}" for each in browser]
    lines = [
        (each.at, evidence_line(each, began_at))
        for each in records
        if not each.kind.is_routine and each.layer not in ("peer", "api")
    ]
    for each in browser:
        at = each.at - shift_s
        lines.append((at, f"{at - began_at:+.3f} s {each.summary}"))
    return [text for _, text in sorted(lines, key=itemgetter(0))]
