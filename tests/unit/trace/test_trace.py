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
    assert trace.records == view.records == tuple(heard)
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
