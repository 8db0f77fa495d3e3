import asyncio
import socket

import pytest

from frazil.aio.resolver import resolve


class ScriptedLoop(asyncio.SelectorEventLoop):
    """Answers look-ups from a script instead of asking a name server."""

    answer = ()
    lookups = 0

    async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0, flags=0):  # noqa: A002
        self.lookups += 1
        assert type == socket.SOCK_DGRAM
        if isinstance(self.answer, Exception):
            raise self.answer
        return [
            (socket.AF_INET6 if len(sockaddr) == 4 else socket.AF_INET, type, 17, "", sockaddr)
            for sockaddr in self.answer
        ]


def resolve_by(answer, host, port=3478):
    async def main():
        loop = asyncio.get_running_loop()
        loop.answer = answer
        return await resolve(host, port), loop.lookups

    with asyncio.Runner(loop_factory=ScriptedLoop) as runner:
        return runner.run(main())


@pytest.mark.parametrize(
    ("host", "canonical"),
    [("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1")],
)
def test_resolve_takes_a_literal_for_itself(host, canonical):
    assert resolve_by(AssertionError("asked"), host) == ([(canonical, 3478)], 0)


def test_resolve_literal_does_not_give_up_control():
    with pytest.raises(StopIteration) as stopped:
        resolve("192.0.2.1", 1).send(None)
    assert stopped.value.value == [("192.0.2.1", 1)]


def test_resolve_keeps_the_order_and_drops_repetitions():
    answer = [
        ("2001:db8::1", 3478, 0, 0),
        ("192.0.2.1", 3478),
        ("::ffff:192.0.2.1", 3478, 0, 0),
        ("192.0.2.2", 3478),
        ("fe80::1%eth0", 3478, 0, 3),
    ]
    assert resolve_by(answer, "stun.example") == (
        [("2001:db8::1", 3478), ("192.0.2.1", 3478), ("192.0.2.2", 3478), ("fe80::1", 3478)],
        1,
    )


def test_resolve_unknown_name_is_an_os_error():
    with pytest.raises(OSError, match="unknown"):
        resolve_by(socket.gaierror(socket.EAI_NONAME, "unknown"), "nowhere.example")


@pytest.mark.parametrize("host", ["", "x" * 64 + ".example", "a..b"])
def test_resolve_impossible_name_is_an_os_error(host):
    async def main():
        return await resolve(host, 3478)

    with pytest.raises(OSError, match="host name"):
        asyncio.run(main())


def test_resolve_without_a_thread_to_do_it_in_is_an_os_error():
    with pytest.raises(OSError, match="can't start new thread"):
        resolve_by(RuntimeError("can't start new thread"), "stun.example")
