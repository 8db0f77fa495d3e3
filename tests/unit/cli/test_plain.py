import io

import pytest

from frazil.cli.entry import (
    Judged,
    MessageArrived,
    MessageSent,
    Noted,
    PathChanged,
    StateMoved,
    StepBegan,
)
from frazil.cli.plain import Plain
from frazil.trace import Reason, StateChange


def lines(*entries):
    output = io.StringIO()
    plain = Plain(output)
    for entry in entries:
        plain.show(entry)
    return output.getvalue().splitlines()


def moved(machine):
    return StateMoved(
        1.25, "bob", StateChange(9.0, machine, "new", "checking", Reason("c", "r", "t"))
    )


def test_steps_are_numbered():
    assert lines(StepBegan(0.0, "One", "first"), StepBegan(1.0, "Two", "second")) == [
        *("", "1. One: first"),
        *("", "2. Two: second"),
    ]


def test_a_state_has_its_time_its_peer_and_its_reason():
    assert lines(moved("connection")) == [
        "   1.250  bob     connection      new -> checking              t"
    ]


def test_the_number_of_the_only_transport_is_left_out():
    (line,) = lines(moved("dtls-transport 0"))
    assert line.split()[2] == "dtls-transport"


@pytest.mark.parametrize("machine", ["ice-transport 0", "ice-gatherer 0"])
def test_what_the_connection_says_too_is_left_out(machine):
    assert lines(moved(machine)) == []


def test_messages_are_quoted_in_ascii():
    assert lines(
        MessageSent(0.0, "alice", "Eis \N{SNOWFLAKE}"),
        MessageArrived(0.05, "bob", "it's", 0.05),
        MessageArrived(5.0, "bob", "x", 4.96),
    ) == [
        "   0.000  alice   sends           'Eis \\u2744'",
        '   0.050  bob     receives        "it\'s"',
        "   5.000  bob     receives        'x' after 5.0 s",
    ]


def test_the_path_and_notes_are_told():
    assert lines(PathChanged(2.0, blocked=True, text="cut"), Noted(3.0, "so be it")) == [
        "   2.000  cut",
        "   3.000  so be it",
    ]


def test_the_verdict():
    assert lines(Judged(1.0, "all of it", ())) == ["", "As expected: all of it"]
    assert lines(Judged(1.0, "all of it", ("one", "two"))) == [
        *("", "NOT as expected:", "  - one", "  - two"),
    ]
