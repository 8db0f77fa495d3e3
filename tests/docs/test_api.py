"""What the API pages name exists."""

import inspect
import re
from dataclasses import fields
from importlib import import_module

import pytest

import frazil
import frazil.worker
from frazil.peer.history import HISTORY_LIMIT
from frazil.w3c.target import EventTarget
from support.doc_block import DOCS


def test_names_on_the_pages_exist():
    for page in (DOCS / "reference" / "api").glob("*.md"):
        for path in re.findall(r"^\.\. auto\w+:: ([\w.]+)$", page.read_text(), re.MULTILINE):
            module, _, name = path.rpartition(".")
            assert hasattr(import_module(module), name), f"{page.name}: {path}"


def test_every_error_is_in_the_table():
    page = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    for package in (frazil, frazil.worker):
        for name in package.__all__:
            assert not name.endswith("Error") or f"{name}`" in page, name


@pytest.mark.parametrize("kind", [frazil.RTCPeerConnection, frazil.LoneIceTransport])
def test_the_length_of_the_history_is_told(kind):
    assert f" {HISTORY_LIMIT} " in inspect.getdoc(kind.stateHistory)


def _rows():
    """The table of events: their names, the objects, what ``on`` gives, the class of the event."""
    page = (DOCS / "reference" / "api" / "event.md").read_text(encoding="utf-8")
    for line in page.splitlines():
        if line.startswith("| `"):
            names, owners, given, kind = (cell.strip() for cell in line.strip("|").split("|"))
            yield re.findall(r"\w+", names), re.findall(r"\w+", owners), given, kind.strip("`")


def test_every_event_is_in_the_table_of_events():
    told = {(owner, name) for names, owners, *_ in _rows() for owner in owners for name in names}
    packages = (frazil, frazil.worker)
    public = {getattr(package, name) for package in packages for name in package.__all__}
    targets = [each for each in public if isinstance(each, type) and issubclass(each, EventTarget)]
    assert told == {(each.__name__, name) for each in targets for name in each.EVENTS}


@pytest.mark.parametrize("row", list(_rows()), ids=lambda row: row[0][0])
def test_the_table_of_events_tells_what_listeners_get(row):
    _, _, given, kind = row
    event_class = getattr(frazil, kind)
    event = event_class(**{each.name: each.name for each in fields(event_class) if each.init})
    whole = {"nothing": (), "the event object": (event,)}
    assert event.payload == whole.get(given) or event.payload == (given.split("`")[1],)
