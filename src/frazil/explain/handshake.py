"""Why there is no DTLS or SCTP on a path that works, or none any more."""

from collections.abc import Iterator
from typing import Final

from frazil.explain.catalogue import FINDINGS
from frazil.explain.finding import Finding, evidence_of
from frazil.explain.story import Path, fact
from frazil.trace import Fact, TraceRecord

_PATIENCE_S: Final = 2.5
"""How long a handshake may take, over any path, before that means something."""
_STALLED_S: Final = 4.0
"""A retransmission timeout that has grown to this has doubled several times without an answer."""
_STALLS: Final = 3
_CONGESTED: Final = 6
"""Timeouts of unacknowledged data within a minute that are more than bad luck."""
_MINUTE_S: Final = 60.0
_UNEXPECTED_MESSAGE: Final = 10
_CERTIFICATE_ALERTS: Final = (42, 43, 44, 45, 46, 48)


def judge_dtls(path: Path) -> Iterator[Finding]:
    """What became of the DTLS handshake."""
    if not path.has_worked or path.dtls == "connected":
        return
    last = path.last("dtls", "state")
    cause = str(fact(last, "cause")) if last else ""
    if last is None or path.dtls in ("new", "connecting"):
        yield from _stuck(path)
    elif cause == "close-notify-received":
        kind = FINDINGS["FZ-PEER-CLOSED"]
        yield Finding(kind, kind.meaning, (last,))
    elif cause == "handshake-timeout":
        yield _unfinished(path)
    elif cause != "close":
        yield _broken(last, cause)


def _broken(last: TraceRecord, cause: str) -> Finding:
    text = str(fact(last, "text"))
    alert = dict(_pairs(last)).get("received_alert")
    if cause == "fingerprint-mismatch":
        code = "FZ-DTLS-FINGERPRINT"
    elif alert in _CERTIFICATE_ALERTS:
        code, text = "FZ-DTLS-FINGERPRINT", f"{text}: it does not accept our certificate"
    elif alert == _UNEXPECTED_MESSAGE or "unexpected" in text:
        code, text = "FZ-DTLS-ROLE", f"both ends are DTLS clients: {text}"
    else:
        code = "FZ-DTLS-ALERT" if cause == "alert-received" else "FZ-DTLS-VIOLATED"
    return Finding(FINDINGS[code], f"{text[:1].upper()}{text[1:]}.", (last,))


def _pairs(record: TraceRecord) -> tuple[tuple[str, Fact], ...]:
    evidence = fact(record, "evidence")
    return evidence if isinstance(evidence, tuple) else ()


def _stuck(path: Path) -> Iterator[Finding]:
    began = path.last("ice", "state", new="connected")
    is_negotiated = path.story.of("peer", "description-applied")
    if path.works and is_negotiated and began and path.now - began.at >= _PATIENCE_S:
        yield _unheard(path) or _unfinished(path)


def _unheard(path: Path) -> Finding | None:
    """Our answer is lost, if the handshake waits for a peer of which nothing comes by itself."""
    last = path.last("dtls", "state")
    answers = path.story.of("peer", "description-applied", side="local", type="answer")
    heard = path.attempt.of("ice", "check-received") or path.of("dtls", "flight-received")
    if last is None or not answers or heard or fact(last, "next_deadline_at") is not None:
        return None
    kind = FINDINGS["FZ-SIG-ANSWER-LOST"]
    return Finding(kind, kind.meaning, evidence_of(answers[-1:], [last]))


def _unfinished(path: Path) -> Finding:
    sent = path.of("dtls", "flight-sent")
    repeated = path.of("dtls", "flight-repeated")
    arrived = path.of("dtls", "flight-received")
    if arrived:
        code, text = "FZ-DTLS-MTU", "DTLS messages arrive, but the handshake does not get on"
    elif sent:
        code, text = "FZ-DTLS-NO-ANSWER", "Our DTLS handshake gets no answer"
    else:
        code, text = (
            "FZ-DTLS-NO-ANSWER",
            "The peer is to begin the DTLS handshake, and is not heard",
        )
    ready = path.of("ice", "state", new="connected")
    evidence = evidence_of(ready[-1:], sent[:2], arrived[:2], repeated[-2:])
    return Finding(FINDINGS[code], f"{text}.", evidence)


def judge_sctp(path: Path) -> Iterator[Finding]:
    """What became of the SCTP association."""
    if path.dtls == "closed":
        return  # the peer said goodbye at every layer
    closed = path.last("sctp", "closed")
    if closed is not None:
        yield from _ended(path, closed)
        return
    if not path.works or path.dtls != "connected":
        return
    yield from _late(path)
    began = path.last("sctp", "association")
    if began is None:
        return
    stuck = fact(began, "new") in ("cookie-wait", "cookie-echoed")
    if stuck and path.now - began.at >= _PATIENCE_S:
        kind = FINDINGS["FZ-SCTP-NO-ANSWER"]
        yield Finding(kind, kind.meaning, (began,))


def _late(path: Path) -> Iterator[Finding]:
    """Data that is not acknowledged though the path works."""
    late = path.attempt.of("sctp", "t3-expired")
    recent = [each for each in late if path.now - each.last_at <= _MINUTE_S]
    if not recent or path.attempt.since(path.now - _MINUTE_S).of("ice", "liveness-lost"):
        return
    times = sum(each.count for each in recent)
    grown = sum(each.count for each in recent if _rto_s(each) >= _STALLED_S)
    if grown >= _STALLS and path.now - recent[-1].last_at <= _rto_s(recent[-1]) + 1.0:
        code = "FZ-SCTP-NO-ANSWER" if _is_from_the_beginning(path, late[0]) else "FZ-SCTP-STALLED"
        kind = FINDINGS[code]
        sentence = f"Data was sent again {times} times, and nothing is acknowledged."
        yield Finding(kind, sentence, evidence_of(recent))
    elif times >= _CONGESTED:
        kind = FINDINGS["FZ-SCTP-CONGESTED"]
        sentence = f"Data was not acknowledged in time {times} times in the last minute."
        yield Finding(kind, sentence, evidence_of(recent), is_aside=True)


def _is_from_the_beginning(path: Path, late: TraceRecord) -> bool:
    """Whether an association that needed no handshake has its first data unanswered."""
    began = path.last("sctp", "association")
    return (
        began is not None
        and fact(began, "cause") == "signalled"
        and late.at - began.at <= _PATIENCE_S
    )


def _rto_s(record: TraceRecord) -> float:
    rto_s = fact(record, "rto_s")
    return rto_s if isinstance(rto_s, float) else 0.0


def _ended(path: Path, closed: TraceRecord) -> Iterator[Finding]:
    cause, text = str(fact(closed, "cause")), str(fact(closed, "text"))
    if cause == "timed-out":
        was_up = bool(path.of("sctp", "association", new="established"))
        kind = FINDINGS["FZ-SCTP-STALLED" if was_up else "FZ-SCTP-NO-ANSWER"]
    elif cause in ("aborted-by-remote", "protocol-violation"):
        kind = FINDINGS["FZ-SCTP-ABORTED"]
    else:
        return
    yield Finding(kind, f"{kind.meaning[:-1]}: {text}.", (closed,), is_aside=not path.works)
