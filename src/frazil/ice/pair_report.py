"""What is told of the pairs of candidates: which came, which went, which may be nominated."""

from frazil.ice.event import IceEvent, NominationProposed, PairAdded, PairRemoved
from frazil.ice.gate import NominationGate
from frazil.ice.lineage import Lineage
from frazil.trace import Trace


def report_pairs(lineage: Lineage, trace: Trace, now: float) -> list[IceEvent]:
    """The pairs that came and went since this was asked last, in order for each generation."""
    events: list[IceEvent] = []
    for generation in lineage:
        news = generation.checklist.news
        if not news:
            continue
        generation.checklist.news = []
        for pair, is_new in news:
            kind = PairAdded if is_new else PairRemoved
            events.append(kind(pair.describe()))
            if is_new:
                trace.record(
                    now,
                    "ice",
                    "pair-formed",
                    pair=pair.text,
                    local=pair.local.type,
                    remote=pair.remote.type,
                    priority=pair.priority,
                )
    return events


def report_proposals(gate: NominationGate) -> list[IceEvent]:
    """The nominations to be decided on that were not told yet."""
    proposals, gate.proposals = gate.proposals, []
    return [NominationProposed(pair.describe()) for pair in proposals]
