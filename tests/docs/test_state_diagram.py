"""The drawing of the states has every move of the table, and nothing else."""

import importlib.util
import re

import pytest

from frazil.ice.state import TRANSITIONS
from support.doc_block import DOCS, blocks_of

pytest.importorskip("sphinx")


def extension():
    path = DOCS / "extension" / "state_diagram.py"
    spec = importlib.util.spec_from_file_location("state_diagram", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DIAGRAM = extension()
PAGES = ["states.md", "states.de.md"]


def text_of(page):
    (block,) = (each for each in blocks_of(DOCS / "reference" / page) if each.language == "mermaid")
    return block.text


@pytest.mark.parametrize("page", PAGES)
def test_moves_and_causes_are_those_of_the_table(page):
    drawn = {
        (move.old, cause, move.new)
        for move in DIAGRAM.moves(text_of(page))
        for cause in move.causes
    }
    table = {(old, cause, edge.to) for (old, cause), edge in TRANSITIONS.items()}
    assert drawn == {each for each in table if each[2] != "closed"}


@pytest.mark.parametrize("page", PAGES)
def test_each_move_is_an_arrow_and_each_state_a_box_inside_the_drawing(page):
    text = text_of(page)
    moves = DIAGRAM.moves(text)
    svg = DIAGRAM.draw(text)
    assert svg.count("marker-end=") == len(moves)
    assert svg.count("<rect") == len({move.new for move in moves})
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    for x, y in re.findall(r'<text [^>]*x="([-\d.]+)" y="([-\d.]+)"', svg):
        assert 0 < float(x) < width
        assert 0 < float(y) < height


def test_a_state_without_a_place_is_an_error():
    with pytest.raises(KeyError, match="asleep"):
        DIAGRAM.draw("stateDiagram-v2\n    new --> asleep: bored\n")


def test_every_move_has_an_own_label_place_or_is_straight():
    known = {(move.old, move.new) for move in DIAGRAM.moves(text_of("states.md"))}
    assert set(DIAGRAM._ROUTES) <= known
