import asyncio

import pytest

from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.testing import Conditions, run
from frazil.types import Transmit

TRANSACTION = bytes(range(12))


def now():
    return asyncio.get_running_loop().time()


def play(script, address="192.0.2.1", client="10.0.0.1"):
    async def main(net):
        server = net.stun_server(address, name="stun.example")
        answers = []

        def hear(batch):
            answers.extend((round(now(), 9), one.remote, Message.decode(one.data)) for one in batch)

        socket = net.host("alice", client).open_udp(client, 7000, hear)

        def ask(data):
            socket.send([Transmit(data, len(data), socket.local, server.address)])

        await script(net, server, ask, answers)
        socket.close()

    run(main)


def binding(message_class=MessageClass.REQUEST, method=Method.BINDING):
    return Message(method, message_class, TRANSACTION).encode()


def test_answers_with_the_address_of_the_sender():
    async def script(net, server, ask, answers):
        ask(binding())
        await asyncio.sleep(1)
        ((at, remote, answer),) = answers
        assert (at, remote) == (0.002, ("192.0.2.1", 3478))
        assert (answer.method, answer.message_class) == (Method.BINDING, MessageClass.SUCCESS)
        assert answer.transaction_id == TRANSACTION
        assert answer.address(Attribute.XOR_MAPPED_ADDRESS) == ("10.0.0.1", 7000)
        assert server.requests == 1

    play(script)


def test_speaks_ipv6():
    async def script(net, server, ask, answers):
        ask(binding())
        await asyncio.sleep(1)
        ((_, _, answer),) = answers
        assert answer.address(Attribute.XOR_MAPPED_ADDRESS) == ("2001:db8::1", 7000)

    play(script, "2001:db8::53", "2001:db8::1")


def test_has_a_name():
    async def script(net, server, ask, answers):
        carol = net.host("carol")
        assert await carol.resolve("stun.example", 3478) == [server.address]
        net.connect("stun.example", "alice", Conditions(delay_s=0.5))
        ask(binding())
        await asyncio.sleep(2)
        assert [at for at, _, _ in answers] == [1.0]

    play(script)


def test_needs_no_name_and_takes_any_port():
    async def main(net):
        first, second = net.stun_server("192.0.2.1"), net.stun_server("192.0.2.2", 19302)
        assert first.address == ("192.0.2.1", 3478)
        assert second.address == ("192.0.2.2", 19302)
        assert net.names == {}

    run(main)


def test_of_a_server_that_cannot_be_made_nothing_is_left():
    async def main(net):
        with pytest.raises(OverflowError):
            net.stun_server("192.0.2.1", 65_536, name="stun.example")
        assert net.names == {}
        assert net.stun_server("192.0.2.1", name="stun.example").address == ("192.0.2.1", 3478)

    run(main)


def test_silence():
    async def script(net, server, ask, answers):
        server.silent = True
        ask(binding())
        await asyncio.sleep(1)
        assert (answers, server.requests) == ([], 1)
        server.silent = False
        ask(binding())
        await asyncio.sleep(1)
        assert (len(answers), server.requests) == (1, 2)

    play(script)


def test_slowness_delays_its_own_answer_only():
    async def script(net, server, ask, answers):
        server.delay_s = 2.0
        ask(binding())
        await asyncio.sleep(1)
        server.delay_s = 0.0
        ask(binding())
        await asyncio.sleep(5)
        assert [at for at, _, _ in answers] == [1.002, 2.002]

    play(script)


def test_answers_nothing_else():
    async def script(net, server, ask, answers):
        for data in (
            b"\0",
            b"x" * 20,
            binding()[:-1],
            binding(MessageClass.INDICATION),
            binding(MessageClass.SUCCESS),
            binding(method=Method.ALLOCATE),
        ):
            ask(data)
        await asyncio.sleep(1)
        assert (answers, server.requests) == ([], 0)

    play(script)


def test_close_takes_back_what_it_still_thinks_about():
    async def script(net, server, ask, answers):
        server.delay_s = 3.0
        ask(binding())
        await asyncio.sleep(1)
        server.close()
        server.close()
        assert asyncio.get_running_loop().timers() == []
        await asyncio.sleep(10)
        assert answers == []

    play(script)


def test_remembers_only_answers_that_are_due():
    async def script(net, server, ask, answers):
        server.delay_s = 3.0
        for _ in range(50):
            ask(binding())
            await asyncio.sleep(1)
        assert len(server._timers) <= 4

    play(script)
