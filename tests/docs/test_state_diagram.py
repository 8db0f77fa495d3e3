"""The drawing of the states has every move of the table, and nothing else."""

import re
import sys

import pytest

from frazil.datachannel.state import TRANSITIONS as CHANNEL
from frazil.dtls.state import TRANSITIONS as DTLS
from frazil.ice.state import TRANSITIONS as ICE
from frazil.peer.signaling import TRANSITIONS as SIGNALING
from support.doc_block import DOCS, blocks_of

pytest.importorskip("sphinx")
sys.path.append(str(DOCS / "extension"))

import state_diagram
from state_layout import LAYOUTS

PAGES = pytest.mark.parametrize("page", ["states.md", "states.de.md"])
MOVES = [
    {(old, str(cause), edge.to) for (old, cause), edge in ICE.items() if edge.to != "closed"},
    {(old, f"{side} {kind}", edge.to) for (old, side, kind), edge in SIGNALING.items()},
    {(old, str(cause), edge.to) for (old, cause), edge in DTLS.items() if cause != "close"},
    {(old, str(cause), edge.to) for (old, cause), edge in CHANNEL.items()},
]


def texts_of(page):
    blocks = blocks_of(DOCS / "reference" / page)
    return [each.text for each in blocks if each.language == "mermaid"]


@PAGES
def test_moves_and_causes_are_those_of_the_tables(page):
    drawn = [
        {(move.old, cause, move.new) for move in state_diagram.moves(text) for cause in move.causes}
        for text in texts_of(page)
    ]
    assert drawn == MOVES


@PAGES
def test_each_move_is_an_arrow_and_each_state_a_box_inside_the_drawing(page):
    for text in texts_of(page):
        moves = state_diagram.moves(text)
        svg = state_diagram.draw(text)
        assert svg.count("marker-end=") == len(moves)
        assert svg.count("<rect") == len({move.new for move in moves})
        width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
        for x, y in re.findall(r'<text [^>]*x="([-\d.]+)" y="([-\d.]+)"', svg):
            assert 0 < float(x) < width
            assert 0 < float(y) < height


def test_states_without_a_place_are_an_error():
    with pytest.raises(LookupError, match="asleep"):
        state_diagram.draw("stateDiagram-v2\n    new --> asleep: bored\n")


def test_every_route_is_that_of_a_move():
    known = {
        (move.old, move.new) for text in texts_of("states.md") for move in state_diagram.moves(text)
    }
    for layout in LAYOUTS:
        assert set(layout.routes) <= known
