"""Why a state changed."""

from frazil.compiled import mypyc_attr
from frazil.trace.record import Evidence, Fact
from frazil.value import Value


@mypyc_attr(acyclic=True)
class Reason(Value):
    """Why a state changed.

    Attributes:
        cause: The machine-readable cause, for example ``"liveness-lost"``.
        rule: The clause that demands the change, for example ``"webrtc-pc RTCIceTransportState"``.
        text: One sentence for people.
        evidence: Named facts behind it; durations in seconds.
        deadline_at: The deadline that fired, if a timer caused the change.
        next_deadline_at: When the state will be judged again if nothing else happens.
    """

    __slots__ = ("cause", "deadline_at", "evidence", "next_deadline_at", "rule", "text")

    def __init__(
        self,
        cause: str,
        rule: str,
        text: str,
        evidence: Evidence = (),
        deadline_at: float | None = None,
        next_deadline_at: float | None = None,
    ) -> None:
        self.cause = cause
        self.rule = rule
        self.text = text
        self.evidence = evidence
        self.deadline_at = deadline_at
        self.next_deadline_at = next_deadline_at

    def as_tuple(self) -> tuple[object, ...]:
        """Cause, rule, text, evidence, and the two deadlines."""
        return (
            self.cause,
            self.rule,
            self.text,
            self.evidence,
            self.deadline_at,
            self.next_deadline_at,
        )


@mypyc_attr(acyclic=True)
class StateChange(Value):
    """One state machine moved.

    Attributes:
        at: When, in seconds on the connection's clock.
        machine: Which machine, for example ``"ice-transport 0"`` or ``"connection"``.
        old: The state before.
        new: The state after.
        reason: Why.
    """

    __slots__ = ("at", "machine", "new", "old", "reason")

    def __init__(self, at: float, machine: str, old: str, new: str, reason: Reason) -> None:
        self.at = at
        self.machine = machine
        self.old = old
        self.new = new
        self.reason = reason

    def as_tuple(self) -> tuple[object, ...]:
        """When, which machine, from where to where, and why."""
        return self.at, self.machine, self.old, self.new, self.reason


def facts_of_change(
    machine: str, old: str, new: str, reason: Reason, rule: str = ""
) -> tuple[Fact, ...]:
    """The facts of a record that tells of a state change, in the order of the catalogue.

    Args:
        machine: Which machine.
        old: The state before.
        new: The state after.
        reason: Why.
        rule: The clause that demands the change, if it is another than that in ``reason``.
    """
    return (
        machine,
        old,
        new,
        reason.cause,
        rule or reason.rule,
        reason.text,
        reason.evidence,
        reason.deadline_at,
        reason.next_deadline_at,
    )
