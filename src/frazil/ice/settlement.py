"""What follows from an input, whoever took it: due checks leave, and the state is judged anew."""

from typing import Final

from frazil.deadline import earlier
from frazil.ice.checker import Checker
from frazil.ice.event import RoleChanged
from frazil.ice.gatherer import Gatherer
from frazil.ice.generation import Generation
from frazil.ice.lineage import Lineage
from frazil.ice.lite import LiteChecker
from frazil.ice.outcome import Outcome
from frazil.ice.pair_report import report_pairs, report_proposals
from frazil.ice.role import Role
from frazil.states.enums import RTCIceTransportState
from frazil.trace import Trace

_FAILED: Final = RTCIceTransportState.FAILED


class Settlement:
    """Ends each input of an agent, and knows when the next is due without one.

    Attributes:
        decision_at: When more is due than a look at the clocks of the pair in use; ``None`` if
            nothing is. True only if ``decision_is_known``, else :meth:`decide` finds out.
        decision_is_known: Nothing has been settled since :meth:`decide`.
    """

    __slots__ = (
        "_checker",
        "_gatherer",
        "_known_role",
        "_lineage",
        "_outcome",
        "_role",
        "_trace",
        "decision_at",
        "decision_is_known",
    )

    def __init__(
        self,
        lineage: Lineage,
        role: Role,
        gatherer: Gatherer,
        checker: Checker | LiteChecker,
        outcome: Outcome,
        trace: Trace,
    ) -> None:
        self._lineage = lineage
        self._role = role
        self._known_role = role.value
        self._gatherer = gatherer
        self._checker = checker
        self._outcome = outcome
        self._trace = trace
        self.decision_at: float | None = None
        self.decision_is_known = False

    def decide(self) -> None:
        """Find out when more is due than a look at the clocks of the pair in use."""
        self.decision_is_known = True
        self.decision_at = earlier(self._gatherer.next_timeout(), self._checker.next_timeout())

    def settle(self, now: float, ran_out_at: float | None = None) -> None:
        """After any input: send the checks that are due and say what follows.

        Args:
            now: The instant.
            ran_out_at: The deadline of the clock that ran out, if that is the input.
        """
        outcome, checker = self._outcome, self._checker
        outcome.has_news = True
        self.decision_is_known = False
        self.apply_role(now)
        current = self._lineage.current
        if current is None:  # nothing can be checked yet, so there is no pair and no state
            self._take_gathered()
            return
        outcome.events += report_pairs(self._lineage, self._trace, now)
        if isinstance(checker, Checker) and checker.nominator.gate.proposals:
            outcome.events += report_proposals(checker.nominator.gate)
        checker.send_checks(now)
        self._take_gathered()
        outcome.draw(current, now, ran_out_at)
        if self._has_concluded(current):
            self._gatherer.stop_keepalives()
        checker.settle()

    def _has_concluded(self, current: Generation) -> bool:
        """Whether ICE has come to an end, in one way or the other, with what is gathered for.

        A restart whose answer has yet to come has not.
        """
        is_agreed = current.gathered and current.agreement.pair is not None
        is_over = is_agreed or self._outcome.state is _FAILED
        return is_over and current is self._lineage.newest

    def _take_gathered(self) -> None:
        """Tell what gathering has to tell."""
        if self._gatherer.events:
            self._outcome.events += self._gatherer.events
            self._gatherer.events.clear()

    def close(self, now: float) -> None:
        """Let nothing follow any more: no state, no check, no deadline of the pair in use."""
        self._outcome.close(now)
        self._checker.stop("the connection was closed", now)
        self.decision_is_known = False

    def apply_role(self, now: float) -> None:
        """Let pairs follow the role, if that is another one than before."""
        role = self._role
        if role.value is not self._known_role:
            self._known_role = role.value
            self._trace.record(now, "ice", "role", role=role.value, why=role.why)
            self._outcome.events.append(RoleChanged(role.value))
            self._checker.role_changed(list(self._lineage), now)
