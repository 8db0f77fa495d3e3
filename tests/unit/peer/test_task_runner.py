from frazil.datachannel import MessagesArrived
from frazil.peer.event import EventType
from frazil.peer.task_runner import BACKLOG_LIMIT
from support.peer_pair import Peer, connected_pair


def test_tasks_run_one_by_one_and_nobody_waits_for_none() -> None:
    one, _, channel = connected_pair()
    one.session.events += [MessagesArrived([(channel.id, b"a", False), (channel.id, b"b", False)])]
    one.pc.transports.drain()
    tasks = one.pc.tasks
    assert len(tasks.waiting) == 2
    assert [(each.type, each.payload) for each in tasks.run_task(0.0)] == [
        (EventType.MESSAGE, b"a")
    ]
    assert len(tasks.waiting) == 1
    assert [each.payload for each in tasks.run_task(0.0)] == [b"b"]
    assert not tasks.waiting
    assert tasks.run_task(0.0) == []


def test_what_waits_is_always_the_same_object() -> None:
    peer = Peer()
    waiting = peer.pc.tasks.waiting
    peer.channel()
    peer.set_local()
    assert peer.pc.tasks.waiting is waiting


def test_what_a_task_makes_the_sessions_report_is_handed_on_behind_it() -> None:
    one, _, channel = connected_pair()
    one.session.events += [MessagesArrived([(channel.id, b"a", False)])]
    one.pc.transports.drain()
    one.session.events += [MessagesArrived([(channel.id, b"b", False)])]
    one.pc.tasks.run_task(0.0)
    assert len(one.pc.tasks.waiting) == 1


def test_a_backlog_of_tasks_asks_the_driver_to_slow_down() -> None:
    one, _, channel = connected_pair()
    one.session.events += [MessagesArrived([(channel.id, b"", False)])] * (BACKLOG_LIMIT + 1)
    one.pc.transports.drain()
    assert one.pc.tasks.is_congested
    one.pc.tasks.run_task(0.0)
    assert not one.pc.tasks.is_congested
