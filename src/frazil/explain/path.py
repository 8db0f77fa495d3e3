"""Why a path that worked does not work any more."""

from collections.abc import Iterator

from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Path, Records, fact, together
from frazil.trace import TraceRecord


def judge_path(path: Path) -> Iterator[Finding]:
    """What was lost, and how; or what happened to a path that works."""
    if not path.has_worked or path.dtls == "closed":
        return
    moved = path.attempt.of("ice", "address-changed")
    if moved:
        kind = FINDINGS["FZ-NAT-BINDING-EXPIRED"]
        sentence = f"A NAT gave this host another public address: {fact(moved[-1], 'text')}."
        yield Finding(kind, sentence, evidence_of(moved), is_aside=True)
    if not path.works and path.ice != "new":
        yield from _lost(path)


def _lost(path: Path) -> Iterator[Finding]:
    ends = path.attempt.since(_lost_at(path))
    gone = _gone(path, ends)
    relay = [each for each in gone if each.event == "relayed-address-lost"]
    interface = [each for each in gone if each not in relay]
    if relay and not interface:  # it may have gone with the interface that led to it
        interface = together(ends.of("ice", "local-address-lost"), relay)
    stream = together(ends.of("ice", "stream-lost"), ends.of("ice", "state", cause="stream-lost"))
    consent = ends.of("ice", "consent-lost")
    silent = ends.of("ice", "liveness-lost")
    if interface:
        kind = FINDINGS["FZ-NET-INTERFACE-LOST"]
        sentence = f"The interface with {fact(interface[-1], 'address')} went away."
        yield Finding(kind, sentence, evidence_of(interface))
    elif relay:
        kind = FINDINGS["FZ-TURN-LOST"]
        told = ends.of("ice", "server-failed")[:1]
        why = f" {fact(told[0], 'text')}" if told else ""
        yield Finding(kind, kind.meaning + why, evidence_of(told, relay))
    elif stream:
        kind = FINDINGS["FZ-ICE-STREAM-LOST"]
        sentence = f"The TCP connection in use ended: {fact(stream[-1], 'text')}."
        yield Finding(kind, sentence, evidence_of(stream))
    elif consent:
        yield _consent(ends, consent)
    else:
        yield _silence(path, silent)


def _consent(ends: Records, consent: list[TraceRecord]) -> Finding:
    last = consent[-1]
    if fact(last, "is_revoked") is True:
        kind = FINDINGS["FZ-ICE-CONSENT-REVOKED"]
        return Finding(kind, kind.meaning, evidence_of(consent))
    unanswered_s, unasked_s = _seconds(last, "unanswered_s"), _seconds(last, "unasked_s")
    if unasked_s > unanswered_s / 2:  # who runs asks again and again
        kind = FINDINGS["FZ-LOOP-STOOD-STILL"]
        sentence = f"This program stood still: it sent no check for {unasked_s:.0f} s."
        return Finding(kind, sentence, evidence_of(consent))
    late_at = last.at - unanswered_s / 2
    heard = [each for each in ends.of("ice", "check-received") if each.last_at > late_at]
    if heard:
        kind = FINDINGS["FZ-ICE-PATH-ONE-WAY"]
        how = "though its own checks arrive"
    else:
        kind = FINDINGS["FZ-ICE-CONSENT-LOST"]
        how = "and nothing else came"
    sentence = f"The peer did not answer for {unanswered_s:.0f} s, {how}: sending had to stop."
    return Finding(kind, sentence, evidence_of(heard, consent))


def _seconds(record: TraceRecord, name: str) -> float:
    told_s = fact(record, name)
    return told_s if isinstance(told_s, int | float) else 0.0


def _silence(path: Path, silent: list[TraceRecord]) -> Finding:
    kind = FINDINGS["FZ-ICE-SILENT"]
    state = path.attempt.last("ice", "state")
    reason = f": {fact(state, 'text')}" if state else ""
    return Finding(kind, f"The path worked, and is {path.ice}{reason}.", evidence_of(silent))


def _lost_at(path: Path) -> float:
    """When the last path that worked began to fail."""
    answers = path.attempt.of("ice", "consent-renewed") + path.attempt.of("ice", "pair-valid")
    return max((each.last_at for each in answers), default=0.0)


def _gone(path: Path, ends: Records) -> list[TraceRecord]:
    """The losses of an interface or a relay from which the pair in use led just then."""
    recent = set(ends.records)
    gone = []
    base = ""
    for each in path.records:
        if each.layer != "ice":
            continue
        if each.event in ("selected", "consent-renewed"):  # the ring may have forgotten the former
            base = str(fact(each, "pair")).partition("->")[0]
        elif each.event == "unselected":
            base = ""
        elif each in recent and _takes(each, base):
            gone.append(each)
    return gone


def _takes(loss: TraceRecord, base: str) -> bool:
    """Whether nothing can be sent from ``base``, address and port, after a loss."""
    if loss.event == "local-address-lost":
        return fact(loss, "address") == base.rpartition(":")[0]
    return loss.event == "relayed-address-lost" and fact(loss, "address") == base
