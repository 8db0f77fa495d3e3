import asyncio
import socket

import pytest

from frazil.worker import link as module
from frazil.worker.link import MAX_MESSAGE, Link
from frazil.worker.message import Accepted, Closing, MessageError


def linked(test):
    """A test of a link, with the bare socket at its other end."""

    async def main():
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        link = await Link.over(ours)
        try:
            await test(link, theirs)
        finally:
            theirs.close()
            await link.close()

    return lambda: asyncio.run(main())


@linked
async def test_messages(link, far):
    other = await Link.over(far.dup())
    link.send(Closing(1))
    link.send(Accepted(2, "x" * 200_000))
    assert await other.receive() == Closing(1)
    assert await other.receive() == Accepted(2, "x" * 200_000)
    link.finish()
    assert await other.receive() is None
    other.send(Closing(3))
    assert await link.receive() == Closing(3)
    await other.close()


@linked
async def test_the_end(link, far):
    far.close()
    assert await link.receive() is None
    link.send(Closing(1))
    link.finish()
    await link.close()


@linked
async def test_half_a_message(link, far):
    far.send(b"\0\0\0\7half")
    far.close()
    assert await link.receive() is None


@linked
async def test_no_message(link, far):
    far.send(b"\0\0\0\4half")
    with pytest.raises(MessageError, match="no JSON"):
        await link.receive()


@linked
async def test_a_length_that_is_out_of_the_question(link, far):
    far.send((MAX_MESSAGE + 1).to_bytes(4))
    with pytest.raises(MessageError, match="1048577 bytes"):
        await link.receive()


@linked
async def test_what_the_other_end_would_not_take_is_not_sent(link, far):
    other = await Link.over(far.dup())
    for length in (MAX_MESSAGE, 17 * MAX_MESSAGE):
        with pytest.raises(MessageError, match="bytes"):
            link.send(Accepted(1, "x" * length))
    link.send(Closing(1))
    assert await other.receive() == Closing(1)
    await other.close()


@linked
async def test_an_end_that_does_not_read(link, far):
    """It is given up when too much waits, instead of keeping it all."""
    far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    message = Accepted(1, "x" * (MAX_MESSAGE // 2))
    for _ in range(2 * module.MAX_UNSENT // MAX_MESSAGE + 4):
        link.send(message)
    assert await link.receive() is None
