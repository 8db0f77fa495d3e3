"""``frazil replay``: do a recorded connection again, and see whether it goes the same way."""

import argparse
import keyword
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from frazil.cli.complaint import complain
from frazil.cli.exit_code import ExitCode
from frazil.cli.parser import Commands
from frazil.explain.finding import evidence_line
from frazil.explain.trace_file import records_of
from frazil.printable import printable
from frazil.record import (
    Outcome,
    RecordingError,
    replay,
    what_if,
    whole_lines,
    without_addresses,
)

_DESCRIPTION = """\
Feeds a recording, made with RTCPeerConnection(trace="file.jsonl") or FRAZIL_TRACE=folder, through
the same core that made it, and compares every decision, state, event and outgoing datagram. The
first difference is shown. No network is touched.
"""
_EPILOG = """\
exit codes:
  0  all is as recorded; with --what-if: the other timers make no difference
  1  something differs; the first difference is printed
  2  the file cannot be read, or is no recording
"""
_TEST: Final = '''\
"""The connection recorded in ``{name}.jsonl`` goes as it went."""

from pathlib import Path

from frazil.record import replay

RECORDING = Path(__file__).with_name("{name}.jsonl")


def test_{name}_goes_as_recorded():
    assert replay(RECORDING.read_text(encoding="utf-8").splitlines()) is None
'''


def add_parser(commands: Commands) -> None:
    """Add the subcommand to the command line."""
    parser = commands.add_parser(
        "replay",
        help="do a recorded connection again",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the recording")
    parser.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="use another timer or limit, for example disconnected_after=8 or "
        "max_retransmits=none; may be repeated",
    )
    parser.add_argument(
        "--as-test",
        type=Path,
        metavar="FOLDER",
        help="write a pytest test with a copy of the recording beside it, if it goes the same way",
    )
    parser.add_argument(
        "--redact-addresses",
        type=Path,
        metavar="FILE",
        help="write the recording with a pseudonym for every IP address, if it goes the same way",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replay the file."""
    path: Path = options.file
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        written = text.rstrip().splitlines()
        lines = whole_lines(written)
        outcome = what_if(lines, options.what_if) if options.what_if else None
        divergence = replay(lines) if outcome is None else None
        if len(lines) < len(written):
            print(f"{path}: the last line is cut off and was left out")
        if outcome is not None:
            return _show(outcome)
        if divergence is not None:
            print(f"{path}: {divergence}")
            return ExitCode.UNEXPECTED
        print(f"{path}: identical, {len(lines)} lines")
        if options.redact_addresses is not None:
            told = "\n".join([*without_addresses(lines), ""])
            options.redact_addresses.write_text(told, encoding="utf-8")
            print(f"wrote {options.redact_addresses}")
        if options.as_test is not None:
            print(f"wrote {_write_test(options.as_test, path.stem, lines)}")
    except (OSError, RecordingError) as error:
        return complain("replay", path, error)
    return ExitCode.OK


def _show(outcome: Outcome) -> int:
    if outcome.is_same:
        print("no difference")
        return ExitCode.OK
    print("the first difference:")
    print(f"  recorded: {_sentence(outcome.recorded)}")
    print(f"  instead:  {_sentence(outcome.instead)}")
    print("connectionState:")
    print(f"  recorded: {_chain(outcome.states_recorded)}")
    print(f"  instead:  {_chain(outcome.states)}")
    print("What follows the first difference is a guess: the peer would have reacted, too.")
    return ExitCode.UNEXPECTED


def _sentence(decision: list[object] | None) -> str:
    if decision is None:
        return "nothing"
    lines = [evidence_line(record, 0.0) for record in records_of(decision)]
    return lines[0] if lines else str(decision)  # one that this version does not know


def _chain(states: Iterable[tuple[float, str]]) -> str:
    chain = " -> ".join(f"{state} ({at:.3f} s)" for at, state in states)
    return printable(chain) or "no change"


def _write_test(folder: Path, stem: str, lines: list[str]) -> Path:
    """Write the test and the recording; the path of the test."""
    name = re.sub(r"\W", "_", stem).lower()
    if not name.isidentifier() or keyword.iskeyword(name):
        name = f"recording_{name}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    test = folder / f"test_{name}.py"
    test.write_text(_TEST.format(name=name), encoding="utf-8")
    return test
