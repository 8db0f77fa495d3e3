import asyncio
import logging
import math
import signal
import time

import pytest

from frazil.aio import SystemNetwork
from frazil.testing import DeadlockError, VirtualLoop


def run(main, **options):
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(**options)) as runner:
        return runner.run(main)


def now():
    return asyncio.get_running_loop().time()


# --- time -------------------------------------------------------------------------------------


def test_time_starts_at_zero_and_stands_still_while_there_is_work():
    async def main():
        assert now() == 0.0
        for _ in range(1000):
            await asyncio.sleep(0)
        assert now() == 0.0

    run(main())


@pytest.mark.parametrize("delay", [0.1, 1 / 3, 5.0, 86_400.0, 1e9, 1e12])
def test_sleep_ends_exactly_at_its_instant(delay):
    async def main():
        await asyncio.sleep(0.1)
        await asyncio.sleep(delay)
        assert now() == 0.1 + delay

    run(main())


def test_timers_beyond_a_day_are_reached_in_one_jump():
    async def main():
        rounds = 0
        loop = asyncio.get_running_loop()
        original = loop._selector.select

        def count(timeout):
            nonlocal rounds
            rounds += 1
            return original(timeout)

        loop._selector.select = count
        await asyncio.sleep(10 * 86_400)
        assert now() == 864_000.0
        assert rounds < 10

    run(main())


@pytest.mark.parametrize("start", [0.0, 1.0, 1e6, 1e10])
def test_timers_run_in_order_and_never_early_however_close(start):
    async def main():
        await asyncio.sleep(start)
        loop = asyncio.get_running_loop()
        first = now() + 1
        instants = [first]
        for _ in range(5):
            instants.append(math.nextafter(instants[-1], math.inf))
        seen = []
        for at in reversed(instants):
            loop.call_at(at, lambda at=at: seen.append((at, now())))
        await asyncio.sleep(2)
        assert seen == [(at, at) for at in instants]

    run(main())


def test_ready_callbacks_come_before_time_moves():
    async def main():
        seen = []
        loop = asyncio.get_running_loop()

        def chain(n):
            seen.append((n, now()))
            if n:
                loop.call_soon(chain, n - 1)

        loop.call_later(1e-9, seen.append, "timer")
        chain(50)
        await asyncio.sleep(1)
        assert seen == [(n, 0.0) for n in range(50, -1, -1)] + ["timer"]

    run(main())


def test_cancelled_timers_do_not_move_time():
    async def main():
        loop = asyncio.get_running_loop()
        loop.call_later(1, lambda: None).cancel()
        loop.call_later(5, lambda: None).cancel()
        await asyncio.sleep(2)
        assert now() == 2.0

    run(main())


def test_past_and_present_timers_run_at_once():
    async def main():
        await asyncio.sleep(5)
        loop = asyncio.get_running_loop()
        seen = []
        loop.call_at(1, lambda: seen.append(now()))
        loop.call_at(5, lambda: seen.append(now()))
        loop.call_later(0, lambda: seen.append(now()))
        await asyncio.sleep(0.5)
        assert seen == [5.0, 5.0, 5.0]

    run(main())


def test_timeouts_and_waits_live_in_virtual_time():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.sleep(31)
        assert now() == 30.0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 15)
        assert now() == 45.0
        sleeper = asyncio.create_task(asyncio.sleep(100, "late"))
        done, pending = await asyncio.wait({sleeper}, timeout=50)
        assert (now(), done, pending) == (95.0, set(), {sleeper})
        assert await sleeper == "late"
        assert now() == 145.0

    run(main())


def test_tasks_interleave_as_their_timers_tell():
    async def main():
        seen = []

        async def ticker(name, period):
            for _ in range(3):
                await asyncio.sleep(period)
                seen.append((now(), name))

        async with asyncio.TaskGroup() as group:
            group.create_task(ticker("a", 2))
            group.create_task(ticker("b", 3))
        return seen

    expected = [(2, "a"), (3, "b"), (4, "a"), (6, "b"), (6, "a"), (9, "b")]
    first, second = run(main()), run(main())
    assert sorted(first) == sorted(expected)
    assert first == second


def test_an_idle_hour_takes_no_time():
    async def main():
        for _ in range(3600):
            await asyncio.sleep(1)
        return now()

    started = time.process_time()
    assert run(main()) == 3600.0
    assert time.process_time() - started < 1.0


def test_timers_lists_what_is_still_to_come():
    async def main():
        loop = asyncio.get_running_loop()
        late, early = loop.call_later(9, print), loop.call_later(3, print)
        loop.call_later(1, print).cancel()
        assert loop.timers() == [early, late]
        early.cancel()
        late.cancel()
        assert loop.timers() == []

    run(main())


