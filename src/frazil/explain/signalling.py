"""Whether offer, answer and candidates found their way."""

from collections.abc import Iterator, Sequence
from typing import Final

from frazil.explain.catalogue import FINDINGS
from frazil.explain.check import all_refused, has_waited
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Path, Story, fact
from frazil.states.enums import RTCDtlsTransportState as Dtls
from frazil.states.enums import RTCSignalingState as Signaling
from frazil.trace import Fact, TraceRecord

_UNFINISHED: Final[dict[str, str]] = {
    Signaling.HAVE_LOCAL_OFFER: "FZ-SIG-NO-ANSWER",
    Signaling.HAVE_REMOTE_OFFER: "FZ-SIG-ANSWER-DUE",
    Signaling.HAVE_LOCAL_PRANSWER: "FZ-SIG-PROVISIONAL",
    Signaling.HAVE_REMOTE_PRANSWER: "FZ-SIG-PROVISIONAL",
}
_APPLYING: Final = ("setLocalDescription", "setRemoteDescription")
_NOTHING_AGREED: Final = "FZ-SIG-NOTHING-AGREED"
_PATIENCE_S: Final = 2.0
"""How long signalling may take before it counts as silent."""


def judge_exchange(story: Story) -> Iterator[Finding]:
    """What keeps offer and answer from having an effect."""
    if any(path.has_worked for path in story.paths):
        return
    code = _exchange(story)
    if code:
        applied = story.of("peer", "description-applied")[-2:]
        refused = None if code == _NOTHING_AGREED else _refused(story, applied)
        yield refused or Finding(FINDINGS[code], FINDINGS[code].meaning, evidence_of(applied))
    elif story.is_closed and not story.failed and _never_connected(story):
        kind = FINDINGS["FZ-API-CLOSED"]
        yield Finding(kind, kind.meaning)


def _refused(story: Story, applied: Sequence[TraceRecord]) -> Finding | None:
    """The last description was refused: none was applied after it."""
    for each in reversed(story.records):
        if each in applied:
            break
        if each.event == "rejected" and fact(each, "method") in _APPLYING:
            kind = FINDINGS["FZ-SIG-REFUSED"]
            method, text = fact(each, "method"), fact(each, "text")
            sentence = f"A description was refused by {method}(): {text}."
            return Finding(kind, sentence, evidence_of(applied, [each]))
    return None


def _never_connected(story: Story) -> bool:
    """Whether nothing is forgotten, and DTLS came up on none of the paths."""
    return story.is_whole and all(path.dtls in (Dtls.NEW, Dtls.CONNECTING) for path in story.paths)


def _exchange(story: Story) -> str | None:
    is_described = bool(story.of("peer", "description-applied"))
    if story.is_whole and not is_described:
        return "FZ-SIG-NONE"  # paths there may be, which gather ahead
    changed = story.last("peer", "state-changed", machine="signaling")
    unfinished = _UNFINISHED.get(str(fact(changed, "new"))) if changed else None
    if unfinished is not None or story.paths or not is_described:
        return unfinished
    return _NOTHING_AGREED


def judge_candidates(path: Path) -> Iterator[Finding]:
    """Whether the peer's candidates arrived, may be used, and belong to its checks."""
    attempt = path.attempt
    heard = attempt.of("ice", "check-received")
    yield from _credentials(path, is_heard=bool(heard))
    settled = path.story.of("peer", "description-applied", type="answer")[-1:]
    if path.has_worked or path.valid or heard or attempt.of("ice", "remote-candidate"):
        return
    if not settled or path.now - settled[0].at < _PATIENCE_S:
        return
    refused = attempt.of("ice", "candidate-refused")
    if refused:
        yield all_refused(refused)
    else:
        ended = attempt.of("ice", "end-of-remote-candidates")
        kind = FINDINGS["FZ-ICE-NO-REMOTE" if ended else "FZ-SIG-CANDIDATES-LOST"]
        failed = path.story.of("api", "rejected", method="addIceCandidate")
        yield Finding(kind, kind.meaning, evidence_of(settled, ended, failed))


def _credentials(path: Path, *, is_heard: bool) -> Iterator[Finding]:
    """One end knows other credentials than the other: each direction shows it by itself."""
    story = path.story
    is_answered = story.is_whole and story.of("peer", "description-applied", type="answer")
    if path.ice == "new" and not is_answered:
        return  # they may be the checks of an earlier connection
    if path.dtls == "connected" and (path.works or path.valid):
        return  # it does not matter any more
    attempt = path.attempt
    rejected = [] if path.valid else attempt.of("ice", "check-rejected")
    refused = [] if is_heard else attempt.of("ice", "check-refused")
    echoes = _own_checks(attempt.of("ice", "check"))
    rejected = [each for each in rejected if fact(each, "pair") not in echoes]
    refused = [each for each in refused if fact(each, "remote") not in echoes.values()]
    if (rejected or refused) and has_waited(path, rejected or refused):
        kind = FINDINGS["FZ-SIG-STALE"]
        who = "the peer refuses our checks" if rejected else "we refuse the checks of the peer"
        sentence = f"The credentials are not those that were signalled: {who}."
        yield Finding(kind, sentence, evidence_of(rejected, refused))


def _own_checks(checks: Sequence[TraceRecord]) -> dict[Fact, str]:
    """Pairs whose checks come back to us, as the peer has our address on a network of its own.

    Returns:
        The IP address of each.
    """
    pairs = [(pair := fact(each, "pair"), str(pair).partition("->")) for each in checks]
    return {pair: here.rpartition(":")[0] for pair, (here, _, there) in pairs if here == there}
