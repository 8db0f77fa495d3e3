"""Every place meets every place; ``make nat-matrix`` does so with many more seeds."""

from pathlib import Path

import pytest

from matrix.meeting import Cell, hold
from matrix.page import PAGE, cells, verdict
from matrix.place import PLACES

SEEDS = range(3)


@pytest.mark.parametrize("cell", cells(with_turn=False), ids=str)
def test_with_a_stun_server_they_connect_where_nats_allow_it(cell):
    for seed in SEEDS:
        hold(cell, seed)


@pytest.mark.parametrize("cell", cells(with_turn=True), ids=str)
def test_with_a_turn_server_they_always_connect(cell):
    assert cell.prediction is not None
    for seed in SEEDS:
        hold(cell, seed)


def test_a_prediction_does_not_depend_on_who_offers_unless_a_relay_is_needed():
    for cell in cells(with_turn=True):
        back = Cell(cell.theirs, cell.ours, with_turn=True)
        if "relay" not in cell.prediction:
            assert cell.prediction.mirrored() == back.prediction


def test_a_relay_is_needed_exactly_where_a_stun_server_is_not_enough():
    for with_turn, without in zip(cells(with_turn=True), cells(with_turn=False), strict=True):
        if without.prediction is None:
            assert "relay" in with_turn.prediction
        else:
            assert with_turn.prediction == without.prediction


def test_the_page_tells_what_is_predicted():
    page = (Path(__file__).parents[2] / "docs" / PAGE).read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0].strip() in [place.name for place in PLACES]]
    told = [text.strip().partition(",")[0] for row in rows for text in row[1:]]
    assert told == [verdict(cell) for half in (False, True) for cell in cells(with_turn=half)]
