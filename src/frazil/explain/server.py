"""What became of STUN and TURN servers."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from frazil.explain.candidate import ips_of
from frazil.explain.catalogue import FINDINGS
from frazil.explain.check import has_waited
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Path, fact, together
from frazil.trace import Fact, TraceRecord

_REFUSED_FROM: Final = 300
_UNREACHABLE: Final = 701
"""The code of webrtc-pc for a server that cannot be reached."""
_ALONE: Final = 1
_UDP_URL: Final = re.compile(
    r"(?:stun|turn):(\[[^]]*\]|[^:?]*)(?::\d*)?(?:\?transport=udp)?", re.IGNORECASE
)
"""The URL of a server that is asked over UDP, and its host (RFC 7064, RFC 7065)."""


def judge_servers(path: Path) -> Iterator[Finding]:
    """Each server that gave no candidate, and permissions that were refused.

    An interface that goes takes its relays along, for which no server can do anything.
    """
    gone = together(
        path.attempt.of("ice", "server-failed", code=_UNREACHABLE),
        path.attempt.of("ice", "local-address-lost"),
    )
    failed = [each for each in path.attempt.of("ice", "server-failed") if each not in gone]
    for record in failed:
        yield _server(record, is_aside=path.has_worked)
    yield from _all_unreachable(path, failed)
    yield from _all_denied(path)


def was_asked(failed: TraceRecord) -> bool:
    """Whether a server that gave no candidate was asked for one, from some address of ours."""
    return _is_refusal(fact(failed, "code")) or _is_silent(failed)


def _server(record: TraceRecord, *, is_aside: bool) -> Finding:
    url, code, text = (fact(record, name) for name in ("url", "code", "text"))
    kind = FINDINGS[_code(str(url), code if isinstance(code, int) else None, str(text))]
    sentence = f"{url}: {text}"
    sentence += "" if sentence.endswith(".") else "."
    return Finding(kind, sentence, (record,), is_aside=is_aside)


def _code(url: str, code: int | None, text: str) -> str:
    is_turn = url.startswith("turn")
    if "cannot be resolved" in text:
        return "FZ-TURN-NAME"
    if _is_refusal(code):
        name = f"FZ-TURN-{code}"
        return name if name in FINDINGS else "FZ-TURN-REFUSED"
    if not is_turn:
        return "FZ-STUN-UNREACHABLE"
    return "FZ-TURN-TLS" if "cannot be secured" in text else "FZ-TURN-UNREACHABLE"


def _all_unreachable(path: Path, failed: Sequence[TraceRecord]) -> Iterator[Finding]:
    """Several servers were asked over UDP, and none answers: that is not their fault."""
    silent = [each for each in failed if _is_silent(each)]
    servers = {_udp_host(fact(each, "url")) for each in silent}
    gathered = {str(fact(each, "type")) for each in path.attempt.of("ice", "local-candidate")}
    if len(servers) <= _ALONE or gathered & {"srflx", "relay"} or path.has_worked:
        return
    if servers >= {_udp_host(url) for url in path.story.servers} - {None}:
        kind = FINDINGS["FZ-NET-UDP-BLOCKED"]
        yield Finding(kind, kind.meaning, evidence_of(silent))


def _all_denied(path: Path) -> Iterator[Finding]:
    """Not one address of the peer is permitted; that some are not is usual, and does no harm."""
    denied = path.attempt.of("turn", "permission-failed")
    if not denied or path.works or not has_waited(path, denied):
        return
    refused = {str(fact(each, "ip")) for each in denied}
    # A relay does not ask again for what it was granted before an ICE restart.
    before = {str(fact(each, "ip")) for each in path.of("turn", "permission-granted")}
    since = {str(fact(each, "ip")) for each in path.attempt.of("turn", "permission-granted")}
    permitted = since | (before - refused)
    theirs = ips_of(path, path.attempt.of("ice", "remote-candidate"))
    if permitted.isdisjoint(map(str, theirs)):
        kind = FINDINGS["FZ-TURN-PEER"]
        peers = ", ".join(sorted(refused))
        sentence = f"The TURN server does not relay to {peers}: {fact(denied[0], 'text')}."
        yield Finding(kind, sentence, evidence_of(denied), is_aside=path.has_worked)


def _is_refusal(code: Fact) -> bool:
    """Whether the code is one that servers answer with."""
    return isinstance(code, int) and _REFUSED_FROM <= code < _UNREACHABLE


def _is_silent(record: TraceRecord) -> bool:
    """Whether a server that was asked over UDP has not answered."""
    code = fact(record, "code")
    text = str(fact(record, "text"))
    is_silence = code in (None, _UNREACHABLE) and "resolved" not in text and "address" not in text
    return is_silence and _udp_host(fact(record, "url")) is not None


def _udp_host(url: Fact) -> str | None:
    """The host behind a URL that leads there over UDP; ``None`` behind all others."""
    found = _UDP_URL.fullmatch(str(url).strip())
    return found[1].lower() if found else None
