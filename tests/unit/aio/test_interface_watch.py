"""Who hears of a change, and that nothing is held while nobody listens."""

import asyncio
import gc
import socket
import sys
from weakref import ref

import pytest

from frazil.aio import SystemNetwork, interface, interface_watch
from frazil.aio.interface_watch import FIRST_LOOK_S, POLL_INTERVAL_S, SharedWatch
from frazil.aio.network import Interface
from frazil.testing import run

WIFI, CELL = Interface("wlan0", "10.0.0.1"), Interface("wwan0", "10.9.0.1")


class Machine:
    """Addresses that a test changes, and how often somebody looked."""

    def __init__(self) -> None:
        self.addresses: tuple[Interface, ...] = (WIFI,)
        self.looks = 0
        self.is_silent = False
        self.idle = 0
        self.heard: list[str] = []

    def look(self) -> tuple[Interface, ...]:
        self.looks += 1
        if self.is_silent:
            raise OSError("no answer")
        return self.addresses

    def watch(self) -> SharedWatch:
        return SharedWatch(asyncio.get_running_loop(), self.look, self.note_idle)

    def note_idle(self) -> None:
        self.idle += 1

    def listener(self, name: str):
        return lambda: self.heard.append(name)


@pytest.fixture
def polling(monkeypatch):
    monkeypatch.setattr(interface_watch, "_open_netlink", lambda: None)


def test_where_nobody_tells_somebody_looks(polling):
    machine = Machine()

    async def main(net):
        subscription = machine.watch().subscribe(machine.listener("a"))
        await asyncio.sleep(10 * POLL_INTERVAL_S + 0.1)
        assert (machine.looks, machine.heard) == (10, ["a"])
        machine.addresses = (WIFI, CELL)
        await asyncio.sleep(POLL_INTERVAL_S)
        assert machine.heard == ["a"] * 2
        machine.addresses = (CELL,)
        await asyncio.sleep(2 * POLL_INTERVAL_S)
        assert machine.heard == ["a"] * 3
        subscription.close()

    run(main)  # and no timer is left


def test_all_share_one_timer_until_the_last_has_left(polling):
    machine = Machine()

    async def main(net):
        watch = machine.watch()
        first, second = (watch.subscribe(machine.listener(name)) for name in "ab")
        await asyncio.sleep(POLL_INTERVAL_S + 0.1)
        assert (machine.looks, machine.heard) == (1, ["a", "b"])
        first.close()
        first.close()
        machine.addresses = (CELL,)
        await asyncio.sleep(POLL_INTERVAL_S)
        assert (machine.heard, machine.idle) == (["a", "b", "b"], 0)
        second.close()
        assert machine.idle == 1
        await asyncio.sleep(10)
        assert machine.looks == 2

    run(main)


def test_a_listener_may_leave_within_the_call_and_take_others_along(polling):
    machine = Machine()

    async def main(net):
        watch = machine.watch()
        subscriptions = []

        def leave():
            machine.heard.append("leaver")
            for each in subscriptions:
                each.close()

        subscriptions += [watch.subscribe(leave), watch.subscribe(machine.listener("other"))]
        machine.addresses = ()
        await asyncio.sleep(POLL_INTERVAL_S)
        assert machine.heard == ["leaver"]

    run(main)


def test_a_listener_that_fails_is_reported_and_the_others_hear(polling):
    machine, reports = Machine(), []

    async def main(net):
        loop, watch = asyncio.get_running_loop(), machine.watch()
        loop.set_exception_handler(lambda loop, context: reports.append(context["exception"]))
        subscriptions = [watch.subscribe(lambda: 1 / 0), watch.subscribe(machine.listener("other"))]
        machine.addresses = ()
        await asyncio.sleep(POLL_INTERVAL_S)
        assert [type(each) for each in reports] == [ZeroDivisionError]
        assert machine.heard == ["other"]
        for each in subscriptions:
            each.close()

    run(main)


def test_a_machine_that_does_not_tell_has_not_changed(polling):
    machine = Machine()

    async def main(net):
        subscription = machine.watch().subscribe(machine.listener("a"))
        await asyncio.sleep(POLL_INTERVAL_S)
        machine.is_silent = True
        await asyncio.sleep(3 * POLL_INTERVAL_S)
        machine.is_silent = False
        await asyncio.sleep(3 * POLL_INTERVAL_S)
        assert machine.heard == ["a"]
        subscription.close()

    run(main)


def test_a_machine_that_does_not_tell_at_first_is_looked_at_again(polling):
    machine = Machine()
    machine.is_silent = True

    async def main(net):
        subscription = machine.watch().subscribe(machine.listener("a"))
        await asyncio.sleep(3 * POLL_INTERVAL_S)
        assert machine.heard == []
        machine.is_silent = False
        await asyncio.sleep(3 * POLL_INTERVAL_S)
        assert machine.heard == ["a"]
        subscription.close()

    run(main)


def test_a_look_that_failed_is_repeated_also_where_the_system_tells(monkeypatch):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(interface_watch, "_open_netlink", lambda: ours)
    monkeypatch.setattr(interface_watch, "FIRST_LOOK_S", 0.0)
    monkeypatch.setattr(interface_watch, "POLL_INTERVAL_S", 0.01)
    machine = Machine()
    machine.is_silent = True

    async def main():
        changed = asyncio.Event()
        subscription = machine.watch().subscribe(changed.set)
        await asyncio.sleep(0.1)
        machine.is_silent = False
        await asyncio.wait_for(changed.wait(), 5)
        subscription.close()

    asyncio.run(main())
    theirs.close()


