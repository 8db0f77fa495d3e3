"""This host: addresses, sockets, interfaces, and whether UDP gets out at all."""

from collections.abc import Iterator

from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.server import was_asked
from frazil.explain.story import Path, Records, fact


def judge_network(path: Path) -> Iterator[Finding]:
    """What keeps this host from having candidates."""
    attempt = path.attempt
    if path.has_worked:
        return
    bound = attempt.of("ice", "host-failed")
    if attempt.of("ice", "local-candidate") or not _is_gathered(attempt):
        return
    if bound:
        kind = FINDINGS["FZ-NET-BIND"]
        yield Finding(kind, f"No socket could be opened: {fact(bound[0], 'text')}.", tuple(bound))
        return
    policy = path.story.policy
    failed = attempt.of("ice", "server-failed")
    if policy != "relay" and any(map(was_asked, failed)):
        return  # there is an address, of which the peer must not know
    kind = FINDINGS["FZ-ICE-RELAY-ONLY" if policy == "relay" else "FZ-NET-NO-ADDRESS"]
    yield Finding(kind, kind.meaning, evidence_of(attempt.of("ice", "gathering")))


def _is_gathered(attempt: Records) -> bool:
    """Whether gathering is over, and the ring has all of it."""
    states = [fact(each, "state") for each in attempt.of("ice", "gathering")]
    return "gathering" in states and states[-1] == "complete"
