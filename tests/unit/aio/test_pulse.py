import asyncio

import pytest

from frazil.aio.pulse import Pulse


def run(main) -> None:
    async def limited() -> None:
        async with asyncio.timeout(5):
            await main()

    asyncio.run(limited())


def test_a_condition_that_holds_does_not_give_up_control():
    coroutine = Pulse().wait_until(lambda: True)
    with pytest.raises(StopIteration):
        coroutine.send(None)


def test_waiters_sleep_until_their_own_condition_holds():
    async def main() -> None:
        pulse, value, woken = Pulse(), 0, []

        async def wait(limit: int) -> None:
            await pulse.wait_until(lambda: value >= limit)
            woken.append((limit, value))

        async with asyncio.TaskGroup() as group:
            for limit in (3, 1, 2, 1):
                group.create_task(wait(limit))
            await asyncio.sleep(0)
            for value in (1, 2, 3):  # noqa: B007
                pulse.beat()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        assert woken == [(1, 1), (1, 1), (2, 2), (3, 3)]

    run(main)


def test_a_condition_that_was_true_only_for_a_moment_is_waited_for_again():
    async def main() -> None:
        pulse, tokens, winners = Pulse(), [], []

        async def take(name: str) -> None:
            await pulse.wait_until(lambda: bool(tokens))
            winners.append((name, tokens.pop()))

        async with asyncio.TaskGroup() as group:
            group.create_task(take("a"))
            group.create_task(take("b"))
            await asyncio.sleep(0)
            tokens.append(1)
            pulse.beat()
            for _ in range(3):
                await asyncio.sleep(0)
            assert winners == [("a", 1)]
            tokens.append(2)
            pulse.beat()
        assert winners == [("a", 1), ("b", 2)]

    run(main)


def test_a_cancelled_waiter_leaves_nothing_behind():
    async def main() -> None:
        pulse = Pulse()
        for _ in range(100):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await pulse.wait_until(lambda: False)
        assert not pulse.waiters
        waiter = asyncio.create_task(pulse.wait_until(lambda: bool(pulse.waiters)))
        await asyncio.sleep(0)
        pulse.beat()
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert not pulse.waiters
        pulse.beat()

    run(main)


def test_what_a_condition_raises_comes_out_where_it_is_waited_for():
    async def main() -> None:
        pulse, is_broken, woken = Pulse(), False, []

        def condition() -> bool:
            if is_broken:
                raise LookupError
            return False

        broken = asyncio.create_task(pulse.wait_until(condition))
        other = asyncio.create_task(pulse.wait_until(lambda: is_broken))
        other.add_done_callback(lambda task: woken.append(task.exception()))
        await asyncio.sleep(0)
        is_broken = True
        pulse.beat()
        with pytest.raises(LookupError):
            await broken
        await other
        await asyncio.sleep(0)
        assert woken == [None]

    run(main)
