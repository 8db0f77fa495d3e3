"""Why no check is answered: addresses that cannot meet, NATs, firewalls, roles."""

from collections.abc import Iterator, Sequence
from typing import Final

from frazil.address import Ip, is_private, neighbourhood
from frazil.explain.candidate import (
    host_of,
    ips_of,
    listed,
    place_of,
    resolved_in,
    scope,
    shortened,
    sources_of,
)
from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Path, fact
from frazil.trace import TraceRecord

_PATIENCE_S: Final = 2.0
"""How long checks may go unanswered before that means something."""
_ROLE_SWITCHES: Final = 3
"""Role conflicts are settled by one switch, or two that cross."""


def judge_checks(path: Path) -> Iterator[Finding]:
    """What keeps checks from being answered."""
    if path.has_worked or path.valid:
        return
    yield from _roles(path)
    remote = path.attempt.of("ice", "remote-candidate")
    if not remote or not has_waited(path, remote):
        return
    checks = path.attempt.of("ice", "check")
    heard = path.attempt.of("ice", "check-received")
    if not checks and not heard:
        yield from _unpaired(path, remote)
    elif heard:
        kind = FINDINGS["FZ-ICE-ONE-WAY"]
        yield Finding(kind, kind.meaning, evidence_of(heard, checks))
    else:
        yield from _unanswered(path, remote, checks)


def has_waited(path: Path, begun: Sequence[TraceRecord]) -> bool:
    """Whether there was time enough for an answer to a check.

    Args:
        path: Whose checks.
        begun: The records that checks follow, at least one: it counts until there is a check.
    """
    first = (path.attempt.of("ice", "check") or begun)[0]
    return path.now - first.at >= _PATIENCE_S or path.ice in ("failed", "disconnected")


def _roles(path: Path) -> Iterator[Finding]:
    switches = [
        each
        for each in path.attempt.of("ice", "role")
        if "487" in str(fact(each, "why")) or "tie-break" in str(fact(each, "why"))
    ]
    if len(switches) >= _ROLE_SWITCHES:
        kind = FINDINGS["FZ-ICE-ROLE-LOOP"]
        sentence = f"Both ends claim the same ICE role; it was switched {len(switches)} times."
        yield Finding(kind, sentence, evidence_of(switches))


def _unpaired(path: Path, remote: Sequence[TraceRecord]) -> Iterator[Finding]:
    """There is nothing to check; why we have no candidate at all, other rules tell."""
    local = path.attempt.of("ice", "local-candidate")
    if not local:
        return
    resolved = resolved_in(path)
    known = [each for each in remote if fact(each, "resolved") or host_of(each) in resolved]
    if not known:
        kind = FINDINGS["FZ-ICE-MDNS"]
        yield Finding(kind, kind.meaning, evidence_of(remote))
        return
    refused = path.attempt.of("ice", "candidate-refused")
    forbidden = {fact(each, "address") for each in refused}
    taken = [  # an address is told once it is taken, and a name before it leads anywhere
        each
        for each in known
        if fact(each, "resolved") or place_of(each, resolved) not in forbidden
    ]
    if not taken:
        yield all_refused(refused)
        return
    between = f"from {listed(local)} to {listed(taken)}"
    obstacle = _obstacle(path, local, taken)
    if obstacle:
        kind = FINDINGS["FZ-ICE-NO-PAIR"]
        sentence = f"None of our addresses can reach any of the peer's, as {obstacle}: {between}."
    else:  # a lite agent waits for the checks of the peer
        kind = FINDINGS["FZ-ICE-UNANSWERED"]
        sentence = f"No check of the peer arrived, and none was sent {between}."
    yield Finding(kind, sentence, evidence_of(remote, local))


def all_refused(refused: Sequence[TraceRecord]) -> Finding:
    """There is nothing to check, as this end does not want any of the addresses."""
    sentence = f"Every address of the peer was refused here: {listed(refused, 'why')}."
    return Finding(FINDINGS["FZ-ICE-REFUSED"], sentence, evidence_of(refused))


def _obstacle(path: Path, local: Sequence[TraceRecord], remote: Sequence[TraceRecord]) -> str:
    """What keeps every pair from being formed; empty if nothing does that is known."""
    ours, theirs = ips_of(path, local), ips_of(path, remote)
    if ours and theirs:
        if {ip.version for ip in ours}.isdisjoint(ip.version for ip in theirs):
            return "they are of different families"
        if set(map(scope, ours)).isdisjoint(map(scope, theirs)):
            return "those of one side only lead to its own machine or link"
    if all(fact(each, "protocol") == "tcp" for each in remote):
        return "these are TCP candidates, and we have none that go with them"
    return ""


def _unanswered(
    path: Path, remote: Sequence[TraceRecord], checks: Sequence[TraceRecord]
) -> Iterator[Finding]:
    local = path.attempt.of("ice", "local-candidate")
    failed = path.attempt.of("ice", "check-timed-out")
    ours, theirs = ips_of(path, local), ips_of(path, remote)
    sources = sources_of(checks)
    origin = listed(local) if local else f"{shortened(list(sources))} (not told)"
    tried = f"tried from {origin} to {listed(remote)}"
    types = {str(fact(each, "type")) for each in (*local, *remote)}
    here = [*ours, *(ip for ip in sources.values() if ip is not None)]
    is_near = not set(map(neighbourhood, here)).isdisjoint(map(neighbourhood, theirs))
    is_shared = is_near or bool(resolved_in(path))  # names are only answered for on our link
    if not is_shared and (_are_private(theirs) or _are_private(ours)):
        kind = FINDINGS["FZ-ICE-PRIVATE-ONLY"]
        side = "the peer" if _are_private(theirs) else "this side"
        sentence = (
            f"Only private addresses of {side} were told, not of a network we share: {tried}."
        )
        yield Finding(kind, sentence, evidence_of(remote, local))
    elif "relay" not in types and not is_shared and "srflx" in types and not _has_turn(path):
        kind = FINDINGS["FZ-ICE-RELAY-NEEDED"]
        sentence = f"Public addresses do not reach each other and there is no relay: {tried}."
        yield Finding(kind, sentence, evidence_of(local, failed or checks))
    else:
        kind = FINDINGS["FZ-ICE-UNANSWERED"]
        sentence = f"No check was answered: {tried}."
        yield Finding(kind, sentence, evidence_of(checks, failed))


def _are_private(ips: Sequence[Ip]) -> bool:
    """Whether there are addresses, and only private ones."""
    return bool(ips) and all(map(is_private, ips))


def _has_turn(path: Path) -> bool:
    return any(url.startswith("turn") for url in path.story.servers)
