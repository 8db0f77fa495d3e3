"""The browser's half of a session: what chrome://webrtc-internals saves."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Records, fact
from frazil.trace import TraceRecord

_FORMATS: Final = ("%m/%d/%Y, %I:%M:%S %p", "%d/%m/%Y, %H:%M:%S", "%d.%m.%Y, %H:%M:%S")
"""How browsers of some languages write the time, besides ISO 8601 and milliseconds."""
_CANDIDATE: Final = re.compile(r"candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) typ \S+")
_TYPE: Final = re.compile(
    r"type:\s*\"?(offer|answer|pranswer)|\"type\":\s*\"(offer|answer|pranswer)"
)
_MILLISECOND_S: Final = 1e-3
_MAX_VALUE: Final = 160


class BrowserEvent(NamedTuple):
    """One line of the log of the browser.

    Attributes:
        at: Seconds since 1970.
        type: What happened, in the words of the browser.
        value: More of it.
    """

    at: float
    type: str
    value: str

    @property
    def summary(self) -> str:
        """The event in a line: the first one of its value at most."""
        kind = self.description
        text = kind or " ".join(self.value.split())[:_MAX_VALUE]
        return f"browser {self.type} {text}".rstrip()

    @property
    def description(self) -> str:
        """The type of the description that it is about, if it is about one."""
        if "Description" not in self.type:
            return ""
        found = _TYPE.search(self.value)
        return (found[1] or found[2]) if found else ""


def read_dump(text: str) -> list[list[BrowserEvent]]:
    """The log of each connection in a dump of chrome://webrtc-internals.

    Raises:
        ValueError: It is no such dump.
    """
    try:
        dump = json.loads(text)
    except ValueError:
        dump = None
    connections = dump.get("PeerConnections") if isinstance(dump, dict) else None
    if not isinstance(connections, dict):
        raise ValueError("no dump of chrome://webrtc-internals")
    return [_log(each) for each in connections.values() if isinstance(each, dict)]


def _log(connection: dict[str, Any]) -> list[BrowserEvent]:
    updates = connection.get("updateLog")
    events = []
    for each in updates if isinstance(updates, list) else ():
        at = _instant(each.get("time")) if isinstance(each, dict) else None
        if at is not None:
            events.append(BrowserEvent(at, str(each.get("type", "")), str(each.get("value", ""))))
    return sorted(events, key=lambda event: event.at)


def _instant(value: Any) -> float | None:
    """Seconds since 1970, from any way in which browsers have written an instant."""
    try:
        return float(value) * _MILLISECOND_S
    except (TypeError, ValueError):
        text = str(value).replace("\u202f", " ")
    try:
        return _seconds(datetime.fromisoformat(text))
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return _seconds(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def offset(records: Sequence[TraceRecord], events: Sequence[BrowserEvent]) -> float | None:
    """What to add to an instant of the trace to get that of the browser.

    A description is applied by its receiver after its sender, so each of them bounds the offset on
    one side. In the middle of the bounds both ways through signalling take the same time.

    Returns:
        ``None`` if they have no description in common.
    """
    applied = Records(records).of("peer", "description-applied")
    lower: list[float] = []
    upper: list[float] = []
    for side, theirs, bounds in (
        ("remote", "setLocalDescription", lower),
        ("local", "setRemoteDescription", upper),
    ):
        ours = [each for each in applied if fact(each, "side") == side]
        for kind in ("offer", "answer"):
            here = [each.at for each in ours if fact(each, "type") == kind]
            there = [each.at for each in events if _is(each, theirs, kind)]
            bounds += [after - before for before, after in zip(here, there, strict=False)]
    limits = [bound for bound in (max(lower, default=None), min(upper, default=None)) if bound]
    return sum(limits) / len(limits) if limits else None


def _is(event: BrowserEvent, method: str, kind: str) -> bool:
    return event.type == method and event.description == kind


def judge_signalling(
    records: Sequence[TraceRecord], events: Sequence[BrowserEvent]
) -> Iterator[Finding]:
    """Candidates that the browser found and that never came here."""
    arrived = Records(records).of("ice", "remote-candidate")
    known = {str(fact(each, "address")) for each in arrived}
    found: dict[str, None] = {}
    for event in events:
        match = _CANDIDATE.search(event.value) if event.type == "icecandidate" else None
        if match and match[2] != "9":
            found[f"{match[1]}:{match[2]}"] = None
    missing = [each for each in found if each not in known]
    if missing:
        kind = FINDINGS["FZ-SIG-CANDIDATES-LOST"]
        listed = ", ".join(missing)
        sentence = (
            f"The browser found {len(found)} candidates, and {len(missing)} of them never came "
            f"here: {listed}."
        )
        yield Finding(kind, sentence, evidence_of(arrived))
