import asyncio
import gc
import logging

from frazil.testing import run
from frazil.w3c.directory import Directory
from frazil.w3c.peerconnection import DIRECTORY
from support.virtual_pair import VirtualPair, on_virtual_pair


class Thing:
    pass


def test_what_is_entered_has_a_number_for_as_long_as_it_lives():
    directory = Directory[Thing]()
    first, second = Thing(), Thing()
    assert (directory.enter(first), directory.enter(second)) == (1, 2)
    assert list(directory) == [(1, first), (2, second)]
    assert directory.get(2) is second
    del first
    gc.collect()
    assert list(directory) == [(2, second)]
    assert directory.get(1) is None
    assert directory.enter(Thing()) == 3  # a number is never given again


def test_entries_may_come_and_go_under_the_hands_of_who_reads():
    directory = Directory[Thing]()
    things = [Thing() for _ in range(3)]
    assert [directory.enter(each) for each in things] == [1, 2, 3]
    seen = []
    for number, _ in directory:
        seen.append(number)
        if number == 1:
            things.pop()
            directory.enter(Thing())
            gc.collect()
    assert seen == [1, 2]


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
