"""Looking up names, and the end of it."""

import asyncio
import gc
from weakref import ref

import pytest

from frazil.aio import SystemNetwork, mdns
from frazil.mdns.resolver import MAX_LOOKUPS
from frazil.testing import run


def test_nothing_is_left_of_a_look_up_that_began_as_the_last_user_left():
    async def main(net):
        service = mdns.acquire(net.host("alice", "10.0.0.1"))
        asking = asyncio.create_task(service.resolve("nobody.local"))
        await asyncio.sleep(0)
        service.release()
        await asyncio.wait([asking])
        assert asking.cancelled()

    run(main)


def test_nothing_is_left_of_a_look_up_that_began_as_its_link_went():
    async def main(net):
        loop = asyncio.get_running_loop()
        host = net.host("alice", "10.0.0.1")

        def move():
            name = host.interfaces()[0].name
            host.remove_interface("10.0.0.1")
            host.add_interface("10.0.0.2", name)

        service = mdns.acquire(host)
        before = asyncio.create_task(service.resolve("nobody.local"))
        loop.call_soon(move)
        after = asyncio.create_task(service.resolve("somebody.local"))
        await asyncio.sleep(0)
        service.release()
        await asyncio.wait([before, after])
        assert isinstance(before.exception(), OSError)
        assert after.cancelled()

    run(main)


def test_a_link_that_takes_no_further_name_is_no_hindrance_to_others():
    async def main(net):
        home, work = net.nat("home", "198.51.100.1"), net.nat("work", "198.51.100.2")
        alice = net.host("alice", "10.0.0.1", behind=home)
        bob = net.host("bob", "10.1.0.2", behind=work)
        theirs = mdns.acquire(bob)
        theirs.publish("bob.local", bob.interfaces()[0])
        service = mdns.acquire(alice)
        names = [f"n{number}.local" for number in range(MAX_LOOKUPS)]
        others = asyncio.gather(*map(service.resolve, names), return_exceptions=True)
        await asyncio.sleep(0)
        alice.add_interface("10.1.0.1", "wlan0", behind=work)
        assert await service.resolve("bob.local") == "10.1.0.2"
        with pytest.raises(OSError, match="nobody"):
            await service.resolve("nobody.local")
        await others
        service.release()
        theirs.release()

    run(main)


def test_whoever_only_answers_does_so_again_on_a_link_that_went_and_came_back():
    """The device was unplugged for a moment, and no member of a group outlives that."""

    async def main(net):
        home = net.nat("home", "198.51.100.1")
        alice = net.host("alice", "10.0.0.1", behind=home)
        bob = net.host("bob", "10.0.0.2", behind=home)
        theirs, service = mdns.acquire(bob), mdns.acquire(alice)
        (wired,) = bob.interfaces()
        theirs.publish("bob.local", wired)
        assert await service.resolve("bob.local") == "10.0.0.2"
        bob.remove_interface(wired.address)
        await asyncio.sleep(1)
        assert bob.sockets() == []
        bob.add_interface(wired.address, wired.name, behind=home)
        assert await service.resolve("bob.local") == "10.0.0.2"
        service.release()
        theirs.release()
        bob.remove_interface(wired.address)  # nobody wants to know any more
        await asyncio.sleep(1)

    run(main)


def test_a_host_that_cannot_tell_its_addresses_stays_on_its_links():
    async def main(net):
        home = net.nat("home", "198.51.100.1")
        alice = net.host("alice", "10.0.0.1", behind=home)
        bob = net.host("bob", "10.0.0.2", behind=home)
        theirs, service = mdns.acquire(bob), mdns.acquire(alice)
        theirs.publish("bob.local", bob.interfaces()[0])
        told, bob.interfaces = bob.interfaces, refuse
        bob.add_interface("10.0.0.3", behind=home)
        assert await service.resolve("bob.local") == "10.0.0.2"
        bob.interfaces = told
        service.release()
        theirs.release()

    def refuse():
        raise OSError("not now")

    run(main)


def test_a_loop_that_ended_takes_its_service_along():
    async def main():
        return ref(mdns.acquire(SystemNetwork()))

    left = asyncio.run(main())
    gc.collect()
    assert left() is None


@pytest.mark.parametrize(
    "name", ["a" * 256 + ".local", "a" * 64 + ".local", "a_b.local", ".local", "é.local"]
)
def test_what_cannot_be_a_name_is_not_asked_for_and_leaves_others_alone(name):
    async def main(net):
        home = net.nat("home", "198.51.100.1")
        alice = net.host("alice", "10.0.0.1", behind=home)
        bob = net.host("bob", "10.0.0.2", behind=home)
        theirs = mdns.acquire(bob)
        theirs.publish("bob.local", bob.interfaces()[0])
        service = mdns.acquire(alice)
        with pytest.raises(OSError, match="cannot be the name"):
            await service.resolve(name)
        await asyncio.sleep(2)
        assert net.packets == ()
        assert await service.resolve("bob.local") == "10.0.0.2"
        service.release()
        theirs.release()

    run(main)
