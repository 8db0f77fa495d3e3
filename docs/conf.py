"""The documentation site, built by ``make docs``."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

import frazil

DOCS = Path(__file__).parent
sys.path.append(str(DOCS / "extension"))

project = "frazil"
version = release = frazil.__version__
author = "The frazil authors"
html_show_copyright = False
html_show_sphinx = False

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "state_diagram"]
exclude_patterns = ["_build", "generator", "extension"]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence"]
myst_heading_anchors = 3
myst_fence_as_directive = {"mermaid"}

autodoc_default_options = {"exclude-members": "__init__, __new__"}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_use_ivar = True
napoleon_custom_sections = [("Rejected with", "params_style")]
python_use_unqualified_type_names = True

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = "frazil"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_copy_source = False
html_theme_options = {"sidebar_hide_name": False, "light_logo": "icon.svg", "dark_logo": "icon.svg"}

_SOURCE_LINK = re.compile(r"\[([^\]\n]+)\]\(\.\./\.\./(?!docs/)[^)\n]+\)")


def _without_source_links(app: Sphinx, page: str, source: list[str]) -> None:
    """Keep the names of tests and examples, which are files of the repository and no pages."""
    source[0] = _SOURCE_LINK.sub(r"\1", source[0])


def _keep_colon(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Let a colon in the first line about an attribute be one, and not the end of its type.

    An empty comment becomes the first line.
    """
    if what in ("attribute", "property"):
        lines[:0] = ["..", ""]


def _without_factories(
    app: Sphinx, what: str, name: str, obj: object, options: object, given: str, result: str
) -> tuple[str, str] | None:
    """A signature that Sphinx can read, which it cannot with the defaults that dataclasses show."""
    return (given.replace("<factory>", "..."), result) if given else None


def setup(app: Sphinx) -> None:
    """Prepare what the pages need beyond the extensions."""
    app.connect("source-read", _without_source_links)
    app.connect("autodoc-process-signature", _without_factories)
    app.connect("autodoc-process-docstring", _keep_colon, priority=400)  # before napoleon
