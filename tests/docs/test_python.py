"""The Python of the documentation does what it is shown for."""

import re
import subprocess
import sys
from itertools import groupby
from operator import attrgetter

import pytest

from support.doc_block import ROOT, blocks
from support.doc_stage import play

STARTS = re.compile(r"^ *(asyncio\.)?run\(", re.MULTILINE)
PYTHON = [block for block in blocks() if block.language in ("python", "setup") and block.is_common]
PROGRAMS = [block for block in PYTHON if STARTS.search(block.text)]
SNIPPETS = {
    page: list(group)
    for page, group in groupby(
        (block for block in PYTHON if block not in PROGRAMS), attrgetter("page")
    )
}


@pytest.mark.parametrize("block", PROGRAMS, ids=attrgetter("name"))
def test_programs_run_without_complaint(block, tmp_path):
    """What calls ``asyncio.run``, or that of the tests, is a program: it runs as a user would."""
    program = tmp_path / "program.py"
    program.write_text("\n" * block.line + block.text)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), f"{ROOT / block.page}:\n{done.stderr}"
    if block.output is not None:
        assert done.stdout == block.output


@pytest.mark.parametrize("page", SNIPPETS)
def test_snippets_run_in_their_order(page, tmp_path, monkeypatch):
    """What does not is a piece of one: those of a page run one after another."""
    monkeypatch.chdir(tmp_path)
    play(SNIPPETS[page], monkeypatch)
