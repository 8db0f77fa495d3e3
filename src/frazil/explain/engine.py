"""From records to a report."""

from collections.abc import Iterator, Sequence
from typing import Final

from frazil.explain.catalogue import FINDINGS
from frazil.explain.check import judge_checks
from frazil.explain.finding import Finding, Report
from frazil.explain.handshake import judge_dtls, judge_sctp
from frazil.explain.network import judge_network
from frazil.explain.path import judge_path
from frazil.explain.server import judge_servers
from frazil.explain.signalling import judge_candidates, judge_exchange
from frazil.explain.story import PathRule, Story
from frazil.trace import TraceRecord

_PATH_RULES: Final[tuple[PathRule, ...]] = (
    judge_dtls,
    judge_sctp,
    judge_path,
    judge_network,
    judge_candidates,
    judge_servers,
    judge_checks,
)
_RANKS: Final = {code: rank for rank, code in enumerate(FINDINGS)}


def explain(records: Sequence[TraceRecord], now: float | None = None) -> Report:
    """Why a connection is not what it should be; an empty report if nothing is wrong.

    Args:
        records: The trace of one connection, oldest first.
        now: The instant to judge at; that of the last record, unless given.
    """
    last_at = max((each.last_at for each in records), default=0.0)
    story = Story(records, last_at if now is None else now)
    unique = {(each.code, each.sentence): each for each in _findings(story)}
    ranked = sorted(unique.values(), key=lambda each: (each.is_aside, _RANKS[each.code]))
    return Report(tuple(ranked), story.began_at)


def _findings(story: Story) -> Iterator[Finding]:
    yield from judge_exchange(story)
    for path in story.paths:
        for rule in _PATH_RULES:
            for finding in rule(path):
                yield finding.on(path.name)
