"""Looking up names, and the end of it."""

import asyncio

from frazil.aio import mdns
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
