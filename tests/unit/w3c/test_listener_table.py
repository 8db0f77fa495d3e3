"""What the table answers; who is called, and when, is in ``test_target.py``."""

import pytest

from frazil.w3c.listener_table import ListenerTable


def hear(*_: object) -> None:
    """Somebody."""


@pytest.fixture
def table() -> ListenerTable:
    return ListenerTable(frozenset({"always"}))


def add(table: ListenerTable, kind: str = "lit", *, is_bare: bool = False) -> bool:
    return table.add(kind, hear, is_once=False, is_bare=is_bare)


def test_an_event_is_wanted_while_anybody_listens(table):
    assert not table.wants("lit")
    assert add(table)
    assert table.wants("lit")
    assert not table.wants("spin")
    table.remove("lit", hear)
    assert not table.wants("lit")
    assert table.entries == {}


def test_some_events_are_always_wanted(table):
    assert table.wants("always")
    add(table, "always")
    table.clear()
    assert table.wants("always")


def test_a_listener_is_new_once_in_each_way(table):
    assert [add(table), add(table), add(table, is_bare=True), add(table, is_bare=True)] == [
        True,
        False,
        True,
        False,
    ]
    table.remove("lit", hear)
    assert not table.wants("lit")


def test_a_handler_is_no_reason_to_refuse_a_listener_and_is_not_removed_with_it(table):
    assert table.set_handler("lit", hear)
    assert add(table)
    assert len(table.entries["lit"]) == 2
    table.remove("lit", hear)
    assert table.wants("lit")
    assert table.handler("lit") is hear


def test_only_the_first_handler_is_new(table):
    assert not table.set_handler("lit", None)
    assert table.handler("lit") is None
    assert table.set_handler("lit", hear)
    assert not table.set_handler("lit", print)
    assert table.handler("lit") is print
    assert not table.set_handler("lit", None)
    assert not table.wants("lit")
    assert table.set_handler("lit", hear)


def test_clearing_lets_go_of_everybody_but_handlers_still_show(table):
    add(table)
    table.set_handler("spin", hear)
    table.clear()
    assert table.entries == {}
    assert table.handler("spin") is hear
    table.set_handler("spin", None)
    assert table.handler("spin") is None


def test_who_listens_when_an_event_comes_is_not_changed_by_who_comes_then(table):
    add(table)
    before = table.entries["lit"]
    table.add("lit", print, is_once=False, is_bare=False)
    assert [each.listener for each in before] == [hear]
    assert [each.listener for each in table.entries["lit"]] == [hear, print]


def test_one_that_is_taken_out_knows(table):
    add(table)
    (entry,) = table.entries["lit"]
    assert not entry.is_removed
    table.remove("lit", hear)
    assert entry.is_removed
