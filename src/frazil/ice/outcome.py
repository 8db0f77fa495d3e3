"""What is told of a transport: its state, with the reasons, and the pair that it uses."""

from typing import Final

from frazil.ice.checker import Checker
from frazil.ice.event import IceEvent, IceTransportChanged
from frazil.ice.generation import Generation
from frazil.ice.lineage import Lineage
from frazil.ice.lite import LiteChecker
from frazil.ice.reason import evidence, explain
from frazil.ice.state import Cause, transport_machine
from frazil.ice.verdict import judge, survey
from frazil.states.enums import RTCIceTransportState
from frazil.trace import Trace

_FAILED: Final = RTCIceTransportState.FAILED
_RESTART: Final = Cause.RESTART
_FINAL: Final = frozenset((Cause.GAVE_UP, Cause.CONSENT_LOST, Cause.CLOSE))
"""Nothing but a restart leads on from where these lead."""


class Outcome:
    """Moves the state of a transport where the facts lead, and reports each move.

    Attributes:
        events: What is to be told, in order; also by others.
        has_news: Since the events were last fetched there was more than a sign of life.
        is_closed: Nothing follows any more.
    """

    __slots__ = ("_checker", "_lineage", "_machine", "events", "has_news", "is_closed")

    def __init__(
        self, name: str, lineage: Lineage, checker: Checker | LiteChecker, trace: Trace
    ) -> None:
        self._machine = transport_machine(name, trace)
        self._lineage = lineage
        self._checker = checker
        self.events: list[IceEvent] = []
        self.has_news = False
        self.is_closed = False

    @property
    def state(self) -> RTCIceTransportState:
        """The transport state (webrtc-pc RTCIceTransportState)."""
        return self._machine.state

    def restart(self, now: float) -> None:
        """Another generation is to be checked; the first one is no restart."""
        if self._machine.can_move(_RESTART):
            self.move(_RESTART, now)

    def close(self, now: float) -> None:
        """The transport is closed."""
        self.is_closed = True
        self.move(Cause.CLOSE, now)

    def draw(self, current: Generation, now: float, ran_out_at: float | None = None) -> None:
        """Say what follows from the facts, step by step.

        Args:
            current: The newest generation whose checks can run: before there is one, nothing can
                be checked, and nothing be lost.
            now: The instant.
            ran_out_at: The deadline of the clock that ran out, if that is the occasion.
        """
        selection = self._checker.selection
        facts = survey(current, selection)
        while (cause := judge(self._machine.state, facts)) is not None:
            self.move(cause, now, ran_out_at)
            facts.consent_lost = False  # of all facts only this one is over with the move
        selection.consent_was_lost = False
        news = selection.take_news()
        if news is not None:
            self.events.append(IceTransportChanged(None, True, selection.described, news))

    def move(self, cause: Cause, now: float, ran_out_at: float | None = None) -> None:
        """Move for this ``cause``; the rest is as in :meth:`draw`."""
        generation, selection = self._lineage.current, self._checker.selection
        witness = selection.witness
        change = self._machine.move(
            cause,
            explain(cause, generation, witness),
            now,
            evidence=evidence(generation, witness, now),
            deadline_at=ran_out_at,
            next_deadline_at=None if cause in _FINAL else self._judged_after(cause, now),
        )
        if change.new == _FAILED:
            self._checker.stop(change.reason.text, now)
            self._lineage.give_up()
        pair_changed = selection.take_news() is not None
        self.events.append(
            IceTransportChanged(change, pair_changed, selection.described, change.reason)
        )
        selection.consent_was_lost = False

    def _judged_after(self, cause: Cause, now: float) -> float | None:
        """When the state will be judged again; a clock that nobody needed may be long over.

        A silent pair has no say in what becomes of the restart that began for its sake.
        """
        current = self._lineage.current
        if cause is _RESTART and current is not None and not self._checker.selection.is_alive:
            at = current.pac_timer.deadline
        else:
            at = self._checker.judged_at
        return at if at is not None and at > now else None
