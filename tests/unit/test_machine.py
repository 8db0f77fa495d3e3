from enum import StrEnum

import pytest

from frazil.machine import Edge, StateMachine
from frazil.trace import Reason, StateChange, Trace


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


class Cause(StrEnum):
    TIME = "time"
    BREAK = "break"


TRANSITIONS = {(Light.RED, Cause.TIME): Edge(Light.GREEN, "law 7")}


def machine(trace):
    return StateMachine("ice", "light 1", Light.RED, TRANSITIONS, trace)


def test_move_follows_the_edge_and_says_why():
    trace = Trace()
    light = machine(trace)
    change = light.move(
        Cause.TIME, "a minute passed", 5.0, evidence=(("waited_s", 60),), deadline_at=5.0
    )
    reason = Reason("time", "law 7", "a minute passed", (("waited_s", 60),), 5.0, None)
    assert change == StateChange(5.0, "light 1", "red", "green", reason)
    assert light.state is Light.GREEN
    (record,) = trace.records
    assert (record.at, record.layer, record.event) == (5.0, "ice", "state")
    assert dict(record.facts)["machine"] == "light 1"


def test_a_cause_without_an_edge_changes_nothing():
    trace = Trace()
    light = machine(trace)
    assert light.can_move(Cause.TIME)
    assert not light.can_move(Cause.BREAK)
    with pytest.raises(KeyError):
        light.move(Cause.BREAK, "a stone", 5.0)
    assert light.state is Light.RED
    assert trace.records == ()
