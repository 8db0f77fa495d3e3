"""This host: addresses, sockets, interfaces, and whether UDP gets out at all."""

from collections.abc import Iterator
from typing import Final

from frazil.explain.catalogue import FINDINGS
from frazil.explain.check import has_waited
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.server import was_asked
from frazil.explain.story import Path, Records, fact

_NAMELESS: Final = "no mDNS name"
"""How it begins why an address with a socket cannot be told."""


def judge_network(path: Path) -> Iterator[Finding]:
    """What keeps this host from having candidates, or the peer from hearing of them."""
    attempt = path.attempt
    if path.has_worked or path.valid:
        return
    if attempt.of("ice", "local-candidate") or not _is_gathered(attempt):
        return
    unusable = attempt.of("ice", "host-failed")
    reasons = [str(fact(each, "text")) for each in unusable]
    nameless = [each for each in reasons if each.startswith(_NAMELESS)]
    checks = attempt.of("ice", "check")
    if nameless or checks:
        if has_waited(path, checks or unusable):
            kind = FINDINGS["FZ-NET-UNTOLD"]
            sentence = ": ".join([kind.meaning.removesuffix("."), *nameless[:1]])
            yield Finding(kind, f"{sentence}.", evidence_of(unusable, checks))
        return
    if unusable:
        kind = FINDINGS["FZ-NET-BIND"]
        yield Finding(kind, f"No socket could be opened: {reasons[0]}.", tuple(unusable))
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
