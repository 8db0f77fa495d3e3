"""The command lines of the documentation are accepted, and do what they should."""

import gzip
import re
import shlex
import shutil
from glob import glob

import pytest

from frazil.cli import main
from frazil.cli.command import make_parser
from support.doc_block import blocks
from support.recorded import record, talk

SHELL = ("", "sh", "shell", "console")
ABOUT_FILES = ("explain", "replay", "states", "timeline")
"""The subcommands that need no network."""
_COMMAND = re.compile(r"^(?:\w*[$#] +)?(?:\w+=\S+ +)*frazil +(.*)$", re.MULTILINE)

COMMANDS = [
    pytest.param(shlex.split(match[1], comments=True), id=f"{block.name} {match[1][:50]}")
    for block in blocks()
    if block.language in SHELL and block.is_common
    for match in _COMMAND.finditer(block.text)
]
RUNNABLE = [each for each in COMMANDS if each.values[0][0] in ABOUT_FILES]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_every_command_line_makes_sense(arguments):
    make_parser().parse_args(arguments)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the recordings that the pages speak of, and with what a browser saved."""
    record(tmp_path, talk)
    (tmp_path / "recordings").mkdir()
    shutil.copy(tmp_path / "offerer.jsonl", tmp_path / "recordings" / "1.jsonl")
    (tmp_path / "offerer.jsonl").rename(tmp_path / "session.jsonl")
    dump = gzip.compress(b'{"PeerConnections": {}}')
    (tmp_path / "webrtc_internals_dump.gz").write_bytes(dump)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("arguments", RUNNABLE)
def test_what_needs_no_network_runs(arguments, folder, capsys):
    given = set(folder.iterdir())
    code = main([name for each in arguments for name in glob(each) or [each]])
    streams = capsys.readouterr()
    assert streams.err == ""
    assert streams.out or set(folder.iterdir()) != given
    assert code in ((0, 1) if arguments[0] == "replay" else (0,))


def test_there_is_something_to_run():
    assert {each.values[0][0] for each in RUNNABLE} == set(ABOUT_FILES)
