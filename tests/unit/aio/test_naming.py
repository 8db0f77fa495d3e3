"""Looking up the names in candidates of a peer."""

import asyncio

from frazil.aio import mdns
from frazil.aio.naming import Naming
from frazil.aio.task_set import TaskSet
from frazil.peer.event import LookupRequested
from frazil.testing import run


class Connection:
    """Looks names up, and keeps what it is told."""

    def __init__(self, host):
        self.found = {}
        self.told = []
        self.unresolved = []
        self.tasks = TaskSet(asyncio.get_running_loop())
        self.naming = Naming(self, host, lambda: None, self.tasks, "resolve")

    def look_up(self, *names, transport="0"):
        for name in names:
            self.naming.look_up(LookupRequested(transport, name), 0.0)

    def name_resolved(self, transport, host, address, _now):
        self.found[host] = address
        self.told.append(transport)

    def name_unresolved(self, _transport, _host, text, _now):
        self.unresolved.append(text)

    async def close(self):
        await self.tasks.close()
        self.naming.close()


def neighbours(net):
    """A host, and the service of another that tells the address of `bob.local`."""
    home = net.nat("home", "198.51.100.1")
    alice = net.host("alice", "10.0.0.1", behind=home)
    bob = net.host("bob", "10.0.0.2", behind=home)
    service = mdns.acquire(bob)
    service.publish("bob.local", bob.interfaces()[0])
    return alice, service


def test_one_peer_leaves_look_ups_for_those_of_others():
    async def main(net):
        alice, theirs = neighbours(net)
        hostile = [Connection(alice) for _ in range(6)]
        for number, connection in enumerate(hostile):
            connection.look_up(*[f"n{number}-{each}.local" for each in range(50)])
        await asyncio.sleep(0)
        honest = Connection(alice)
        honest.look_up("bob.local")
        await asyncio.sleep(4)
        assert honest.found == {"bob.local": "10.0.0.2"}
        await asyncio.sleep(2)
        assert [len(each.unresolved) for each in hostile] == [8] * 6
        await hostile[0].close()
        await asyncio.sleep(30)
        assert [len(each.unresolved) for each in hostile] == [8, *[50] * 5]
        for each in (*hostile[1:], honest):
            await each.close()
        theirs.release()

    run(main)


def test_a_peer_that_brings_other_names_again_and_again_has_few_of_them_wait():
    async def main(net):
        connection = Connection(net.host("alice", "10.0.0.1"))
        for offer in range(20):
            connection.look_up(*[f"n{offer}-{number}.local" for number in range(50)])
        assert connection.unresolved == ["100 other names of this peer are to be looked up"] * 900
        await asyncio.sleep(70)
        assert len(connection.unresolved) == 1000
        connection.look_up("another.local")
        assert len(connection.unresolved) == 1000
        await connection.close()

    run(main)


def test_a_name_that_is_being_looked_up_takes_one_turn_whoever_asks_again():
    async def main(net):
        alice, theirs = neighbours(net)
        connection = Connection(alice)
        for transport in ("0", "1", "0"):
            names = [f"n{number}.local" for number in range(7)]
            connection.look_up(*names, "bob.local", transport=transport)
        await asyncio.sleep(1)
        assert connection.told == ["0", "1"]
        await asyncio.sleep(5)
        assert len(connection.unresolved) == 14
        await connection.close()
        theirs.release()

    run(main)


def test_a_name_that_was_not_asked_for_is_not_said_to_be_nobodys():
    async def main(net):
        alice = net.host("alice", "10.0.0.1")
        service = mdns.acquire(alice)
        names = [f"n{number}.local" for number in range(256)]
        others = asyncio.gather(*map(service.resolve, names), return_exceptions=True)
        connection = Connection(alice)
        await asyncio.sleep(0)
        connection.look_up("bob.local")
        await asyncio.sleep(1)
        assert connection.unresolved == ["256 other names are being looked up"]
        await others
        await connection.close()
        service.release()

    run(main)