def test_where_the_system_tells_a_word_brings_a_look(monkeypatch):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    monkeypatch.setattr(interface_watch, "_open_netlink", lambda: ours)
    monkeypatch.setattr(interface_watch, "FIRST_LOOK_S", 0.0)
    monkeypatch.setattr(interface_watch, "SETTLE_S", 0.0)
    machine = Machine()

    async def main():
        changed = asyncio.Event()
        subscription = machine.watch().subscribe(changed.set)
        await asyncio.wait_for(changed.wait(), 5)
        changed.clear()
        for _ in range(5):
            theirs.send(b"half a dozen messages")
        machine.addresses = (CELL,)
        await asyncio.wait_for(changed.wait(), 5)
        assert machine.looks == 2
        subscription.close()
        assert ours.fileno() == -1

    asyncio.run(main())
    theirs.close()


def test_who_leaves_within_the_first_moment_has_asked_the_system_for_nothing(monkeypatch):
    opened = []
    monkeypatch.setattr(interface_watch, "_open_netlink", lambda: opened.append(1))
    machine = Machine()

    async def main(net):
        watch = machine.watch()
        subscription = watch.subscribe(machine.listener("early"))
        await asyncio.sleep(0.9 * FIRST_LOOK_S)
        subscription.close()
        await asyncio.sleep(10)
        assert (opened, machine.looks) == ([], 0)
        subscription = watch.subscribe(machine.listener("patient"))
        await asyncio.sleep(1.1 * FIRST_LOOK_S)
        assert (opened, machine.looks) == ([1], 1)
        assert machine.heard == ["patient"]  # of what may have changed just before
        subscription.close()

    run(main)


def test_a_loop_that_cannot_watch_sockets_looks_by_itself(monkeypatch):
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(interface_watch, "_open_netlink", lambda: ours)
    machine = Machine()

    async def main(net):
        def refuse(*args):
            raise NotImplementedError

        monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", refuse)
        subscription = machine.watch().subscribe(machine.listener("a"))
        await asyncio.sleep(POLL_INTERVAL_S)
        machine.addresses = ()
        await asyncio.sleep(POLL_INTERVAL_S)
        assert machine.heard == ["a", "a"]
        subscription.close()

    run(main)
    assert ours.fileno() == -1
    theirs.close()


def test_the_machines_own_network_is_watched_once_per_loop(polling, monkeypatch):
    network = SystemNetwork()
    asked = []
    monkeypatch.setattr(interface, "list_interfaces", lambda: asked.append("addresses") or [WIFI])
    monkeypatch.setattr(interface, "source_address", lambda remote: asked.append("route") or "::")

    async def main(net):
        first, second = (network.watch_interfaces(lambda: None) for _ in range(2))
        assert asked == []
        await asyncio.sleep(FIRST_LOOK_S + 0.1)
        assert asked == ["addresses", "route", "route"]
        first.close()
        second.close()
        network.watch_interfaces(lambda: None).close()
        assert len(asked) == 3

    run(main)
    asyncio.run(main_again(network))


@pytest.mark.parametrize("family", [4, 6])
def test_a_default_route_may_move_later_than_the_addresses_change(polling, monkeypatch, family):
    network, heard = SystemNetwork(), []
    wifi, cell = ("10.0.0.1", "10.9.0.1") if family == 4 else ("fd00::1", "fd09::1")
    here = [Interface("wlan0", wifi), Interface("wwan0", cell)]
    routes = [wifi]

    def source_address(remote):
        if (":" in remote) == (family == 6) and routes:
            return routes[0]
        raise OSError("no route leads there")

    monkeypatch.setattr(interface, "list_interfaces", lambda: here)
    monkeypatch.setattr(interface, "source_address", source_address)

    async def main(net):
        subscription = network.watch_interfaces(lambda: heard.append(list(routes)))
        for there in ([wifi], [], [], [cell]):
            routes[:] = there
            await asyncio.sleep(POLL_INTERVAL_S)
        assert heard == [[wifi], [], [cell]]
        subscription.close()

    run(main)


async def main_again(network: SystemNetwork) -> None:
    """A network outlives the loops on which it was used."""
    network.watch_interfaces(lambda: None).close()
    assert len(network._watches) == 0


def test_a_loop_that_ended_takes_its_watch_along():
    network = SystemNetwork()

    class Listener:
        def __init__(self) -> None:
            self.watch = network.watch_interfaces(self.on_change)

        def on_change(self) -> None:
            pytest.fail("nobody looks any more")

    async def main() -> ref:
        return ref(Listener())

    left = asyncio.run(main())
    gc.collect()
    assert left() is None
    assert len(network._watches) == 0


def test_while_the_loop_runs_the_watch_holds_its_listener():
    network = SystemNetwork()

    async def main() -> None:
        left = ref(network.watch_interfaces(lambda: None)._watch)
        gc.collect()
        assert network._watches == {id(asyncio.get_running_loop()): left()}
        left()._listeners[0].close()

    asyncio.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux")
def test_linux_tells():
    sock = interface_watch._open_netlink()
    assert sock is not None
    of_routes = interface_watch._RTMGRP_IPV4_ROUTE | interface_watch._RTMGRP_IPV6_ROUTE
    assert sock.getsockname()[1] & of_routes == of_routes
    interface_watch._discard(sock)
    sock.close()
