import asyncio

import pytest

from frazil.aio import Interface
from frazil.testing import BlockableNetwork, run
from frazil.types import Datagram, Transmit


def exchange(script):
    """Run a script on two sockets of one machine: near is on the blockable network, far is not."""

    async def main(net):
        machine = net.host("machine", "127.0.0.1", "10.0.0.1")
        network = BlockableNetwork(machine)
        heard = {"near": [], "far": []}
        near = network.open_udp("127.0.0.1", 7000, heard["near"].extend)
        far = machine.open_udp("127.0.0.1", 8000, heard["far"].extend)
        await script(network, near, far, heard)
        near.close()
        far.close()

    run(main)


def to(sender, receiver, data, segment_size=None):
    sender.send([Transmit(data, segment_size or len(data), sender.local, receiver.local)])


def test_an_open_path_carries_everything():
    async def script(network, near, far, heard):
        assert near.local == ("127.0.0.1", 7000)
        assert not network.is_blocked
        to(near, far, b"there")
        to(far, near, b"back")
        await asyncio.sleep(1)
        assert heard["far"] == [Datagram(b"there", far.local, near.local)]
        assert heard["near"] == [Datagram(b"back", near.local, far.local)]
        assert network.lost == 0

    exchange(script)


def test_a_blocked_path_loses_both_directions_and_counts_datagrams():
    async def script(network, near, far, heard):
        network.block()
        assert network.is_blocked
        to(near, far, b"abcde", segment_size=2)
        to(far, near, b"back")
        await asyncio.sleep(1)
        assert heard == {"near": [], "far": []}
        assert network.lost == 4
        assert near.dropped == 0  # they left this host: the network lost them

    exchange(script)


def test_a_healed_path_carries_what_is_sent_from_then_on():
    async def script(network, near, far, heard):
        network.block()
        to(near, far, b"lost")
        await asyncio.sleep(1)
        network.heal()
        to(near, far, b"kept")
        await asyncio.sleep(1)
        assert [one.data for one in heard["far"]] == [b"kept"]

    exchange(script)


def test_what_is_on_its_way_when_the_path_is_cut_is_lost():
    async def script(network, near, far, heard):
        to(far, near, b"too late")
        network.block()
        await asyncio.sleep(1)
        assert heard["near"] == []
        assert network.lost == 1

    exchange(script)


def test_a_closed_socket_drops_as_the_inner_one_does():
    async def script(network, near, far, heard):
        near.close()
        to(near, far, b"x")
        assert near.dropped == 1

    exchange(script)


def test_only_the_chosen_interfaces_are_shown():
    async def main(net):
        machine = net.host("machine", "127.0.0.1", "10.0.0.1")
        everything = BlockableNetwork(machine)
        loopback = BlockableNetwork(machine, only=lambda interface: interface.is_loopback)
        assert everything.interfaces() == machine.interfaces()
        assert loopback.interfaces() == [Interface("lo", "127.0.0.1")]

    run(main)


def test_names_and_randomness_come_from_the_inner_network():
    async def main(net):
        net.names["peer.example"] = ["10.0.0.9"]
        network = BlockableNetwork(net.host("machine", "10.0.0.1"))
        network.block()
        assert await network.resolve("peer.example", 9) == [("10.0.0.9", 9)]
        with pytest.raises(OSError, match="no virtual name"):
            await network.resolve("other.example", 9)
        assert len(network.random_bytes(16)) == 16

    run(main)
