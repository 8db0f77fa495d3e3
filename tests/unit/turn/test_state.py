import pytest

from frazil.trace import Trace
from frazil.turn import TurnState
from frazil.turn.state import TRANSITIONS, Cause, relay_machine


def machine_in(state):
    machine = relay_machine("7", Trace())
    machine.state = state
    return machine


@pytest.mark.parametrize(("state", "cause"), TRANSITIONS)
def test_each_edge_is_followed_and_explained(state, cause):
    edge = TRANSITIONS[state, cause]
    change = machine_in(state).move(cause, "Why.", 3.0, evidence=(("a", 1),), deadline_at=2.0)
    assert (change.at, change.machine, change.old, change.new) == (3.0, "turn 7", state, edge.to)
    assert change.reason.cause == cause
    assert change.reason.rule == edge.rule
    assert change.reason.rule.startswith("RFC ")
    assert (change.reason.text, change.reason.evidence) == ("Why.", (("a", 1),))
    assert change.reason.deadline_at == 2.0


def test_what_is_not_in_the_table_is_a_defect():
    for state in TurnState:
        for cause in Cause:
            if (state, cause) not in TRANSITIONS:
                machine = machine_in(state)
                with pytest.raises(KeyError):
                    machine.move(cause, "", 0.0)
                assert machine.state is state


def test_a_move_is_traced():
    trace = Trace()
    relay_machine("0", trace).move(Cause.ALLOCATE, "Now.", 5.0)
    (record,) = trace.records
    assert (record.at, record.layer, record.event) == (5.0, "turn", "state")
    assert record.facts == {
        "machine": "turn 0",
        "old": "new",
        "new": "allocating",
        "cause": "allocate",
        "rule": "RFC 8656 7.1",
        "text": "Now.",
        "evidence": (),
        "deadline_at": None,
        "next_deadline_at": None,
    }


def test_every_state_can_be_reached_and_closed_is_the_end():
    assert {edge.to for edge in TRANSITIONS.values()} == set(TurnState) - {TurnState.NEW}
    assert not [state for state, _ in TRANSITIONS if state is TurnState.CLOSED]
