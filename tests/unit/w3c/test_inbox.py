"""Messages that nobody has read yet: how many are kept for whom."""

import sys

import pytest

from frazil.w3c.inbox import MESSAGE_COST, Backlog, Inbox

MESSAGE = bytes(100)
LIMIT = 4


def with_room() -> Backlog:
    """For so many messages."""
    backlog = Backlog()
    backlog.limit = LIMIT * (len(MESSAGE) + MESSAGE_COST)
    return backlog


def fill(inbox: Inbox) -> int:
    """Keep messages for a reader until there is no room; how many there were."""
    count = 0
    while inbox.keep(MESSAGE):
        count += 1
    return count


def test_what_waited_for_a_reader_takes_none_of_its_room():
    inbox = Inbox(with_room())
    for _ in range(LIMIT):
        inbox.keep_newest(MESSAGE)
    inbox.serve(has_reader=True)
    assert fill(inbox) == LIMIT


def test_what_a_reader_found_gives_it_no_room_when_it_is_read():
    inbox = Inbox(with_room())
    for _ in range(LIMIT):
        inbox.keep_newest(MESSAGE)
    inbox.serve(has_reader=True)
    fill(inbox)
    for _ in range(LIMIT):
        inbox.take()
    assert fill(inbox) == 0
    inbox.take()
    assert fill(inbox) == 1


def test_what_readers_left_one_after_another_does_not_add_up():
    backlog = with_room()
    other, inbox = Inbox(backlog), Inbox(backlog)
    while other.keep_newest(MESSAGE):
        pass  # there is no room besides, and so nothing here makes any
    for _ in range(4):
        fill(inbox)
        assert not inbox.keep_newest(MESSAGE)
    assert inbox.size == 2 * backlog.limit


@pytest.mark.parametrize("text", ["a" * 1000, "ä" * 1000, "語" * 1000, "a" * 999 + "😀"])
def test_text_counts_at_least_what_it_takes_in_memory(text):
    backlog = Backlog()
    inbox = Inbox(backlog)
    inbox.keep_newest(text)
    assert sys.getsizeof(text) - sys.getsizeof("") <= inbox.size <= 4000 + MESSAGE_COST
    assert backlog.size == inbox.size
    inbox.take()
    assert (inbox.size, backlog.size) == (0, 0)


def test_ascii_takes_the_room_of_as_many_bytes():
    texts, binaries = Inbox(Backlog()), Inbox(Backlog())
    texts.keep_newest("a" * 1000)
    binaries.keep_newest(bytes(1000))
    assert texts.size == binaries.size