def test_debug_mode_has_nothing_to_complain_about(caplog):
    async def main():
        loop = asyncio.get_running_loop()
        loop.slow_callback_duration = 1e-9
        loop.call_later(5, time.perf_counter)
        await asyncio.sleep(3600)

    with (
        caplog.at_level(logging.DEBUG, logger="asyncio"),
        asyncio.Runner(loop_factory=VirtualLoop, debug=True) as runner,
    ):
        runner.run(main())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_call_soon_threadsafe_works_from_within():
    async def main():
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon_threadsafe(future.set_result, 7)
        return await future

    assert run(main()) == 7


# --- no way on --------------------------------------------------------------------------------


async def wait_in_vain():
    await asyncio.Event().wait()


def test_deadlock_names_the_tasks_and_where_they_wait():
    async def main():
        await asyncio.sleep(12.5)
        task = asyncio.create_task(wait_in_vain(), name="poor soul")
        await task

    with pytest.raises(DeadlockError) as caught:
        run(main())
    text = str(caught.value)
    assert text.startswith("at 12.5 s everyone waits and nothing is scheduled\n")
    lines = text.splitlines()[1:]
    assert len(lines) == 2
    (soul,) = [line for line in lines if "poor soul" in line]
    assert soul.startswith(f"  - poor soul: wait_in_vain ({__file__}:")
    assert " > Event.wait (" in soul
    assert any(f"main ({__file__}:" in line for line in lines)


def test_deadlock_runs_the_cleanup_of_the_tasks():
    cleaned = []

    async def main():
        try:
            await wait_in_vain()
        finally:
            await asyncio.sleep(1)
            cleaned.append(now())

    with pytest.raises(DeadlockError):
        run(main())
    assert cleaned == [1.0]


def test_nothing_at_all_to_run_is_a_deadlock():
    loop = VirtualLoop()
    with pytest.raises(DeadlockError, match=r"at 0\.0 s everyone waits and nothing is scheduled$"):
        loop.run_forever()
    loop.close()


def test_waiting_for_a_timer_is_no_deadlock():
    async def main():
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(7200, event.set)
        await event.wait()
        return now()

    assert run(main()) == 7200.0


def test_limit_ends_what_would_go_on_for_ever():
    async def tick():
        for _ in range(10**6):
            await asyncio.sleep(1)

    async def main():
        ticker = asyncio.create_task(tick(), name="ticker")
        try:
            await wait_in_vain()
        finally:
            ticker.cancel()
            assert now() == 60.0
            await asyncio.sleep(5)

    with pytest.raises(
        TimeoutError, match=r"runs beyond 60 s of virtual time\n(.*\n)*.*ticker: .*tick"
    ):
        run(main(), limit_s=60)


def test_limit_itself_can_be_reached():
    async def main():
        await asyncio.sleep(60)
        return now()

    assert run(main(), limit_s=60) == 60.0


def test_timers_of_one_instant_run_in_the_order_in_which_they_were_set():
    async def main():
        loop, seen = asyncio.get_running_loop(), []
        for number in range(20):
            loop.call_later(5, seen.append, number)
            loop.call_at(3, seen.append, -number)
        await asyncio.sleep(5)
        return seen

    assert run(main()) == [-number for number in range(20)] + list(range(20))


# --- the outside world ------------------------------------------------------------------------


async def to_thread():
    await asyncio.to_thread(print)


async def start_process():
    await asyncio.create_subprocess_exec("true")


async def start_shell():
    await asyncio.create_subprocess_shell("true")


async def wait_for_signal():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, print)


async def look_up():
    await asyncio.get_running_loop().getaddrinfo("localhost", 1)


async def open_system_socket():
    SystemNetwork().open_udp("127.0.0.1", 0, print)


async def watch():
    asyncio.get_running_loop().add_writer(0, print)


async def open_transport():
    await asyncio.get_running_loop().create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0)
    )


async def connect():
    await asyncio.open_connection("127.0.0.1", 1)


async def serve():
    await asyncio.start_server(print, "127.0.0.1", 0)


async def stop_watching():
    loop = asyncio.get_running_loop()
    return loop.remove_reader(0), loop.remove_writer(0)


def test_nothing_was_ever_watched():
    assert run(stop_watching()) == (False, False)


@pytest.mark.parametrize("attempt", [open_system_socket, watch, open_transport, connect, serve])
def test_real_sockets_are_refused(attempt):
    with pytest.raises(RuntimeError, match=r"a VirtualLoop has no .*; use the hosts of a Virtual"):
        run(attempt())


@pytest.mark.parametrize(
    "attempt", [to_thread, look_up, start_process, start_shell, wait_for_signal]
)
def test_the_rest_of_the_outside_world_is_refused(attempt):
    with pytest.raises(RuntimeError, match=r"a VirtualLoop has no .*; in a test, put something"):
        run(attempt())
