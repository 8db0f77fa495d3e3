import pytest

from frazil.peer.event import EventType, Fired
from frazil.peer.task import TaskQueue

OPEN, CLOSE = EventType.OPEN, EventType.CLOSE


def test_one_call_runs_one_task_and_returns_its_events_in_order() -> None:
    tasks = TaskQueue()
    target = object()
    tasks.queue(lambda now: (tasks.fire(target, OPEN), tasks.fire(target, CLOSE, now)))
    tasks.queue(lambda now: tasks.fire(target, CLOSE))
    assert tasks.run(3.0) == [Fired(target, OPEN), Fired(target, CLOSE, 3.0)]
    assert tasks.run(4.0) == [Fired(target, CLOSE)]
    assert tasks.run(5.0) == []


def test_follow_ups_come_before_what_waited_and_in_their_order() -> None:
    tasks, order = TaskQueue(), []

    def first(now: float) -> None:
        order.append("first")
        tasks.queue(lambda _: order.append("queued"))
        tasks.follow(lambda _: order.append("follow-up 1"))
        tasks.follow(lambda _: order.append("follow-up 2"))

    tasks.queue(first)
    tasks.queue(lambda _: order.append("waiting"))
    while len(tasks):
        tasks.run(0.0)
    assert order == ["first", "follow-up 1", "follow-up 2", "waiting", "queued"]


def test_follow_up_outside_a_task_waits_its_turn() -> None:
    tasks, order = TaskQueue(), []
    tasks.queue(lambda _: order.append(1))
    tasks.follow(lambda _: order.append(2))
    tasks.run(0.0)
    tasks.run(0.0)
    assert order == [1, 2]


def test_closing_forgets_tasks_and_takes_no_more() -> None:
    tasks = TaskQueue()
    tasks.queue(lambda _: tasks.fire(None, OPEN))
    tasks.close()
    tasks.queue(lambda _: tasks.fire(None, OPEN))
    assert len(tasks) == 0
    assert tasks.run(0.0) == []


def test_failing_task_leaves_the_queue_usable() -> None:
    tasks = TaskQueue()

    def broken(now: float) -> None:
        tasks.fire(None, OPEN)
        raise ZeroDivisionError

    tasks.queue(broken)
    tasks.queue(lambda _: tasks.fire(None, CLOSE))
    with pytest.raises(ZeroDivisionError):
        tasks.run(0.0)
    assert not tasks.is_running
    assert tasks.run(0.0) == [Fired(None, CLOSE)]


def test_a_task_can_be_queued_as_often_as_it_is_to_run():
    tasks = TaskQueue()
    tasks.queue(lambda now: tasks.fire(None, OPEN), 2)
    tasks.queue(lambda now: tasks.fire(None, CLOSE))
    assert [tasks.run(0.0)[0].type for _ in range(3)] == [OPEN, OPEN, CLOSE]
    assert not tasks.waiting
