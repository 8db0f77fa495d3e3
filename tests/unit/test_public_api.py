"""What applications import: complete, sorted and documented."""

import inspect
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import frazil


def rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


PACKAGES = ["frazil", "frazil.w3c", "frazil.aio", "frazil.testing"]


def public(package: ModuleType) -> dict[str, Any]:
    return {name: getattr(package, name) for name in package.__all__ if not name.startswith("__")}


CLASSES = [
    pytest.param(thing, id=name)
    for package in ("frazil", "frazil.testing", "frazil.aio")
    for name, thing in public(import_module(package)).items()
    if inspect.isclass(thing)
]


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_are_sorted_and_unique(name):
    names = import_module(name).__all__
    assert names == sorted(set(names), key=rank)


@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_are_all_that_a_package_shows(name):
    package = import_module(name)
    shown = {
        each
        for each, thing in vars(package).items()
        if not each.startswith("_") and not inspect.ismodule(thing)
    }
    assert shown == set(public(package))


@pytest.mark.interpreted  # compiled classes have no docstrings
@pytest.mark.parametrize("name", PACKAGES)
def test_public_names_are_documented(name):
    package = import_module(name)
    assert package.__doc__
    for each, thing in public(package).items():
        if inspect.isclass(thing) or inspect.isfunction(thing):
            own = thing.__dict__.get("__doc__") if inspect.isclass(thing) else thing.__doc__
            assert own, f"{name}.{each}"
            assert not own.startswith(f"{each}("), f"{name}.{each} has a generated docstring"


@pytest.mark.interpreted
@pytest.mark.parametrize("thing", CLASSES)
def test_public_members_are_documented(thing):
    for name, member in vars(thing).items():
        if name.startswith("_"):
            continue
        if inspect.isroutine(member) or isinstance(member, property):
            assert inspect.getdoc(getattr(thing, name)), f"{thing.__name__}.{name}"


def test_every_w3c_interface_is_at_the_top():
    w3c = import_module("frazil.w3c")
    for name, thing in public(w3c).items():
        assert getattr(frazil, name) is thing


def test_everything_raised_on_purpose_is_a_frazil_error():
    errors = [
        each
        for each in public(frazil).values()
        if inspect.isclass(each) and issubclass(each, BaseException)
    ]
    assert len(errors) >= 10
    assert all(issubclass(each, frazil.FrazilError) for each in errors)


def test_the_version_is_that_of_the_distribution():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert frazil.__version__ == project["project"]["version"]
