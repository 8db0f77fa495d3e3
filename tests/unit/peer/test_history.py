import pytest

from frazil.peer import history as module
from frazil.peer.history import HISTORY_LIMIT, History
from frazil.trace import Reason, StateChange, Trace, facts_of_change

REASON = Reason("liveness-lost", "webrtc-pc", "nothing came", (("silent_s", 5.0),), 7.0, 32.0)


def test_changes_come_back_as_they_were_recorded():
    history = History(Trace())
    assert history.changes == []
    history.record(1.0, "connection", "new", "connecting", Reason("start", "rule", "it begins"))
    history.record(7.5, "ice-transport 0", "connected", "disconnected", REASON)
    assert history.changes == [
        StateChange(1.0, "connection", "new", "connecting", Reason("start", "rule", "it begins")),
        StateChange(7.5, "ice-transport 0", "connected", "disconnected", REASON),
    ]
    assert history.changes[1].reason.deadline_at == 7.0


def test_a_change_that_follows_from_another_has_a_rule_of_its_own():
    history = History(trace := Trace())
    history.record(7.5, "connection", "connected", "disconnected", REASON, "another clause")
    (change,) = history.changes
    assert (change.reason.cause, change.reason.rule) == (REASON.cause, "another clause")
    assert trace.records[0].facts["rule"] == "another clause"


def test_the_newest_changes_are_kept():
    history = History(Trace())
    for at in range(HISTORY_LIMIT + 3):
        history.record(float(at), "connection", "new", "connecting", REASON)
    instants = [change.at for change in history.changes]
    assert instants == [float(at) for at in range(3, HISTORY_LIMIT + 3)]


@pytest.mark.interpreted  # another facts_of_change takes effect only there
def test_a_change_in_the_making_is_not_read_yet(monkeypatch):
    class Facts(tuple):
        """Facts during whose recording another thread looks."""

        __slots__ = ()

        def __iter__(self):
            seen.append(history.changes)
            return super().__iter__()

    history, seen = History(Trace()), []
    history.record(1.0, "connection", "new", "connecting", REASON)
    monkeypatch.setattr(module, "facts_of_change", lambda *change: Facts(facts_of_change(*change)))
    history.record(2.0, "connection", "connecting", "connected", REASON)
    assert [each.at for each in seen[0]] == [1.0]
    assert [each.at for each in history.changes] == [1.0, 2.0]


def test_every_change_is_traced():
    trace = Trace()
    History(trace).record(7.5, "connection", "connected", "disconnected", REASON)
    (record,) = trace.records
    assert (record.layer, record.event, record.at) == ("peer", "state-changed", 7.5)
    assert record.values == ("connection", "connected", "disconnected", *REASON.as_tuple())
