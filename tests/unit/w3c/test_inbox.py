"""Messages that nobody has read yet: how many are kept for whom."""

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
