"""The generated pages in ``docs`` are up to date."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date():
    for name, text in generator().pages().items():
        page = (DOCS / name).read_text(encoding="utf-8")
        assert page == text, f"{name}: run python docs/generate.py"
