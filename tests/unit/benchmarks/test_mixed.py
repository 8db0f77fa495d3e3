from mixed import pairings
from stack import AIORTC, CHROMIUM, FRAZIL, NODE_DATACHANNEL


def test_frazil_is_paired_both_ways_with_those_that_are_here() -> None:
    names = [one.name for one in pairings([AIORTC, FRAZIL, NODE_DATACHANNEL])]
    assert names == ["frazil → node-datachannel", "node-datachannel → frazil"]
    assert len(pairings([FRAZIL, NODE_DATACHANNEL, CHROMIUM])) == 4


def test_without_frazil_there_is_nothing_to_compare() -> None:
    assert pairings([NODE_DATACHANNEL, CHROMIUM]) == []
