"""Why no check is answered: addresses that cannot meet, NATs, firewalls, roles."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Path, fact
from frazil.trace import TraceRecord

_PATIENCE_S: Final = 2.0
"""How long checks may go unanswered before that means something."""
_ROLE_SWITCHES: Final = 3
"""Role conflicts are settled by one switch, or two that cross."""
_PRIVATE: Final = tuple(
    ip_network(each)
    for each in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    )
)
_LISTED: Final = 4


def judge_checks(path: Path) -> Iterator[Finding]:
    """What keeps checks from being answered."""
    if path.has_worked or path.valid:
        return
    yield from _roles(path)
    remote = path.attempt.of("ice", "remote-candidate")
    if not remote or not _has_waited(path, remote):
        return
    checks = path.attempt.of("ice", "check")
    heard = path.attempt.of("ice", "check-received")
    if not checks and not heard:
        yield from _unpaired(remote)
    elif heard:
        kind = FINDINGS["FZ-ICE-ONE-WAY"]
        yield Finding(kind, kind.meaning, evidence_of(heard, checks))
    else:
        yield from _unanswered(path, remote, checks)


def _has_waited(path: Path, remote: Sequence[TraceRecord]) -> bool:
    first = (path.attempt.of("ice", "check") or remote)[0]
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


def _unpaired(remote: Sequence[TraceRecord]) -> Iterator[Finding]:
    hidden = [each for each in remote if not fact(each, "resolved")]
    if len(hidden) == len(remote):
        kind = FINDINGS["FZ-ICE-MDNS"]
        yield Finding(kind, kind.meaning, evidence_of(hidden))
    else:
        kind = FINDINGS["FZ-ICE-NO-PAIR"]
        yield Finding(kind, kind.meaning, evidence_of(remote))


def _unanswered(
    path: Path, remote: Sequence[TraceRecord], checks: Sequence[TraceRecord]
) -> Iterator[Finding]:
    local = path.attempt.of("ice", "local-candidate")
    failed = path.attempt.of("ice", "check-timed-out")
    ours, theirs = _ips(local), _ips(remote)
    tried = f"tried from {_list(local)} to {_list(remote)}"
    types = {str(fact(each, "type")) for each in (*local, *remote)}
    is_shared = any(_share(one, other) for one in ours for other in theirs)
    if not is_shared and (all(map(_is_private, theirs)) or all(map(_is_private, ours))):
        kind = FINDINGS["FZ-ICE-PRIVATE-ONLY"]
        side = "the peer" if all(map(_is_private, theirs)) else "this side"
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


def _has_turn(path: Path) -> bool:
    return any(url.startswith("turn") for url in path.story.servers)


def _ips(candidates: Sequence[TraceRecord]) -> list[str]:
    """The IP addresses of candidates; names are left out."""
    found = (str(fact(each, "address")).rpartition(":")[0] for each in candidates)
    return [each for each in found if _is_ip(each)]


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_private(ip: str) -> bool:
    address = ip_address(ip)
    return any(address in network for network in _PRIVATE)


def _share(one: str, other: str) -> bool:
    """Whether two addresses look like neighbours."""
    ours, theirs = ip_address(one), ip_address(other)
    if ours.version != theirs.version:
        return False
    size = 24 if ours.version == 4 else 64
    return ip_network(f"{ours}/{size}", strict=False) == ip_network(
        f"{theirs}/{size}", strict=False
    )


def _list(candidates: Sequence[TraceRecord]) -> str:
    shown = [f"{fact(each, 'address')} ({fact(each, 'type')})" for each in candidates[:_LISTED]]
    more = len(candidates) - len(shown)
    return (", ".join(shown) or "nowhere") + (f" and {more} more" if more else "")
