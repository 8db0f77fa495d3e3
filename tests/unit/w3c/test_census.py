import asyncio
import gc
import logging

import pytest

from frazil import RTCPeerConnection
from frazil.testing import VirtualLoop, run
from frazil.w3c.census import Census
from frazil.w3c.peerconnection import CENSUS
from support.virtual_pair import VirtualPair, on_virtual_pair


def test_listeners_hear_of_newcomers_until_they_are_forgotten():
    census, heard, other = Census(), [], []
    census.listen(heard.append)
    census.announce(1)
    census.listen(other.append)
    census.announce(2)
    census.forget(heard.append)
    census.announce(3)
    assert (heard, other) == ([1, 2], [2, 3])


def test_who_does_not_listen_cannot_be_forgotten():
    with pytest.raises(ValueError, match="not in list"):
        Census().forget(print)


def test_a_listener_may_leave_while_it_is_told():
    census, heard = Census(), []

    def once(newcomer):
        heard.append(newcomer)
        census.forget(once)

    census.listen(once)
    census.listen(heard.append)
    census.announce("x")
    census.announce("y")
    assert heard == ["x", "x", "y"]


def test_a_connection_is_announced_new_and_whole():
    heard = []

    def look(pc):
        heard.append((pc, pc.connectionState, pc.getConfiguration()["iceTransportPolicy"]))

    async def main():
        CENSUS.listen(look)
        try:
            async with RTCPeerConnection({"iceTransportPolicy": "relay"}) as pc:
                assert heard == [(pc, "new", "relay")]
        finally:
            CENSUS.forget(look)
        async with RTCPeerConnection():
            assert len(heard) == 1

    asyncio.run(main())


class Thing:
    pass


def test_what_is_entered_has_a_number_for_as_long_as_it_lives():
    census, loop = Census[Thing](), VirtualLoop()
    first, second = Thing(), Thing()
    assert (census.enter(first, loop), census.enter(second, loop)) == (1, 2)
    assert list(census) == [(1, first), (2, second)]
    entry = census.get(2)
    assert entry.connection is second
    assert entry.loop is loop
    assert entry.number == 2
    del first
    gc.collect()
    assert list(census) == [(2, second)]
    assert census.get(1) is None
    assert census.enter(Thing(), loop) == 3  # a number is never given again
    loop.close()


def test_an_entry_translates_the_clock_of_its_loop(monkeypatch):
    census, loop, thing = Census[Thing](), VirtualLoop(), Thing()
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0 + loop.time())
    assert census.get(census.enter(thing, loop)).epoch == 1_700_000_000.0
    loop.close()


def test_connections_may_come_and_go_under_the_hands_of_who_reads():
    census, loop = Census[Thing](), VirtualLoop()
    things = [Thing() for _ in range(3)]
    assert [census.enter(each, loop) for each in things] == [1, 2, 3]
    seen = []
    for number, _ in census:
        seen.append(number)
        if number == 1:
            things.pop()
            census.enter(Thing(), loop)
            gc.collect()
    assert seen == [1, 2]
    loop.close()


@on_virtual_pair
async def test_every_connection_is_in_the_census(pair: VirtualPair) -> None:
    assert {pair.a, pair.b} <= {connection for _, connection in CENSUS}


def test_the_log_uses_the_number(caplog):
    numbers = []

    async def main(net):
        async with VirtualPair(net) as pair:
            numbers.extend(n for n, each in CENSUS if each in (pair.a, pair.b))
            await pair.connect()
            net.block()
            await asyncio.sleep(120)

    with caplog.at_level(logging.WARNING, "frazil.ice"):
        run(main)
    names = [each.getMessage().partition(": ")[0] for each in caplog.records]
    assert sorted(names) == [f"connection {number}" for number in numbers]
