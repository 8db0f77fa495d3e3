"""The whole matrix with many seeds: ``make nat-matrix``; writes the page if all goes well."""

import argparse
import sys
from pathlib import Path
from typing import Final

from matrix.meeting import Cell, hold
from matrix.page import PAGE, Outcome, all_cells, render
from support.campaign import CampaignError, campaign

DOCS: Final = Path(__file__).parents[2] / "docs"
LIMIT_S: Final = 20 * 60.0
SEEDS: Final = 200


def meet(job: tuple[Cell, int]) -> Outcome:
    """All sessions of one cell."""
    cell, seeds = job
    took: list[float] = []
    for seed in range(seeds):
        try:
            took_s = hold(cell, seed)
        except BaseException as error:
            raise CampaignError(f"{cell}, seed {seed}: {error!r}") from error
        if took_s is not None:
            took.append(took_s)
    return Outcome(seeds, tuple(took))


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="make nat-matrix")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many sessions a cell")
    seeds = parser.parse_args().seeds
    cells = all_cells()
    try:
        outcomes = campaign(meet, [(cell, seeds) for cell in cells], limit_s=LIMIT_S)
    except CampaignError as error:
        print(error, file=sys.stderr)
        return 1
    (DOCS / PAGE).write_text(render(dict(zip(cells, outcomes, strict=True))), encoding="utf-8")
    print(f"wrote docs/{PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
