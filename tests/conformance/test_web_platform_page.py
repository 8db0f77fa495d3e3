"""The page about web-platform-tests names tests of ours, and counts what it lists."""

import re
from collections.abc import Iterator

from support.clause import TESTS

PAGE = TESTS.parent / "docs" / "reference" / "web-platform-tests.md"
PROOF = re.compile(r"\[`(?P<path>[\w/]+\.py)::(?P<name>\w+)`\]\(\.\./\.\./tests/(?P<link>[^)]+)\)")


def rows() -> Iterator[tuple[list[int], str]]:
    """The numbers and the proofs of each file."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 9 and cells[2].isdigit():
            yield [int(cell or 0) for cell in cells[2:7]], cells[7]


def test_every_proof_exists():
    named = list(PROOF.finditer(PAGE.read_text(encoding="utf-8")))
    assert len(named) > 100
    missing = [
        proof[0]
        for proof in named
        if proof["path"] != proof["link"]
        or f"def {proof['name']}(" not in (TESTS / proof["path"]).read_text(encoding="utf-8")
    ]
    assert missing == []


def test_who_agrees_shows_it():
    for (_, agree, *_), proofs in rows():
        assert bool(PROOF.search(proofs)) or not agree


def test_sub_tests_add_up():
    numbers = [each for each, _ in rows()]
    for seen, *verdicts in numbers:
        assert seen == sum(verdicts)
    seen, agree, differ, media, other = map(sum, zip(*numbers, strict=True))
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"{len(numbers)} files with {seen} sub-tests: {agree} agree, {differ} differ" in text
    assert f"{media} need media that flows, {other} make no sense in Python" in text
