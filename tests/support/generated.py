"""The pages that ``docs/generate.py`` writes, as it would write them now."""

import importlib.util

from support.doc_block import DOCS

WIDE_PAGES = {"reference/command-line.md", "reference/timers.md"}
"""They hold something of nearly every file."""


def generated_pages() -> dict[str, str]:
    """Each page by its path below ``docs``."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    pages: dict[str, str] = module.pages()
    return pages
