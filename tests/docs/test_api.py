"""The API pages have every public name, once."""

import re
from collections import Counter

import frazil
import frazil.testing
from support.doc_block import DOCS

NO_CLASSES = {"__version__"}
ERRORS = {name for name in frazil.__all__ if name.endswith("Error")} | {
    "DOMException",
    "RTCErrorDetail",
}
"""They have a page of their own, with a table."""


def documented():
    pages = sorted((DOCS / "reference" / "api").glob("*.md"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    return Counter(re.findall(r"^\.\. auto\w+:: frazil\.([\w.]+)", text, re.MULTILINE))


def test_every_public_name_has_a_place():
    found = documented()
    names = {name for name in found if "." not in name}
    missing = names ^ (set(frazil.__all__) - NO_CLASSES - ERRORS)
    assert not missing, f"docs/reference/api lacks {missing}, or has names that are not public"
    assert set(found.values()) == {1}


def test_every_error_is_in_the_table():
    page = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    for name in ERRORS - {"RTCErrorDetail"}:
        assert f"`{name}`" in page


def test_what_is_told_of_testing_exists():
    for name in documented():
        package, _, member = name.rpartition(".")
        if package == "testing":
            assert member in frazil.testing.__all__
