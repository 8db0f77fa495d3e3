import pytest

from frazil.trace import Reason, StateChange, Trace


def test_an_event_that_is_not_in_the_table_is_a_defect():
    with pytest.raises(KeyError, match="surprise"):
        Trace().record(0.0, "ice", "surprise")


def test_a_fact_that_is_missing_is_a_defect():
    with pytest.raises(KeyError, match="rtt_s"):
        Trace().record(0.0, "ice", "pair-valid", pair="a->b")


def test_a_fact_that_the_event_does_not_have_is_a_defect():
    with pytest.raises(TypeError, match="ice check has no fact"):
        Trace().record(0.0, "ice", "check", pair="a->b", colour="red")


def test_listeners_hear_every_repetition():
    trace, heard = Trace(), []
    trace.listen(heard.append)
    trace.record(0.0, "ice", "standby-check", pair="a->b")
    trace.record(1.0, "ice", "standby-check", pair="a->b")
    assert [(each.at, each.count) for each in heard] == [(0.0, 1), (1.0, 1)]
    assert [(each.at, each.count) for each in trace.records] == [(0.0, 2)]


def test_the_view_of_a_transport_shares_everything():
    trace, heard = Trace(), []
    view = trace.of("1")
    trace.listen(heard.append)
    view.record(0.0, "ice", "check", pair="a->b")
    view.count("stun-malformed")
    told = [(str(each), each.transport) for each in heard]
    for records in (trace.records, view.records):
        assert [(str(each), each.transport) for each in records] == told
    assert trace.records[0].transport == "1"
    assert trace.counters == {"stun-malformed": 1}


def test_a_state_change_carries_rule_and_evidence():
    trace = Trace()
    reason = Reason("lost", "law 1", "it went", (("silent_s", 5.0),), 7.0, 9.0)
    trace.record_change("ice", "state", StateChange(7.0, "ice-transport 0", "a", "b", reason))
    (record,) = trace.records
    assert record.at == 7.0
    assert record.facts == {
        "machine": "ice-transport 0",
        "old": "a",
        "new": "b",
        "cause": "lost",
        "rule": "law 1",
        "text": "it went",
        "evidence": (("silent_s", 5.0),),
        "deadline_at": 7.0,
        "next_deadline_at": 9.0,
    }


def test_a_listener_hears_what_it_asked_for():
    trace, all_events, some, none = Trace(), [], [], []
    trace.listen(all_events.append)
    trace.listen(some.append, {"nominate"})
    trace.listen(none.append)
    trace.ignore(none.append)
    routine = trace.of("0").routine("ice", "standby-check")
    routine.record(0.0, "a->b")
    trace.record(1.0, "ice", "nominate", pair="a->b")
    routine.record(2.0, "a->b")
    routine.record(3.0, "a->b")
    assert [each.event for each in all_events] == [
        "standby-check",
        "nominate",
        "standby-check",
        "standby-check",
    ]
    assert [each.at for each in some] == [1.0]
    assert none == []
    assert [(each.event, each.count) for each in trace.records] == [
        ("standby-check", 1),
        ("nominate", 1),
        ("standby-check", 2),
    ]


def test_routine_of_another_subject_begins_anew():
    trace = Trace()
    routine = trace.routine("ice", "standby-check")
    for pair in ("a->b", "a->b", "a->c", "a->b"):
        routine.record(0.0, pair)
    assert [(each.values, each.count) for each in trace.records] == [(("a->b",), 3), (("a->c",), 1)]


@pytest.mark.parametrize("events", [(), {"standby-check"}])
def test_routine_is_heard_as_long_as_somebody_listens(events):
    trace, heard, other = Trace(), [], []
    routine = trace.routine("ice", "standby-check")
    routine.record(0.0, "a->b")
    trace.listen(heard.append, events)
    routine.record(1.0, "a->b")
    trace.listen(other.append, {"nominate"})
    routine.record(2.0, "a->b")
    trace.ignore(heard.append)
    routine.record(3.0, "a->b")
    assert [each.at for each in heard] == [1.0, 2.0]
    assert other == []


class Failed(BaseException):
    """What ``pytest.fail()`` raises is such a one."""


@pytest.mark.parametrize("error", [ValueError("no"), Failed("no")])
@pytest.mark.parametrize("events", [(), {"standby-check"}])
def test_a_listener_that_fails_is_reported_and_harms_nothing(events, error):
    reported, heard = [], []

    def fail(record):
        raise error

    trace = Trace(report=lambda *failure: reported.append(failure))
    trace.listen(fail, events)
    trace.listen(heard.append)
    trace.of("0").record(0.0, "ice", "standby-check", pair="a->b")
    trace.of("0").routine("ice", "standby-check").record(1.0, "a->b")
    assert [each.at for each in heard] == [0.0, 1.0]
    assert [each.last_at for each in trace.records] == [1.0]
    assert reported == [(fail, error)] * 2


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_what_ends_the_program_goes_on(error):
    def fail(record):
        raise error

    trace = Trace(report=lambda *failure: pytest.fail("it is no failure"))
    trace.listen(fail)
    with pytest.raises(type(error)):
        trace.record(0.0, "ice", "check", pair="a->b")


def test_without_anybody_to_tell_a_failure_is_that_of_whoever_records():
    def fail(record):
        raise ValueError("no")

    trace = Trace()
    trace.listen(fail)
    with pytest.raises(ValueError, match="no"):
        trace.record(0.0, "ice", "check", pair="a->b")
