"""Partners that a machine may lack: a loud skip, or a failure where they are promised."""

import os
import shutil
from importlib.util import find_spec
from typing import NoReturn

import pytest

REQUIRED_VARIABLE = "FRAZIL_REQUIRE_PARTNERS"
"""CI sets this environment variable to 1: there, a partner that is missing fails the test."""


def lacking(what: str) -> NoReturn:
    """Give up on a test, or on a module while it is being imported."""
    if os.environ.get(REQUIRED_VARIABLE) == "1":
        pytest.fail(what, pytrace=False)
    pytest.skip(what, allow_module_level=True)


def need_program(program: str, package: str) -> None:
    """Go on only with a program that the named Debian package brings."""
    if shutil.which(program) is None:
        lacking(f"{program} is not installed: apt-get install {package}")


def need_module(module: str) -> None:
    """Go on only with a Python module of the dependency group ``interop``."""
    if find_spec(module) is None:
        lacking(f"{module} is not installed: pip install --group interop")
