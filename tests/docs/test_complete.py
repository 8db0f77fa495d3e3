"""What nearly every change touches: ``make docs`` holds it, with ``FRAZIL_DOCS=1``.

In the other runs of the tests a new constant or name may wait for its line on a page.
"""

import os
import re
from collections import Counter
from operator import attrgetter

import pytest

import frazil
import frazil.dashboard
import frazil.testing
import frazil.worker
from support.doc_block import DOCS
from support.generated import WIDE_PAGES, generated_pages

pytestmark = pytest.mark.skipif(
    os.environ.get("FRAZIL_DOCS") != "1", reason="FRAZIL_DOCS is not 1: make docs"
)

PACKAGES = (frazil, frazil.dashboard, frazil.testing, frazil.worker)
NO_CLASSES = {"__version__"}
ERRORS = {name for name in frazil.__all__ if name.endswith("Error")} | {
    "DOMException",
    "RTCErrorDetail",
}
"""They have a page of their own, with a table."""


@pytest.mark.parametrize("name", sorted(WIDE_PAGES))
def test_a_wide_page_is_up_to_date(name):
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == generated_pages()[name], "make pages"


@pytest.mark.parametrize("package", PACKAGES, ids=attrgetter("__name__"))
def test_every_public_name_has_a_place(package):
    pages = sorted((DOCS / "reference" / "api").glob("*.md"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    directive = rf"^\.\. auto\w+:: {re.escape(package.__name__)}\.(\w+)$"
    found = Counter(re.findall(directive, text, re.MULTILINE))
    assert set(found) == set(package.__all__) - NO_CLASSES - ERRORS
    assert set(found.values()) == {1}


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param(">Type<", id="colon in a sentence"),
        pytest.param("~frazil", id="unreadable signature"),
    ],
)
def test_nothing_on_the_site_was_misread(trace):
    pages = (DOCS / "_build" / "html" / "reference" / "api").glob("*.html")
    assert [page.name for page in pages if trace in page.read_text(encoding="utf-8")] == []
