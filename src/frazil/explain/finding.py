"""What was found: a kind from the table, a sentence, and the records behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from frazil.printable import printable
from frazil.trace import Fact, TraceRecord

_MAX_EVIDENCE: Final = 6
"""Records shown for one finding."""
_SILENT_FACTS: Final = frozenset({"machine", "rule", "priority", "deadline_at", "next_deadline_at"})
"""Facts that help nobody who looks for a cause."""


class FindingKind(NamedTuple):
    """One verdict there can be.

    Attributes:
        layer: Whose logger tells of it.
        code: Its name for ever, for example ``"FZ-TURN-401"``.
        meaning: One sentence.
        fix: What to do about it.
    """

    layer: str
    code: str
    meaning: str
    fix: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict about one connection.

    Attributes:
        kind: Which.
        sentence: What was found here; one line, whatever it quotes.
        evidence: The records that show it, oldest first.
        transport: The transport it is about; empty for the connection as a whole.
        is_aside: The connection got further in spite of it.
    """

    kind: FindingKind
    sentence: str
    evidence: tuple[TraceRecord, ...] = ()
    transport: str = ""
    is_aside: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", printable(self.sentence))

    @property
    def code(self) -> str:
        """The code of its kind."""
        return self.kind.code

    def on(self, transport: str) -> "Finding":
        """The same, about a transport."""
        return replace(self, transport=transport)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was found, the cause first.

    Attributes:
        findings: The likely cause first, what did not matter last; empty if all is well.
        began_at: The instant that evidence is shown relative to.
    """

    findings: tuple[Finding, ...]
    began_at: float = 0.0

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the findings, in their order."""
        return tuple(each.code for each in self.findings)

    def to_json(self) -> list[dict[str, object]]:
        """The findings as JSON takes them."""
        return [
            {
                "code": each.code,
                "sentence": each.sentence,
                "fix": each.kind.fix,
                "transport": each.transport,
                "aside": each.is_aside,
                "evidence": [evidence_line(record, self.began_at) for record in each.evidence],
            }
            for each in self.findings
        ]

    def __str__(self) -> str:
        told = "\n".join(line for each in self.findings for line in self._lines(each))
        return told or "nothing is wrong"

    def _lines(self, finding: Finding) -> list[str]:
        aside = "by the way, " if finding.is_aside else ""
        return [
            f"{aside}{finding.code}: {finding.sentence}",
            f"    fix: {finding.kind.fix}",
            *(f"    {evidence_line(each, self.began_at)}" for each in finding.evidence),
        ]


def evidence_line(record: TraceRecord, began_at: float) -> str:
    """One record as one line, with seconds since ``began_at``."""
    facts = " ".join(
        f"{name}={_told(value)}"
        for name, value in record.facts.items()
        if name not in _SILENT_FACTS and value not in (None, "", ())
    )
    times = f" x{record.count}" if record.count > 1 else ""
    line = f"{record.at - began_at:+.3f} s {record.layer} {record.event}{times} {facts}"
    return printable(line.rstrip())


def _told(value: Fact) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(f"{name}={_told(each)}" for name, each in value) + ")"
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return f'"{text}"' if " " in text else text


def evidence_of(*groups: Sequence[TraceRecord]) -> tuple[TraceRecord, ...]:
    """Some records of each group, oldest first: the beginnings matter most."""
    share = max(1, _MAX_EVIDENCE // max(1, sum(bool(group) for group in groups)))
    chosen = {id(each): each for group in groups for each in group[:share]}
    return tuple(sorted(chosen.values(), key=lambda each: each.at))
