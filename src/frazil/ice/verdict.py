"""From facts to a cause: the judgement behind every ICE transport state, as a pure function."""

from typing import Final

from frazil.compiled import mypyc_attr
from frazil.ice.generation import Generation
from frazil.ice.pair import PairState
from frazil.ice.selection import Selection
from frazil.ice.state import Cause
from frazil.states.enums import RTCIceTransportState as State

_PAIR_FAILED: Final = PairState.FAILED
_NEW: Final = State.NEW
_CHECKING: Final = State.CHECKING
_DISCONNECTED: Final = State.DISCONNECTED
_CONNECTED: Final = State.CONNECTED
_WORKING: Final = frozenset((State.CONNECTED, State.COMPLETED))
_OVER: Final = frozenset((State.FAILED, State.CLOSED))


@mypyc_attr(acyclic=True)
class Facts:
    """What the agent knows at one instant.

    Attributes:
        has_remote: A remote candidate is known, signalled or peer-reflexive, and checks may run.
        usable: A pair may carry data: its check succeeded and consent has not expired.
        alive: The liveness clock believes in that pair.
        cut: That pair lost its local end: its interface, or its relay.
        broken: That pair lost its stream.
        fresh: That pair is not the one that went silent.
        nominated: Both ends agreed on a pair of this generation.
        pending: Pairs that matter have no result yet.
        failed: At least one pair was checked without success.
        over: Local gathering is done and the remote sent end-of-candidates.
        patience_over: The PAC timer ran out, or there never was a local candidate.
        consent_lost: The pair in use lost consent just now.
    """

    __slots__ = (
        "alive",
        "broken",
        "consent_lost",
        "cut",
        "failed",
        "fresh",
        "has_remote",
        "nominated",
        "over",
        "patience_over",
        "pending",
        "usable",
    )

    def __init__(
        self,
        has_remote: bool,
        usable: bool,
        alive: bool,
        cut: bool,
        broken: bool,
        fresh: bool,
        nominated: bool,
        pending: bool,
        failed: bool,
        over: bool,
        patience_over: bool,
        consent_lost: bool,
    ) -> None:
        self.has_remote = has_remote
        self.usable = usable
        self.alive = alive
        self.cut = cut
        self.broken = broken
        self.fresh = fresh
        self.nominated = nominated
        self.pending = pending
        self.failed = failed
        self.over = over
        self.patience_over = patience_over
        self.consent_lost = consent_lost


def survey(generation: Generation, selection: Selection) -> Facts:
    """What is known about the transport.

    Args:
        generation: The newest whose checks can run.
        selection: The pair in use.
    """
    monitor = selection.monitor
    alive = cut = broken = fresh = False
    if monitor is not None:
        alive, cut, broken = monitor.is_alive, monitor.is_cut, monitor.is_broken
        fresh = monitor.pair is not selection.silent_pair
    checklist = generation.checklist
    return Facts(
        len(generation.remote_candidates) > 0,
        monitor is not None,
        alive,
        cut,
        broken,
        fresh,
        monitor is not None and generation.agreement.pair is monitor.pair,
        checklist.is_pending(selection.bar(generation)),
        checklist.count(_PAIR_FAILED) > 0,
        generation.is_over,
        generation.pac_timer.is_over
        or (generation.gathered and not generation.local_candidates.had_any),
        selection.consent_was_lost,
    )


def judge(state: State, facts: Facts) -> Cause | None:
    """The cause that ``facts`` are in ``state``; ``None`` if they change nothing.

    One step at a time: the caller asks again after each move, so that ``connected`` is always
    seen before ``completed``.
    """
    if state in _OVER:
        return None
    if state is _NEW:
        return _judge_new(facts)
    if facts.usable and (facts.alive or state is not _CHECKING):
        return _judge_usable(state, facts)
    if facts.pending:
        return _judge_pending(state, facts)
    return _judge_idle(state, facts)


def _judge_new(facts: Facts) -> Cause | None:
    if facts.has_remote:
        return Cause.REMOTE_CANDIDATE
    return Cause.GAVE_UP if facts.over and facts.patience_over else None


def _judge_usable(state: State, facts: Facts) -> Cause | None:
    if not facts.alive:
        if state not in _WORKING:
            return None
        if facts.broken:
            return Cause.STREAM_LOST
        return Cause.INTERFACE_LOST if facts.cut else Cause.LIVENESS_LOST
    if state in (_CHECKING, _DISCONNECTED):
        return Cause.PAIR_VALID if facts.fresh else Cause.LIVENESS_BACK
    if state is _CONNECTED and facts.nominated and facts.over and not facts.pending:
        return Cause.CHECKS_DONE
    return None


def _judge_pending(state: State, facts: Facts) -> Cause | None:
    """No pair that could carry data, but some are left to check."""
    if state in _WORKING or (state is _DISCONNECTED and facts.consent_lost):
        return Cause.CONSENT_LOST_PAIRS_LEFT
    return Cause.NEW_PAIRS if state is _DISCONNECTED else None


def _judge_idle(state: State, facts: Facts) -> Cause | None:
    """No pair that could carry data, and none left to check."""
    if facts.over:
        if state in _WORKING or (state is _DISCONNECTED and facts.consent_lost):
            return Cause.CONSENT_LOST
        return Cause.GAVE_UP if facts.patience_over else None
    if state in _WORKING:
        return Cause.CONSENT_LOST_AWAITING
    return Cause.PAIRS_EXHAUSTED if state is _CHECKING and facts.failed else None
