import copy
import pickle
import sys
from enum import Enum
from weakref import WeakSet

import pytest

from frazil.trace import EVENTS, RING_COST, EventKind, Reason, Ring, StateChange, Trace, TraceRecord
from frazil.trace import ring as module
from frazil.trace.ring import cost_of


def test_records_come_in_order_with_their_facts():
    trace = Trace()
    trace.record(1.0, "ice", "check", pair="a->b")
    trace.record(2.0, "ice", "pair-valid", pair="a->b", rtt_s=0.5)
    assert [(each.at, each.layer, each.event) for each in trace.records] == [
        (1.0, "ice", "check"),
        (2.0, "ice", "pair-valid"),
    ]
    assert trace.records[1].facts == {"pair": "a->b", "rtt_s": 0.5}


def test_routine_is_counted_and_shows_the_latest_facts():
    trace = Trace()
    for at in range(10):
        trace.record(at, "ice", "consent-check", pair="a->b", unanswered=1)
        trace.record(at + 0.5, "ice", "consent-renewed", pair="a->b", rtt_s=at / 100)
    asked, answered = trace.records
    assert (asked.count, asked.at, asked.last_at) == (10, 0, 9)
    assert (answered.count, answered.at, answered.last_at) == (10, 0.5, 9.5)
    assert answered.facts["rtt_s"] == 0.09


def test_a_record_can_be_copied_and_pickled():
    trace = Trace().of("0")
    for at in (1.0, 2.0):
        trace.record(at, "ice", "standby-check", pair="a->b")
    (record,) = trace.records
    for copied in copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record)):
        for name in ("at", "kind", "values", "transport", "count", "last_at"):
            assert getattr(copied, name) == getattr(record, name)


def test_routine_of_another_subject_is_another_record():
    trace = Trace()
    for pair in ("a->b", "a->c", "a->b"):
        trace.record(0.0, "ice", "standby-check", pair=pair)
    trace.of("1").record(0.0, "ice", "standby-check", pair="a->b")
    assert [(each.transport, each.values, each.count) for each in trace.records] == [
        ("", ("a->b",), 2),
        ("", ("a->c",), 1),
        ("1", ("a->b",), 1),
    ]


def test_no_count_spans_a_decision():
    trace = Trace()
    trace.record(0.0, "ice", "standby-check", pair="a->b")
    trace.record(1.0, "ice", "nominate", pair="a->b")
    trace.record(2.0, "ice", "standby-check", pair="a->b")
    assert [each.event for each in trace.records] == ["standby-check", "nominate", "standby-check"]


def test_the_oldest_make_room():
    facts = ("pair", "x" * 100)
    trace = Trace(Ring(3 * cost_of(EVENTS["ice"]["check"], facts[1:])))
    for at in range(5):
        trace.record(at, "ice", "check", pair=facts[1])
    assert [each.at for each in trace.records] == [2, 3, 4]
    assert trace.forgotten == 2


class Text(str):
    """A text that tells when it is gone."""

    __slots__ = ("__weakref__",)


def test_room_is_made_though_nobody_reads():
    texts = WeakSet()
    trace = Trace()
    for at in range(1000):
        text = Text(f"{at:1000}")
        texts.add(text)
        trace.record(at, "ice", "stream-lost", remote="192.0.2.1", text=text)
    assert len(texts) < 180
    cost = cost_of(EVENTS["ice"]["stream-lost"], ("192.0.2.1", text))
    assert len(trace.records) == RING_COST // cost
    assert trace.forgotten == 1000 - len(trace.records)


@pytest.mark.interpreted  # another cost_of takes effect only there
def test_who_reads_while_another_thread_writes_changes_nothing(monkeypatch):
    def write(trace, count):
        for at in range(count):
            trace.record(at, "ice", "check", pair="a->b")

    def weigh_meanwhile(kind, values):
        monkeypatch.setattr(module, "cost_of", cost_of)
        write(read, 400)
        return cost_of(kind, values)

    read, unread = Trace(), Trace()
    for trace in (read, unread):
        write(trace, 100)
    monkeypatch.setattr(module, "cost_of", weigh_meanwhile)
    assert len(read.records) == 100
    write(unread, 400)
    for trace in (read, unread):
        write(trace, 1000)
    assert read.forgotten == unread.forgotten
    assert [each.at for each in read.records] == [each.at for each in unread.records]


