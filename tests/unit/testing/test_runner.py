import asyncio
import doctest

import pytest

import frazil.testing
from frazil import RTCPeerConnection
from frazil.testing import (
    DeadlockError,
    LeftoverError,
    OutsideWorldError,
    VirtualLoop,
    conditions,
    loop,
    network,
    run,
    runner,
)
from frazil.types import Transmit


def now():
    return asyncio.get_running_loop().time()


def test_run_returns_the_result_and_passes_the_seed():
    async def main(net):
        return net.host("alice", "10.0.0.1").random_bytes(8), now()

    assert run(main) == run(main, seed=0)
    assert run(main) != run(main, seed=1)
    assert run(main)[1] == 0.0


def test_run_passes_exceptions_on():
    async def main(net):
        asyncio.create_task(asyncio.sleep(5))  # noqa: RUF006 - left behind, but not the point
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(main)


def test_run_uses_a_virtual_loop_with_a_limit():
    async def main(net):
        assert isinstance(asyncio.get_running_loop(), VirtualLoop)
        await asyncio.sleep(101)

    with pytest.raises(TimeoutError, match="beyond 100 s"):
        run(main, limit_s=100)


def test_run_takes_a_program_that_takes_all_its_time():
    async def main(net):
        await asyncio.sleep(60)
        return now()

    assert run(main, limit_s=60) == 60.0


def test_run_reports_a_deadlock():
    async def main(net):
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError, match=r"Event\.wait"):
        run(main)


def test_leftover_task():
    async def main(net):
        main.task = asyncio.create_task(asyncio.sleep(5), name="forgotten")

    with pytest.raises(LeftoverError, match=r"left behind:\n  - task forgotten: sleep \("):
        run(main)


def test_leftover_socket():
    async def main(net):
        net.host("alice", "10.0.0.1").open_udp("10.0.0.1", 7000, print)

    text = r"left behind:\n  - socket <UDP socket of alice at 10.0.0.1 port 7000>$"
    with pytest.raises(LeftoverError, match=text):
        run(main)


def test_leftover_timer():
    async def main(net):
        asyncio.get_running_loop().call_later(30, print)

    with pytest.raises(
        LeftoverError, match=r"left behind:\n  - timer <VirtualTimer when=30.*print"
    ):
        run(main)


def test_what_ends_in_the_same_instant_is_not_left_behind():
    async def last_words():
        try:
            await asyncio.sleep(100)
        finally:
            for _ in range(20):
                await asyncio.sleep(0)

    async def main(net):
        task = asyncio.create_task(last_words())
        await asyncio.sleep(1)
        task.cancel()

    run(main)


def test_packets_on_their_way_and_servers_are_not_left_behind():
    async def main(net):
        server = net.stun_server("192.0.2.1")
        alice = net.host("alice", "10.0.0.1").open_udp("10.0.0.1", 0, print)
        alice.send([Transmit(b"x", 1, alice.local, server.address)])
        net.block("alice", for_s=1000, after_s=1000)
        alice.close()

    run(main)


def test_what_a_callback_raises_fails_the_run(caplog):
    async def main(net):
        def fail():
            raise LookupError("in a callback")

        asyncio.get_running_loop().call_later(1, fail)
        await asyncio.sleep(2)
        return "fine, it seems"

    with pytest.raises(ExceptionGroup, match="nobody caught") as caught:
        run(main)
    assert [repr(error) for error in caught.value.exceptions] == ["LookupError('in a callback')"]
    assert "in a callback" in caplog.text


def test_complaints_without_an_exception_fail_the_run_too():
    async def main(net):
        asyncio.get_running_loop().call_exception_handler({"message": "odd"})

    with pytest.raises(ExceptionGroup) as caught:
        run(main)
    assert [repr(error) for error in caught.value.exceptions] == ["RuntimeError('odd')"]


def test_main_may_handle_what_callbacks_raise():
    async def main(net):
        seen = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: seen.append(context["exception"]))
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(1)
        return seen

    assert [type(error) for error in run(main)] == [ZeroDivisionError]


@pytest.mark.parametrize("module", [frazil.testing, conditions, loop, network, runner])
def test_examples_work(module):
    failed, attempted = doctest.testmod(module)
    assert failed == 0
    assert attempted > 0


@pytest.mark.parametrize("waiting", ["for candidates", "for the peer", "for nothing"])
def test_a_connection_on_the_real_network_is_what_goes_wrong(waiting):
    async def main(net):
        pc = RTCPeerConnection()
        pc.createDataChannel("chat")
        try:
            await pc.setLocalDescription()
            if waiting == "for candidates":
                await pc.gathering_complete()
            elif waiting == "for the peer":
                await pc.wait_connected(timeout=30)
            else:
                await asyncio.sleep(2)
        finally:
            await pc.close()
            closed.append(waiting)

    closed = []
    with pytest.raises(OutsideWorldError, match="RTCPeerConnection\\(network="):
        run(main)
    assert closed == [waiting]


def test_run_takes_the_function():
    async def main(net):
        pass

    called = main(None)
    with pytest.raises(TypeError, match=r"run\(main\), not run\(main\(\)\)"):
        run(called)
    called.close()


def test_run_is_not_for_coroutines():
    async def main(net):
        pass

    async def test():
        run(main)

    with pytest.raises(RuntimeError, match="call it from a function, not a coroutine"):
        asyncio.run(test())


def test_a_connection_that_is_left_behind_is_named_first():
    async def main(net):
        main.pc = RTCPeerConnection(network=net.host("alice", "10.0.0.1"))
        main.pc.createDataChannel("chat")
        await main.pc.setLocalDescription()

    text = r"left behind:\n  - connection \d+, which nobody closed: await pc.close\(\), or"
    with pytest.raises(LeftoverError, match=text):
        run(main)


def test_connections_that_were_closed_or_live_elsewhere_are_not_named():
    async def elsewhere():
        return RTCPeerConnection()

    async def main(net):
        async with RTCPeerConnection(network=net.host("alice", "10.0.0.1")) as main.pc:
            net.host("bob", "10.0.0.2").open_udp("10.0.0.2", 7000, print)

    stranger = asyncio.run(elsewhere())
    with pytest.raises(LeftoverError) as caught:
        run(main)
    assert "connection" not in str(caught.value)
    assert stranger.connectionState == "new"


@pytest.mark.parametrize("ending", ["timeout", "assertion", "leftover"])
def test_what_a_callback_raised_is_the_cause_of_what_goes_wrong(ending):
    async def main(net):
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        if ending == "timeout":
            async with asyncio.timeout(1):
                await asyncio.sleep(2)
        await asyncio.sleep(1)
        if ending == "leftover":
            asyncio.get_running_loop().call_later(30, print)
        else:
            raise AssertionError("the message did not come")

    with pytest.raises((TimeoutError, AssertionError)) as caught:
        run(main)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
