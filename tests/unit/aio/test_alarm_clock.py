"""Many deadlines, one timer."""

import asyncio
import gc
from contextvars import ContextVar
from weakref import ref

import pytest

from frazil.aio.alarm import MAX_RINGS, Alarm
from frazil.aio.alarm_clock import alarm_on
from frazil.testing import VirtualLoop

NAME: ContextVar[str] = ContextVar("NAME", default="nobody")


class Bells:
    """Alarms with names, and a log of when they rang."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.rung: list[tuple[str, float]] = []
        self.alarms: list[Alarm] = []

    def make(self, name: str) -> Alarm:
        alarm = alarm_on(self.loop, lambda now: self.rung.append((name, now)))
        self.alarms.append(alarm)
        return alarm

    def timers(self) -> list[float]:
        return [timer.when() for timer in self.loop.timers()]

    def close(self) -> None:
        for alarm in self.alarms:
            alarm.close()


def with_bells(test):
    def run():
        async def main() -> None:
            bells = Bells()
            try:
                await test(bells)
            finally:
                bells.close()
            assert bells.timers() == []

        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(main())

    run.__name__ = test.__name__
    return run


@with_bells
async def test_all_ring_at_their_instants_and_there_is_one_timer(bells):
    for name, at in (("b", 2.0), ("a", 1.0), ("c", 3.0), ("d", 2.0)):
        bells.make(name).set(at)
        assert len(bells.timers()) == 1
    await asyncio.sleep(10)
    assert bells.rung == [("a", 1.0), ("b", 2.0), ("d", 2.0), ("c", 3.0)]
    assert bells.timers() == []


@with_bells
async def test_only_the_latest_instant_counts(bells):
    alarm = bells.make("a")
    for at in (5.0, 2.0, 7.0, 6.0):
        alarm.set(at)
    assert alarm.at == 6.0
    await asyncio.sleep(10)
    assert bells.rung == [("a", 6.0)]
    assert alarm.at is None


@with_bells
async def test_nothing_rings_that_was_called_off(bells):
    called_off, closed = bells.make("off"), bells.make("closed")
    called_off.set(1.0)
    closed.set(1.0)
    called_off.set(None)
    closed.close()
    closed.close()
    await asyncio.sleep(10)
    assert bells.rung == []
    called_off.set(11.0)
    await asyncio.sleep(10)
    assert bells.rung == [("off", 11.0)]


@with_bells
async def test_a_deadline_that_moves_to_later_again_and_again_costs_no_timer(bells):
    alarm, made = bells.make("a"), []
    call_at = bells.loop.call_at
    bells.loop.call_at = lambda *args, **more: made.append(args[1]) or call_at(*args, **more)
    for _ in range(1000):
        alarm.set(bells.loop.time() + 1.0)
        await asyncio.sleep(0.001)
    bells.loop.call_at = call_at
    assert made.count(alarm._queue._clock._wake) <= 3
    assert bells.rung == []


@with_bells
async def test_a_deadline_between_far_ones_leaves_nothing_behind(bells):
    alarm = bells.make("a")
    for _ in range(1000):
        alarm.set(bells.loop.time() + 30.0)
        alarm.set(bells.loop.time() + 0.001)
        await asyncio.sleep(0.002)
    assert len(bells.rung) == 1000
    assert len(alarm._queue._pages) <= 2


@with_bells
async def test_the_timer_is_for_an_alarm_that_will_ring(bells):
    """What is filed for an earlier instant than it will ring at is put right on the way."""
    moved, other = bells.make("moved"), bells.make("other")
    moved.set(2.0)
    other.set(1.0)
    moved.set(9.0)
    await asyncio.sleep(1.5)
    assert bells.rung == [("other", 1.0)]
    assert bells.timers() == [9.0]


@with_bells
async def test_what_is_due_already_rings_in_the_next_turn(bells):
    await asyncio.sleep(5)
    bells.make("late").set(3.0)
    assert bells.rung == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bells.rung == [("late", 5.0)]


@with_bells
async def test_an_alarm_that_is_set_for_the_past_whenever_it_rings_lets_others_have_turns(bells):
    turns = []

    def ring(now: float) -> None:
        turns.append(now)
        alarm.set(now - 1.0 if len(turns) < 10 else None)

    alarm = alarm_on(bells.loop, ring)
    bells.alarms.append(alarm)
    alarm.set(0.0)
    for number in range(5):
        await asyncio.sleep(0)
        assert len(turns) <= number + 1
    alarm.close()


@with_bells
async def test_one_that_rings_may_close_and_set_others_that_are_due(bells):
    second, third = bells.make("second"), bells.make("third")

    def ring(now: float) -> None:
        second.close()
        third.set(4.0)

    first = alarm_on(bells.loop, ring)
    bells.alarms.append(first)
    for alarm in (first, second, third):
        alarm.set(1.0)
    await asyncio.sleep(10)
    assert bells.rung == [("third", 4.0)]


@with_bells
async def test_the_last_one_may_close_while_it_rings(bells):
    alarm = alarm_on(bells.loop, lambda now: alarm.close())
    alarm.set(1.0)
    await asyncio.sleep(2)
    assert bells.timers() == []


@with_bells
async def test_an_exception_is_reported_and_stops_nobody(bells):
    reports = []
    bells.loop.set_exception_handler(lambda loop, context: reports.append(context["exception"]))
    broken = alarm_on(bells.loop, lambda now: 1 / 0)
    bells.alarms.append(broken)
    broken.set(1.0)
    bells.make("other").set(1.0)
    await asyncio.sleep(2)
    assert [type(each) for each in reports] == [ZeroDivisionError]
    assert bells.rung == [("other", 1.0)]


@with_bells
async def test_whoever_ends_the_program_leaves_the_others_to_the_next_turn(bells):
    def ring(now: float) -> None:
        raise KeyboardInterrupt

    broken = alarm_on(bells.loop, ring)
    bells.alarms.append(broken)
    broken.set(0.0)
    bells.make("other").set(0.0)
    with pytest.raises(KeyboardInterrupt):
        broken._queue._clock._wake()
    assert bells.rung == []
    await asyncio.sleep(1)
    assert bells.rung == [("other", 0.0)]


@with_bells
async def test_too_many_at_once_leave_turns_to_others(bells):
    names = [str(number) for number in range(2 * MAX_RINGS + 10)]
    for name in reversed(names):
        bells.make(name).set(-int(name))
    turns = []
    while len(bells.rung) < len(names):
        before = len(bells.rung)
        await asyncio.sleep(0)
        turns.append(len(bells.rung) - before)
    assert [rung for rung in turns if rung] == [MAX_RINGS, MAX_RINGS, 10]
    assert [name for name, _ in bells.rung] == names[::-1]


@with_bells
async def test_those_of_one_instant_may_be_too_many_as_well(bells):
    names = [str(number) for number in range(MAX_RINGS + 1)]
    for name in names:
        bells.make(name).set(1.0)
    await asyncio.sleep(0.5)
    bells.alarms[-1].set(2.0)
    bells.alarms[-1].set(1.0)
    await asyncio.sleep(1.0)
    assert bells.rung == [(name, 1.0) for name in names]


@with_bells
async def test_after_some_rang_the_timer_moves_when_all_that_it_is_for_have_moved(bells):
    first, second, third = bells.make("first"), bells.make("second"), bells.make("third")
    for alarm in (first, second, third):
        alarm.set(0.0)
    await asyncio.sleep(1.0)
    bells.rung.clear()
    for alarm in (first, second):
        alarm.set(2.0)
    third.set(5.0)
    first.set(4.0)
    await asyncio.sleep(0)
    assert bells.timers() == [2.0]
    second.set(None)
    await asyncio.sleep(0)
    assert bells.timers() == [4.0]
    first.set(9.0)
    first.set(4.0)
    await asyncio.sleep(0)
    assert bells.timers() == [4.0]
    await asyncio.sleep(10)
    assert bells.rung == [("first", 4.0), ("third", 5.0)]


@with_bells
async def test_each_rings_in_the_context_in_which_it_was_made(bells):
    heard = []
    for name in ("alice", "bob"):
        NAME.set(name)
        alarm = alarm_on(bells.loop, lambda now: heard.append(NAME.get()))
        bells.alarms.append(alarm)
        NAME.set("somebody else")
        alarm.set(1.0)
    await asyncio.sleep(2)
    assert heard == ["alice", "bob"]


@with_bells
async def test_a_closed_one_lets_go_of_whom_it_was_for(bells):
    class Owner:
        def ring(self, now: float) -> None:
            raise AssertionError

    owner = Owner()
    gone, alarm = ref(owner), alarm_on(bells.loop, owner.ring)
    bells.make("other").set(100.0)
    alarm.set(50.0)
    del owner
    gc.collect()
    assert gone() is not None
    alarm.close()
    assert gone() is None


def test_loops_have_clocks_of_their_own():
    clocks = []

    async def main() -> None:
        alarm = alarm_on(asyncio.get_running_loop(), lambda now: None)
        clocks.append(alarm._queue)
        alarm.close()

    for _ in range(2):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(main())
    assert clocks[0] is not clocks[1]


def test_alarms_can_be_set_and_closed_after_the_end_of_their_loop():
    async def main() -> list[Alarm]:
        loop = asyncio.get_running_loop()
        first, second = alarms = [alarm_on(loop, lambda now: None) for _ in range(2)]
        first.set(1.0)
        await asyncio.sleep(2)
        first.set(4.0)
        second.set(5.0)
        return alarms

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        first, second = runner.run(main())
    first.set(None)
    second.set(3.0)
    first.close()
    second.close()
