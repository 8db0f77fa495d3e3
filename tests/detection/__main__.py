"""All measurements with many seeds: ``make detection``; writes the page if all bounds hold."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from detection.measurement import come_back, restart, stay, vanish
from detection.page import PAGE, Results, render
from detection.setting import SETTINGS, STEADY, Setting
from support.campaign import CampaignError, campaign

DOCS: Final = Path(__file__).parents[2] / "docs"
LIMIT_S: Final = 20 * 60.0
SEEDS: Final = 100
QUIET_SESSIONS: Final = 1000
_PORTION: Final = 20


class Job(NamedTuple):
    """Some sessions of one kind.

    Attributes:
        measure: What to do with each.
        setting: Where; ``None`` for the one that :func:`stay` has.
    """

    measure: Callable[..., Any]
    setting: Setting | None
    seeds: range

    def __str__(self) -> str:
        return f"{self.measure.__name__}, {self.setting}, {self.seeds}"


def work(job: Job) -> list[Any]:
    """Do a job."""
    found = []
    for seed in job.seeds:
        where = (seed,) if job.setting is None else (job.setting, seed)
        try:
            found.append(job.measure(*where))
        except BaseException as error:
            raise CampaignError(f"seed {seed}: {error!r}") from error
    return found


def _portions(measure: Callable[..., Any], setting: Setting | None, seeds: int) -> list[Job]:
    starts = range(0, seeds, _PORTION)
    return [Job(measure, setting, range(at, min(at + _PORTION, seeds))) for at in starts]


def measure_all(seeds: int, quiet_sessions: int) -> Results:
    """Everything that the page shows.

    Raises:
        CampaignError: A bound did not hold, or the time was up.
    """
    jobs = _portions(stay, None, quiet_sessions)
    for setting in SETTINGS:
        jobs += _portions(vanish, setting, seeds) + _portions(come_back, setting, seeds)
    for setting in STEADY:
        jobs += _portions(restart, setting, seeds)
    found = list(zip(jobs, campaign(work, jobs, limit_s=LIMIT_S), strict=True))

    def of(measure: Callable[..., Any], setting: Setting | None = None) -> list[Any]:
        wanted = (measure, setting)
        return [
            each for job, part in found if (job.measure, job.setting) == wanted for each in part
        ]

    return Results(
        gone={setting: of(vanish, setting) for setting in SETTINGS},
        back={s: [at for ends in of(come_back, s) for at in ends] for s in SETTINGS},
        stalls={setting: of(restart, setting) for setting in STEADY},
        alarms=of(stay),
    )


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(prog="make detection")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="sessions for each row")
    parser.add_argument("--quiet", type=int, default=QUIET_SESSIONS, help="sessions left alone")
    options = parser.parse_args()
    try:
        results = measure_all(options.seeds, options.quiet)
    except CampaignError as error:
        print(error, file=sys.stderr)
        return 1
    (DOCS / PAGE).write_text(render(results), encoding="utf-8")
    print(f"wrote docs/{PAGE}")
    return 1 if sum(results.alarms) else 0


if __name__ == "__main__":
    sys.exit(main())
