"""The pump's turns of the event loop: what shares one and what does not."""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count

from frazil.aio.driver import MAX_TASKS_PER_TURN, Driver
from frazil.aio.ice_option import IceOptions
from frazil.peer.event import EventType, Fired
from frazil.peer.task_runner import TaskRunner
from frazil.peer.transport_set import TransportSet
from frazil.trace import Trace

MESSAGE = Fired("channel", EventType.MESSAGE, b"data")
STATE = Fired("peer", EventType.CONNECTION_STATE_CHANGE)


class FakeTransports(TransportSet):
    """Has nothing to say to the network, but counts how often it is asked."""

    is_drained = False

    def __init__(self) -> None:
        self.polls = self.deadlines = 0
        self.requests: list = []
        self.on_poll = lambda now: None

    def receive(self, transport: str, datagrams: list, now: float) -> None:
        """The tasks are there already."""

    def poll_transmits(self, now: float) -> list:
        self.polls += 1
        self.on_poll(now)
        return []

    def next_timeout(self) -> None:
        self.deadlines += 1


class FakeTasks(TaskRunner):
    """Tasks that fire the given events."""

    def __init__(self, events: list[list[Fired]], backlog_limit: int) -> None:
        self.waiting = deque(events)
        self.backlog_limit = backlog_limit

    @property
    def is_congested(self) -> bool:
        return len(self.waiting) > self.backlog_limit

    def run_task(self, now: float) -> list[Fired]:
        return self.waiting.popleft()


class FakePeer:
    """An engine whose tasks fire the given events."""

    def __init__(self, events: list[list[Fired]], backlog_limit: int = 1_000_000) -> None:
        self.trace = Trace()
        self.transports = FakeTransports()
        self.tasks = FakeTasks(events, backlog_limit)


def noting(told: list[EventType]) -> Callable[[Fired], bool]:
    """A listener that appends what it hears."""

    def listen(fired: Fired) -> bool:
        told.append(fired.type)
        return True

    return listen


def wake_nobody() -> bool:
    return False


def turns_of(
    peer: FakePeer, *, is_heard: bool = True, after_task: Callable[[], bool] = wake_nobody
) -> list[list[EventType]]:
    """The types of the events that each turn of the loop dispatched, until no task is left."""

    async def scenario() -> list[list[EventType]]:
        turns: list[list[EventType]] = [[]]

        def listen(fired: Fired) -> bool:
            turns[-1].append(fired.type)
            return is_heard

        driver = Driver(peer, None, listen, after_task, options=IceOptions())
        driver.wake()
        while peer.tasks.waiting:
            await asyncio.sleep(0)
            turns.append([])
        await asyncio.sleep(0)
        await driver.close()
        return [turn for turn in turns if turn]

    return asyncio.run(scenario())


def test_every_state_has_a_turn_of_its_own() -> None:
    state = EventType.CONNECTION_STATE_CHANGE
    assert turns_of(FakePeer([[STATE], [STATE, STATE], [STATE]])) == [
        [state],
        [state, state],
        [state],
    ]


def test_states_that_nobody_hears_of_share_a_turn() -> None:
    state = EventType.CONNECTION_STATE_CHANGE
    assert turns_of(FakePeer([[STATE], [STATE, STATE], [STATE]]), is_heard=False) == [[state] * 4]


def test_a_state_that_wakes_somebody_ends_the_turn() -> None:
    state = EventType.CONNECTION_STATE_CHANGE
    looks = iter([False, True])  # whoever waits does not care for the first state
    turns = turns_of(FakePeer([[STATE]] * 4), is_heard=False, after_task=lambda: next(looks, False))
    assert turns == [[state] * 2, [state] * 2]


def test_the_alarm_waits_for_a_turn_that_follows_but_never_for_two() -> None:
    peer = FakePeer([[STATE]] * 4)
    assert len(turns_of(peer)) == 4
    assert peer.transports.polls == 6  # those, one for who heard the last state, and the goodbye
    assert peer.transports.deadlines == 4


def test_messages_share_a_turn_up_to_the_next_state() -> None:
    message, state = EventType.MESSAGE, EventType.CONNECTION_STATE_CHANGE
    tasks = [[MESSAGE], [MESSAGE], [STATE], [MESSAGE], [STATE]]
    assert turns_of(FakePeer(tasks)) == [[message, message, state], [message, state]]


def test_tasks_that_fire_nothing_do_not_end_a_turn() -> None:
    assert turns_of(FakePeer([[MESSAGE], [], [MESSAGE]])) == [[EventType.MESSAGE] * 2]


def test_a_turn_delivers_a_bounded_number_of_messages() -> None:
    turns = turns_of(FakePeer([[MESSAGE]] * (2 * MAX_TASKS_PER_TURN + 1)))
    assert [len(turn) for turn in turns] == [MAX_TASKS_PER_TURN, MAX_TASKS_PER_TURN, 1]


def test_a_backlog_is_worked_off_before_the_network_is_read_again() -> None:
    turns = turns_of(FakePeer([[MESSAGE]] * (3 * MAX_TASKS_PER_TURN), backlog_limit=10))
    assert [len(turn) for turn in turns] == [3 * MAX_TASKS_PER_TURN - 10, 10]


