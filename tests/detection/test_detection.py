"""A sample of what ``make detection`` measures; each measurement asserts its bound."""

import re
from pathlib import Path

import pytest

from detection.measurement import (
    BACK_WITHIN_S,
    DISCONNECTED_WITHIN_S,
    FAILED_WITHIN_S,
    STALL_WITHIN_S,
    come_back,
    restart,
    stay,
    vanish,
)
from detection.page import PAGE
from detection.setting import SETTINGS, STEADY

SEEDS = range(3)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_path_that_is_gone_is_told_in_time(setting):
    for seed in SEEDS:
        gone = vanish(setting, seed)
        assert min(gone.disconnected_s) > 1.5  # 5 s after a sign of life, one in 3 s but for loss
        assert min(gone.failed_s) > 22  # 30 s after an answer, one in 6 s but for loss


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_a_path_that_is_back_is_used_at_once(setting):
    for seed in SEEDS:
        come_back(setting, seed)


@pytest.mark.parametrize("setting", STEADY, ids=str)
def test_a_restart_delays_no_message(setting):
    for seed in SEEDS:
        restart(setting, seed)


def test_a_bad_path_gives_no_false_alarm():
    for seed in SEEDS:
        assert stay(seed) == 0


def test_the_page_keeps_within_the_bounds():
    page = (Path(__file__).parents[2] / "docs" / PAGE).read_text(encoding="utf-8")
    tables = re.split(r"\n\n(?=\| network)", page)[1:]
    bounds = [DISCONNECTED_WITHIN_S, FAILED_WITHIN_S, BACK_WITHIN_S, STALL_WITHIN_S]
    assert len(tables) == len(bounds)
    for table, bound, settings in zip(tables, bounds, [SETTINGS] * 3 + [STEADY], strict=True):
        rows = [line.split(" | ") for line in table.split("\n\n")[0].splitlines()[2:]]
        assert [row[0].removeprefix("| ") for row in rows] == [each.network for each in settings]
        assert all(float(row[-1].removesuffix(" |")) <= bound for row in rows)
    assert "called themselves `disconnected` 0 times" in page
