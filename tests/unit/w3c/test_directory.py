import asyncio
import gc
import logging

import pytest

from frazil import RTCPeerConnection
from frazil.testing import VirtualLoop, run
from frazil.w3c.directory import Directory
from frazil.w3c.peerconnection import DIRECTORY
from support.virtual_pair import VirtualPair, on_virtual_pair


class Thing:
    pass


def test_what_is_entered_has_a_number_for_as_long_as_it_lives():
    directory, loop = Directory[Thing](), VirtualLoop()
    first, second = Thing(), Thing()
    assert (directory.enter(first, loop), directory.enter(second, loop)) == (1, 2)
    assert list(directory) == [(1, first), (2, second)]
    entry = directory.get(2)
    assert entry.connection is second
    assert entry.loop is loop
    assert entry.number == 2
    del first
    gc.collect()
    assert list(directory) == [(2, second)]
    assert directory.get(1) is None
    assert directory.enter(Thing(), loop) == 3  # a number is never given again
    loop.close()


def test_an_entry_translates_the_clock_of_its_loop(monkeypatch):
    directory, loop, thing = Directory[Thing](), VirtualLoop(), Thing()
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0 + loop.time())
    assert directory.get(directory.enter(thing, loop)).epoch == 1_700_000_000.0
    loop.close()


def test_connections_may_come_and_go_under_the_hands_of_who_reads():
    directory, loop = Directory[Thing](), VirtualLoop()
    things = [Thing() for _ in range(3)]
    assert [directory.enter(each, loop) for each in things] == [1, 2, 3]
    seen = []
    for number, _ in directory:
        seen.append(number)
        if number == 1:
            things.pop()
            directory.enter(Thing(), loop)
            gc.collect()
    assert seen == [1, 2]
    loop.close()


@on_virtual_pair
async def test_every_connection_is_in_the_directory(pair: VirtualPair) -> None:
    assert {pair.a, pair.b} <= {connection for _, connection in DIRECTORY}


def test_the_log_uses_the_number(caplog):
    numbers = []

    async def main(net):
        async with VirtualPair(net) as pair:
            numbers.extend(n for n, each in DIRECTORY if each in (pair.a, pair.b))
            await pair.connect()
            net.block()
            await asyncio.sleep(120)

    with caplog.at_level(logging.WARNING, "frazil.ice"):
        run(main)
    names = [each.getMessage().partition(": ")[0] for each in caplog.records]
    assert sorted(names) == [f"connection {number}" for number in numbers]


def test_listeners_hear_of_newcomers_until_they_are_forgotten():
    directory, heard, other = Directory(), [], []
    loop = asyncio.new_event_loop()
    one, two, three = Thing(), Thing(), Thing()
    directory.listen(heard.append)
    directory.enter(one, loop)
    directory.listen(other.append)
    directory.enter(two, loop)
    directory.forget(heard.append)
    directory.enter(three, loop)
    assert (heard, other) == ([one, two], [two, three])
    loop.close()


def test_who_does_not_listen_cannot_be_forgotten():
    with pytest.raises(ValueError, match="not in list"):
        Directory().forget(print)


def test_a_listener_may_leave_while_it_is_told():
    directory, heard = Directory(), []
    loop = asyncio.new_event_loop()

    def once(newcomer):
        heard.append(newcomer)
        directory.forget(once)

    directory.listen(once)
    directory.listen(heard.append)
    things = [Thing(), Thing()]
    for each in things:
        directory.enter(each, loop)
    assert heard == [things[0], things[0], things[1]]
    loop.close()


def test_a_connection_is_new_and_whole_when_listeners_hear_of_it():
    heard = []

    def look(pc):
        heard.append(
            (pc, pc.connectionState, pc.getConfiguration()["iceTransportPolicy"], repr(pc))
        )

    async def main(net):
        DIRECTORY.listen(look)
        try:
            host = net.host("a", "10.0.0.1")
            async with RTCPeerConnection({"iceTransportPolicy": "relay"}, network=host) as pc:
                assert heard == [(pc, "new", "relay", repr(pc))]
        finally:
            DIRECTORY.forget(look)

    run(main)
