"""Why a state changed."""

from typing import NamedTuple

from frazil.trace.record import Evidence, Fact


class Reason(NamedTuple):
    """Why a state changed.

    Attributes:
        cause: The machine-readable cause, for example ``"liveness-lost"``.
        rule: The clause that demands the change, for example ``"webrtc-pc RTCIceTransportState"``.
        text: One sentence for people.
        evidence: Named facts behind it; durations in seconds.
        deadline_at: The deadline that fired, if a timer caused the change.
        next_deadline_at: When the state will be judged again if nothing else happens.
    """

    cause: str
    rule: str
    text: str
    evidence: Evidence = ()
    deadline_at: float | None = None
    next_deadline_at: float | None = None


class StateChange(NamedTuple):
    """One state machine moved.

    Attributes:
        at: When, in seconds on the connection's clock.
        machine: Which machine, for example ``"ice-transport 0"`` or ``"connection"``.
        old: The state before.
        new: The state after.
        reason: Why.
    """

    at: float
    machine: str
    old: str
    new: str
    reason: Reason


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
    cause, own_rule, text, evidence, deadline_at, next_deadline_at = reason
    return machine, old, new, cause, rule or own_rule, text, evidence, deadline_at, next_deadline_at
