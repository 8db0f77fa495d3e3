"""What the API pages name exists."""

import re
from importlib import import_module

from support.doc_block import DOCS


def test_names_on_the_pages_exist():
    for page in (DOCS / "reference" / "api").glob("*.md"):
        for path in re.findall(r"^\.\. auto\w+:: ([\w.]+)$", page.read_text(), re.MULTILINE):
            module, _, name = path.rpartition(".")
            assert hasattr(import_module(module), name), f"{page.name}: {path}"


def test_every_error_is_in_the_table():
    page = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    for name in ("InvalidStateError", "OperationError", "RTCError", "ConnectivityError"):
        assert f"`{name}`" in page