def test_a_record_in_the_making_is_not_read_yet():
    class Values(tuple):
        """Facts during whose recording somebody looks."""

        __slots__ = ()

        def __iter__(self):
            seen.append(trace.records)
            return super().__iter__()

    trace, seen = Trace(), []
    trace.record(0.0, "ice", "check", pair="a->b")
    trace.write(1.0, EVENTS["ice"]["pair-valid"], Values(("a->b", 0.5)))
    assert [[each.event for each in records] for records in seen] == [["check"]]
    assert trace.records[1].facts == {"pair": "a->b", "rtt_s": 0.5}


def test_routine_that_made_room_begins_anew():
    trace = Trace(Ring(cost_of(EVENTS["ice"]["standby-check"], ("a->b",))))
    trace.record(0.0, "ice", "standby-check", pair="a->b")
    trace.record(1.0, "ice", "standby-check", pair="a->c")
    trace.record(2.0, "ice", "standby-check", pair="a->b")
    assert [(each.at, each.count) for each in trace.records] == [(2.0, 1)]


def test_growing_facts_of_routine_count_against_the_limit():
    trace = Trace(Ring(2000))
    trace.record(0.0, "ice", "check", pair="a->b")
    trace.record(1.0, "turn", "request", method="refresh", is_signed=True)
    for at in range(2, 20):
        trace.record(at, "turn", "request", method="refresh", is_signed=False)
    assert [each.count for each in trace.records] == [1, 19]


def test_the_newest_record_stays_however_large_it_is():
    trace = Trace(Ring(10))
    trace.record(0.0, "ice", "check", pair="a->b")
    trace.record(1.0, "ice", "check", pair="a->c")
    assert [each.facts["pair"] for each in trace.records] == ["a->c"]


def test_what_a_record_costs_follows_from_its_facts():
    kind = EVENTS["ice"]["state"]
    plain = ("machine", "old", "new", "cause", "rule", "", (), None, None)
    changed = (*plain[:5], "x" * 1000, (("a", 1), ("b", 2)), None, None)
    assert cost_of(kind, changed) - cost_of(kind, plain) == 1000 + 2 * 100
    assert cost_of(kind, plain) - cost_of(EVENTS["ice"]["pair-valid"], ("a->b", 0.5)) == 7 * 36


def fill(trace):
    """Set-ups and losses of one pair after the other, with texts that nobody shares."""
    for number in range(1000):
        at, pair = number * 1.1, f"192.0.2.1:{1000 + number}->198.51.100.1:{number}"
        trace.record(at, "ice", "check", pair=pair)
        trace.record(at + 0.1, "ice", "pair-valid", pair=pair, rtt_s=at / 7)
        evidence = (("pair", pair), ("silent_s", at / 3), ("unanswered", 2))
        reason = Reason("lost", "a rule", f"nothing came on {pair}", evidence, at + 1, at + 2)
        change = StateChange(at + 0.2, "ice-transport 0", "connected", "failed", reason)
        trace.record_change("ice", "state", change)


def size_of(value, seen):
    """Bytes of everything that the value holds, each object once; all tuples are tracked."""
    if id(value) in seen or isinstance(value, (Enum, EventKind)):
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if isinstance(value, tuple):
        size += sum(size_of(each, seen) for each in value)
    elif isinstance(value, TraceRecord):
        size += sum(size_of(getattr(value, name), seen) for name in TraceRecord.__slots__)
    return size


@pytest.mark.interpreted
def test_a_full_ring_takes_less_than_64_kib():
    trace = Trace()
    fill(trace)
    size = size_of(trace.records, set())
    assert RING_COST * 0.6 < size < 64 * 1024
    assert len(trace.records) > 90
