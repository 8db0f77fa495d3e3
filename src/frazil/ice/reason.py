"""The sentence and the evidence behind each state change of an ICE transport."""

from typing import Final

from frazil.ice.candidate import CandidateType
from frazil.ice.generation import Generation
from frazil.ice.monitor import Monitor
from frazil.ice.pair import PairState
from frazil.ice.state import Cause
from frazil.trace import Evidence

_GAVE_UP: Final = Cause.GAVE_UP
_LIVENESS_LOST: Final = Cause.LIVENESS_LOST
_INTERFACE_LOST: Final = Cause.INTERFACE_LOST
_RELAYED: Final = CandidateType.RELAYED
_SUCCEEDED: Final = PairState.SUCCEEDED
_FAILED: Final = PairState.FAILED
_TEXTS: Final = {
    Cause.REMOTE_CANDIDATE: "the first remote candidate is known; checks begin",
    Cause.PAIR_VALID: "a check was answered: the pair can carry data",
    Cause.CHECKS_DONE: "a pair is nominated and no better one is left, now or later",
    Cause.PAIRS_EXHAUSTED: "every pair was checked without success; more candidates may come",
    Cause.NEW_PAIRS: "new pairs are there to check",
    Cause.LIVENESS_LOST: "the selected pair is silent and did not answer at least two checks",
    Cause.LIVENESS_BACK: "the selected pair talks again",
    Cause.INTERFACE_LOST: "the local interface of the selected pair is gone",
    Cause.STREAM_LOST: "the TCP connection of the selected pair has ended",
    Cause.CONSENT_LOST_PAIRS_LEFT: "consent to send is lost; other pairs are left to check",
    Cause.CONSENT_LOST_AWAITING: "consent to send is lost; more candidates may come",
    Cause.CONSENT_LOST: "consent to send is lost; no pair is left and no candidate can come",
    Cause.RESTART: "an ICE restart began: both sides have new credentials",
    Cause.CLOSE: "the connection was closed",
}

_REFUSED: Final = (400, 401)


def explain(cause: Cause, generation: Generation | None, monitor: Monitor | None) -> str:
    """One sentence for people; ``monitor`` is that of the pair in use, or just lost."""
    if cause is _GAVE_UP:
        return _explain_failure(generation)
    if cause is _LIVENESS_LOST and generation is not None and generation.awaits_checks:
        return "the selected pair is silent: no check and no data of the peer arrive"
    if cause is _INTERFACE_LOST and monitor is not None and monitor.pair.local.type is _RELAYED:
        return "the relay of the selected pair is gone"
    return _TEXTS[cause]


def _explain_failure(generation: Generation | None) -> str:
    if generation is None or not generation.local_candidates:
        return "there is no local candidate: neither an interface nor a server gives one"
    if not len(generation.remote_candidates):
        return "no usable remote candidate was signalled and no check of the remote arrived"
    if not len(generation.checklist):
        return "no local candidate can reach any remote candidate"
    if all(pair.error_code in _REFUSED for pair in generation.checklist):
        return "the remote refused every check: its credentials are not those that were signalled"
    return "every pair was checked without success and no candidate can come"


def evidence(generation: Generation | None, monitor: Monitor | None, now: float) -> Evidence:
    """Named facts; durations in seconds."""
    of_pair = () if monitor is None else _evidence_of_pair(monitor, now)
    return of_pair if generation is None else of_pair + _evidence_of_checks(generation)


def _evidence_of_pair(monitor: Monitor, now: float) -> Evidence:
    rtt_s = monitor.pair.round_trip.last_s
    return (
        ("pair", monitor.pair.text),
        ("silent_s", _rounded(now - monitor.heard_at, 1e3)),
        ("unanswered_checks", monitor.unanswered),
        ("since_consent_s", _rounded(now - monitor.consented_at, 1e3)),
        ("rtt_s", None if rtt_s is None else _rounded(rtt_s, 1e6)),
    )


def _evidence_of_checks(generation: Generation) -> Evidence:
    checklist = generation.checklist
    facts: Evidence = (
        ("local_candidates", len(generation.local_candidates)),
        ("remote_candidates", len(generation.remote_candidates)),
        ("gathered", generation.gathered),
        ("remote_ended", generation.remote_candidates.ended),
        ("pairs", len(checklist)),
        ("pairs_succeeded", checklist.count(_SUCCEEDED)),
        ("pairs_failed", checklist.count(_FAILED)),
    )
    for pair in checklist:
        if pair.error_code:
            return (*facts, ("stun_error", pair.error_code))
    return facts


def _rounded(seconds: float, parts: float) -> float:
    """The nearest of so many parts of a second; ``round`` takes twenty times as long."""
    return int(seconds * parts + 0.5) / parts
