"""The code blocks of the documentation, and what the pages say about them.

An HTML comment right before a block, which readers do not see, may say:

``<!-- not run: WHY -->``
    The tests leave the block alone.
``<!-- run by FILE -->``
    A test of its own runs the block.
``<!-- output of the program -->``, ``<!-- output of the snippet -->``
    The block is what the Python before it prints.

A comment that begins with ``setup`` holds Python, which is run with the snippets of the page.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_REMARK = re.compile(r"<!--\s*(not run:|run by)\s+(.+?)\s*-->", re.DOTALL)
_OUTPUT = re.compile(r"<!-- output of the (program|snippet) -->")
_SETUP = re.compile(r"<!--\s*setup\n(.+?)-->", re.DOTALL)
_UNTOUCHED = ("_build", "generator")


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        page: The page, below the root of the repository.
        line: The line of the page before its first one.
        language: What the fence says, in lower case; ``setup`` for hidden Python.
        text: What is inside.
        reason: Why it is not run; empty if it is.
        runner: The test file that runs it; empty for those that all blocks have in common.
        output: What it prints, if the page shows that.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str = ""
    runner: str = ""
    output: str | None = None

    @property
    def name(self) -> str:
        """How a test is called by it."""
        return f"{self.page}:{self.line}"

    @property
    def is_common(self) -> bool:
        """Whether the common tests run it."""
        return not (self.reason or self.runner)


def pages() -> list[Path]:
    """Every page of the documentation, and the README."""
    found = DOCS.rglob("*.md")
    own = (each for each in found if not set(_UNTOUCHED) & set(each.relative_to(DOCS).parts))
    return [ROOT / "README.md", *sorted(own)]


def blocks() -> list[Block]:
    """Every block of every page, in order."""
    return [block for page in pages() for block in blocks_of(page)]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    found: list[Block] = []
    remark = ""
    for block in _raw_blocks(page):
        if block.language == "remark":
            remark = block.text
        elif _OUTPUT.search(remark):
            found.append(found.pop()._replace(output=block.text))
            remark = ""
        else:
            reason, runner = _remark(remark)
            found.append(block._replace(reason=reason, runner=runner))
            remark = ""
    return found


def _raw_blocks(page: Path) -> Iterator[Block]:
    """Fenced blocks, hidden ones, and other comments as blocks of the language ``remark``."""
    name = str(page.relative_to(ROOT))
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            yield Block(name, token.map[0] + 1, token.info.strip().lower(), token.content)
        elif token.type == "html_block":
            text = token.content.strip()
            setup = _SETUP.fullmatch(text)
            if setup:
                yield Block(name, token.map[0] + 1, "setup", setup[1])
            else:
                yield Block(name, token.map[0] + 1, "remark", text)


def _remark(comment: str) -> tuple[str, str]:
    match = _REMARK.search(comment)
    if match is None:
        return "", ""
    return (match[2], "") if match[1] == "not run:" else ("", match[2])
