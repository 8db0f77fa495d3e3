"""The pages hold together: blocks say what they are, links lead somewhere."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from support.doc_block import DOCS, ROOT, blocks, pages

LANGUAGES = {
    *("", "console", "sh", "text"),
    *("python", "setup", "javascript", "html"),
    *("dockerfile", "ini", "json", "yaml", "mermaid"),
}
"""``text`` is what a program prints; the other ones are tested, or shown by a test of their own."""
MOST_NOT_RUN = 8


def test_fences_say_what_is_inside():
    wrong = [block.name for block in blocks() if not _is_known(block.language)]
    assert wrong == []


def _is_known(language):
    return language in LANGUAGES or language.startswith("{")


def test_few_blocks_are_not_run_and_each_says_why():
    not_run = {block.name: block.reason for block in blocks() if block.reason}
    assert len(not_run) <= MOST_NOT_RUN, not_run
    assert all(len(reason.split()) >= 3 for reason in not_run.values()), not_run


def test_blocks_with_a_test_of_their_own_are_named_there():
    for block in blocks():
        if block.runner:
            runner = ROOT / block.runner
            assert block.page in runner.read_text(), f"{block.name}: {block.runner} leaves it out"


CODE = re.compile(r"FZ-[A-Z0-9-]+[A-Z0-9]")


def test_codes_on_the_pages_are_those_of_the_source():
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    known = set(CODE.findall(source))
    for page in pages():
        for code in CODE.findall(page.read_text(encoding="utf-8")):
            # A page may speak of a group, and the numbers of TURN errors are many.
            is_group = any(each.startswith(f"{code}-") for each in known)
            assert code in known or is_group or re.fullmatch(r"FZ-TURN-\d{3}", code), (page, code)


def test_the_page_of_the_doctor_lists_all_of_its_codes():
    source = "\n".join(path.read_text() for path in (ROOT / "src/frazil/doctor").glob("*.py"))
    listed = CODE.findall((DOCS / "how-to/doctor.md").read_text(encoding="utf-8"))
    assert set(re.findall(r'"(FZ-[A-Z0-9-]+)"', source)) <= set(listed)


def links(page):
    """The targets of the links of a page to files."""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        for child in token.children or []:
            target = child.attrGet("href") or child.attrGet("src")
            if target and not re.match(r"[a-z]+:", target):
                yield str(target)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    broken = [
        target
        for target in links(page)
        if target.partition("#")[0]
        and not (page.parent / target.partition("#")[0]).resolve().exists()
    ]
    assert broken == []


def test_every_page_is_in_a_chapter():
    """What the table of contents takes up by its folder."""
    chapters = {"tutorial", "how-to", "reference", "explanation"}
    outside = [page for page in DOCS.rglob("*.md") if _chapter(page) not in chapters]
    assert [page.name for page in outside if "_build" not in page.parts] == ["index.md"]


def _chapter(page: Path) -> str:
    return page.relative_to(DOCS).parts[0]