def test_a_backlog_of_states_is_bounded_as_well() -> None:
    turns = turns_of(FakePeer([[STATE]] * 10, backlog_limit=3))
    assert [len(turn) for turn in turns] == [7, 1, 1, 1]


def test_transports_without_news_are_left_alone_and_tasks_run_all_the_same() -> None:
    peer = FakePeer([[MESSAGE], [STATE], []])
    peer.transports.is_drained = True
    assert turns_of(peer) == [[EventType.MESSAGE, EventType.CONNECTION_STATE_CHANGE]]
    assert peer.transports.polls == 0


def test_whoever_waits_for_a_state_looks_at_it_before_the_network_changes_it() -> None:
    async def scenario() -> list[str]:
        order: list[str] = []
        peer = FakePeer([[STATE]])
        loop = asyncio.get_running_loop()
        driver = Driver(
            peer,
            None,
            lambda fired: order.append("state") is None,
            lambda: loop.call_soon(order.append, "look") is None,
            options=IceOptions(),
        )

        def arrive() -> None:
            peer.tasks.waiting.append([STATE])
            driver._receive("0", [])

        driver.wake()
        loop.call_soon(loop.call_soon, arrive)  # right behind the first task, in the same turn
        for _ in range(6):
            await asyncio.sleep(0)
        await driver.close()
        return order

    assert asyncio.run(scenario()) == ["state", "look", "state", "look"]


def test_what_arrives_is_told_at_once_and_costs_one_flush() -> None:
    async def scenario() -> tuple[list[EventType], int]:
        told: list[EventType] = []
        peer = FakePeer([[MESSAGE], [MESSAGE]])
        driver = Driver(peer, None, noting(told), wake_nobody, options=IceOptions())
        driver._receive("0", [])
        before_closing = list(told), peer.transports.polls
        await driver.close()
        return before_closing

    assert asyncio.run(scenario()) == ([EventType.MESSAGE] * 2, 1)


def test_what_a_listener_sends_leaves_in_its_turn_and_so_do_the_tasks_that_come_of_it() -> None:
    low = Fired("channel", EventType.BUFFERED_AMOUNT_LOW)

    async def scenario() -> tuple[list[EventType], int, int]:
        told: list[EventType] = []
        peer = FakePeer([[MESSAGE]])

        def listen(fired: Fired) -> bool:
            told.append(fired.type)
            if fired is MESSAGE:
                driver.wake()  # as send() does
            return True

        def send(now: float) -> None:
            if peer.transports.polls == 1:
                peer.tasks.waiting.append([low])

        peer.transports.on_poll = send
        driver = Driver(peer, None, listen, wake_nobody, options=IceOptions())
        driver._receive("0", [])
        told_at_once = list(told)
        before = peer.transports.polls
        for _ in range(3):
            await asyncio.sleep(0)  # no turn of the loop was asked for
        after = peer.transports.polls
        await driver.close()
        return told_at_once, before, after

    assert asyncio.run(scenario()) == (
        [EventType.MESSAGE, EventType.BUFFERED_AMOUNT_LOW],
        2,
        2,
    )


def test_tasks_that_come_of_sending_share_the_budget_of_the_turn() -> None:
    async def scenario() -> int:
        told: list[EventType] = []
        peer = FakePeer([[MESSAGE]])
        peer.transports.on_poll = lambda now: peer.tasks.waiting.append([MESSAGE])
        driver = Driver(peer, None, noting(told), wake_nobody, options=IceOptions())
        driver._receive("0", [])
        count = len(told)
        await driver.close()
        return count

    assert asyncio.run(scenario()) == MAX_TASKS_PER_TURN


def test_what_arrives_does_not_overtake_a_state_that_waits_for_its_turn() -> None:
    async def scenario() -> list[EventType]:
        told: list[EventType] = []
        peer = FakePeer([[STATE], [STATE]])
        driver = Driver(peer, None, noting(told), wake_nobody, options=IceOptions())
        driver._receive("0", [])
        driver._receive("0", [])
        before_closing = list(told)
        await driver.close()
        return before_closing

    assert asyncio.run(scenario()) == [EventType.CONNECTION_STATE_CHANGE]


def test_the_clock_is_read_again_before_sending_and_for_the_tasks_that_follow() -> None:
    """Listeners take their time, and the core shall not be told that it goes back."""

    async def scenario() -> list[float]:
        told: list[float] = []
        loop = asyncio.get_running_loop()
        clock = count()
        loop.time = lambda: float(next(clock))

        class NotingTasks(FakeTasks):
            def run_task(self, now: float) -> list[Fired]:
                told.append(now)
                return super().run_task(now)

        peer = FakePeer([])
        peer.tasks = NotingTasks([[MESSAGE]], 1)

        def send(now: float) -> None:
            told.append(now)
            if len(told) < 20:
                peer.tasks.waiting.append([MESSAGE])

        peer.transports.on_poll = send
        driver = Driver(
            peer,
            None,
            lambda _: told.append(driver.wake()) is None,
            wake_nobody,
            options=IceOptions(),
        )
        driver._receive("0", [])
        heard = list(told)
        await driver.close()
        return heard

    heard = asyncio.run(scenario())
    assert len(heard) >= 20
    assert heard == sorted(heard)
