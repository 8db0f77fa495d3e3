"""The generated pages in ``docs`` are up to date."""

from support.doc_block import DOCS
from support.generated import WIDE_PAGES, generated_pages


def test_generated_pages_are_up_to_date():
    for name, text in generated_pages().items():
        if name not in WIDE_PAGES:
            page = (DOCS / name).read_text(encoding="utf-8")
            assert page == text, f"{name}: run python docs/generate.py"
