from frazil.dashboard.feed import Mark, forgotten_changes, read
from frazil.peer.history import History
from frazil.trace import Reason, Ring, Trace


def renewed(trace, at, rtt_s=0.05):
    trace.record(at, "ice", "consent-renewed", pair="a->b", rtt_s=rtt_s)


def formed(trace, at):
    trace.record(at, "ice", "pair-conceded", pair="a->b")


def told(trace, mark):
    records, mark = read(trace, mark)
    return [(number, each.last_at) for number, each in records], mark


def test_at_first_everything_then_only_what_is_new():
    trace = Trace()
    formed(trace, 1.0)
    formed(trace, 2.0)
    entries, mark = told(trace, Mark())
    assert entries == [(0, 1.0), (1, 2.0)]
    assert mark == Mark(2, 2.0)
    assert told(trace, mark) == ([], mark)
    formed(trace, 2.0)  # at the same instant as the last one seen
    assert told(trace, mark)[0] == [(2, 2.0)]


def test_a_repetition_comes_again_under_its_number():
    trace = Trace()
    formed(trace, 1.0)
    renewed(trace, 2.0)
    _, mark = read(trace, Mark())
    renewed(trace, 3.0)
    entries, mark = told(trace, mark)
    assert entries == [(1, 3.0)]
    renewed(trace, 3.0)
    ((_, record),) = read(trace, mark)[0]
    assert record.count == 3


def test_numbers_stay_when_the_trace_forgets():
    trace = Trace(Ring(700))
    formed(trace, 0.0)
    _, mark = read(trace, Mark())
    for at in range(1, 10):
        formed(trace, float(at))
    entries, _ = told(trace, mark)
    assert trace.forgotten > 1
    assert entries == [(at, float(at)) for at in range(trace.forgotten, 10)]


def test_what_nobody_read_in_time_is_not_told():
    trace = Trace(Ring(1))
    formed(trace, 0.0)
    formed(trace, 1.0)
    assert told(trace, Mark(0, 0.0))[0] == [(1, 1.0)]


def test_an_empty_trace():
    assert read(Trace(), Mark()) == ([], Mark())


def test_forgotten_state_changes_come_from_the_history():
    trace = Trace(Ring(1))  # keeps the last one only
    history = History(trace)
    for at, old, new in ((1.0, "new", "connecting"), (2.0, "connecting", "connected")):
        reason = Reason("cause", "rule", "text", (("silent_s", 1.0),), None, 9.0)
        history.record(at, "connection", old, new, reason)
    ((number, record),) = forgotten_changes(history.changes, trace)
    assert number == -1
    assert record.at == 1.0
    assert record.facts == {
        "machine": "connection",
        "old": "new",
        "new": "connecting",
        "cause": "cause",
        "rule": "rule",
        "text": "text",
        "evidence": (("silent_s", 1.0),),
        "deadline_at": None,
        "next_deadline_at": 9.0,
    }


def test_without_forgotten_changes_there_are_none_to_tell():
    trace = Trace()
    history = History(trace)
    assert list(forgotten_changes(history.changes, trace)) == []
    history.record(1.0, "connection", "new", "closed", Reason("c", "r", "t"))
    assert list(forgotten_changes(history.changes, trace)) == []
    formed(trace, 2.0)
    assert list(forgotten_changes(history.changes, trace)) == []
