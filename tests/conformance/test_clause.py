"""Every clause has its proof, and every proof runs."""

import subprocess
import sys
from collections import Counter

import pytest

from support.clause import TESTS, clauses, names_in, proofs_by_row
from support.seed_row import LIVE_ROWS, ROWS, TABLE_ROWS


def named_tests() -> set[str]:
    return {each for clause in clauses() for each in clause.tests}


def collected(*paths: str) -> set[str]:
    """What pytest finds in ``paths``, without parameters."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    listed = subprocess.run(
        [*command, *(f"tests/{path}" for path in paths)],
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line for line in listed.stdout.splitlines() if "::" in line)
    return {line.removeprefix("tests/").partition("[")[0] for line in lines}


def test_every_clause_has_a_test_or_is_a_deviation_with_its_reason():
    bare = [each.rule for each in clauses() if not each.tests and not each.deviation]
    assert bare == []


def test_no_clause_is_written_twice():
    count = Counter((each.source, each.rule) for each in clauses())
    assert [each for each, times in count.items() if times > 1] == []


def test_every_named_test_exists_and_is_never_skipped():
    for named in named_tests():
        path, _, name = named.partition("::")
        assert name in set(names_in(TESTS / path)), named


@pytest.mark.timeout(300)  # it collects in a process of its own
def test_every_named_test_is_collected():
    named = {each for each in named_tests() if not each.startswith("interop/")}
    assert named - collected(*sorted({each.partition("::")[0] for each in named})) == set()


def test_every_row_of_the_older_documents_has_its_words_and_a_test():
    assert set(LIVE_ROWS) | set(TABLE_ROWS) == set(ROWS) == set(proofs_by_row())
    assert set(LIVE_ROWS).isdisjoint(TABLE_ROWS)


def test_a_skipped_test_proves_nothing(tmp_path):
    path = tmp_path / "test_x.py"
    marks = ("skip", "skipif(True)", "xfail")
    path.write_text(
        "def test_plain(): ...\ndef helper(): ...\nasync def test_coroutine(): ...\n"
        + "".join(f"@pytest.mark.{mark}\ndef test_{at}(): ...\n" for at, mark in enumerate(marks))
    )
    assert list(names_in(path)) == ["test_plain", "test_coroutine"]
