"""The browser's half of a session beside ours."""

from collections.abc import Collection, Iterator, Sequence

from frazil.explain.browser_log import BrowserEvent
from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Records, fact
from frazil.trace import TraceRecord


def half_of(
    records: Sequence[TraceRecord], logs: Collection[list[BrowserEvent]], *, guess: bool = True
) -> list[BrowserEvent]:
    """The log of the connection that was the other end of ours.

    A dump holds the connections of all pages. Ours has our ufrag. If none tells, the longest one is
    it, or none unless we are to ``guess``.
    """
    ours = {str(fact(each, "ufrag")) for each in _told(records)}
    related = [log for log in logs if any(ours.intersection(event.ufrags) for event in log)]
    return max(related or (logs if guess else ()), key=len, default=[])


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
            there = _applied(events, theirs, kind)
            bounds += [after - before for before, after in zip(here, there, strict=False)]
    limits = [bound for bound in (max(lower, default=None), min(upper, default=None)) if bound]
    return sum(limits) / len(limits) if limits else None


def _applied(events: Sequence[BrowserEvent], method: str, kind: str) -> list[float]:
    """When the browser applied descriptions of this kind.

    What a page leaves to the browser to describe is told with the success, all else with the call.
    """
    instants: list[float] = []
    is_told = False
    for event in events:
        if event.name == method:
            is_told = bool(event.description)
        elif event.name != f"{method}OnSuccess" or is_told:
            continue
        if event.description == kind:
            instants.append(event.at)
    return instants


def judge_signalling(
    records: Sequence[TraceRecord], events: Sequence[BrowserEvent]
) -> Iterator[Finding]:
    """Candidates that one end found for the other, and that never came there."""
    if not events:
        return
    ours = _told(records)
    theirs = Records(records).of("ice", "remote-candidate")
    theirs += Records(records).of("ice", "candidate-refused")
    told = _addresses(events, "icecandidate")
    came = _addresses(events, "addIceCandidate", "setRemoteDescription")
    yield from _compare("The browser found", told, "came here", _known(theirs), theirs)
    yield from _compare("We found", _known(ours), "came to the browser", came, ours)


def _compare(
    who: str,
    found: Collection[str],
    where: str,
    arrived: Collection[str],
    records: Sequence[TraceRecord],
) -> Iterator[Finding]:
    missing = [each for each in found if each not in arrived]
    if missing:
        sentence = (
            f"{who} {len(found)} candidates, and {len(missing)} of them never {where}: "
            f"{', '.join(missing)}."
        )
        yield Finding(FINDINGS["FZ-SIG-CANDIDATES-LOST"], sentence, evidence_of(records))


def _addresses(events: Sequence[BrowserEvent], *names: str) -> list[str]:
    """Where the candidates of these events are, each once."""
    found = [each.addresses for each in events if each.name in names]
    return list(dict.fromkeys(address for addresses in found for address in addresses))


def _told(records: Sequence[TraceRecord]) -> list[TraceRecord]:
    """Our candidates for the peer: those without a ufrag cannot be signalled."""
    found = Records(records)
    gathered = [each for each in found.of("ice", "local-candidate") if fact(each, "ufrag")]
    return gathered + found.of("ice", "candidate-released")


def _known(candidates: Sequence[TraceRecord]) -> list[str]:
    """Where the candidates of the records are, each once."""
    return list(dict.fromkeys(str(fact(each, "address")) for each in candidates))
