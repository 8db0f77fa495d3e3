import asyncio

import pytest

from frazil.aio import Interface
from frazil.testing import BlockableNetwork, run
from frazil.testing.blockable_stream import MAX_HELD_BYTES
from frazil.types import Datagram, Transmit
from support.stream_end import StreamEnd


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


# --- streams ------------------------------------------------------------------------------------


async def streams(net):
    """A client on a network that can be blocked, a server on one that cannot."""
    client, server = net.host("client", "10.0.0.1"), net.host("server", "10.0.0.2")
    network, near, far = BlockableNetwork(client), StreamEnd(), StreamEnd()
    listener = await server.listen_tcp("10.0.0.2", 443, far.accept)
    near.stream = await network.connect_tcp(listener.local, near.handlers)
    return network, near, far, listener


def test_streams_stand_still_and_go_on():
    async def main(net):
        network, near, far, listener = await streams(net)
        assert near.stream.local == far.stream.remote
        assert near.stream.remote == far.stream.local
        network.block()
        for end in (near, far):
            end.send(b"first ")
            end.send(b"second")
        await asyncio.sleep(5)
        assert (near.data, far.data) == (b"", b"")
        network.heal()
        assert near.data == b"first second"
        await asyncio.sleep(1)
        assert far.data == b"first second"
        near.send(b"!")
        far.send(b"!")
        await asyncio.sleep(1)
        assert near.data == far.data == b"first second!"
        for each in (near, far, listener):
            each.close()
        assert network._streams == set()

    run(main)


def test_the_end_of_a_stream_is_held_back_behind_its_data():
    async def main(net):
        network, near, far, listener = await streams(net)
        network.block()
        far.send(b"last")
        far.close()
        await asyncio.sleep(5)
        assert (near.data, near.ends) == (b"", 0)
        network.heal()
        assert (near.data, near.ends) == (b"last", 1)
        assert network._streams == set()
        listener.close()

    run(main)


def test_what_waits_in_a_stream_is_bounded_both_ways():
    async def main(net):
        network, near, far, listener = await streams(net)
        network.block()
        message = bytes(200 * 1024)
        for _ in range(5):
            near.send(message)
        assert near.stream.dropped == 3
        while far.ends == 0:
            far.send(message)
            await asyncio.sleep(1)
        assert far.stream.dropped == 0
        network.heal()
        assert MAX_HELD_BYTES - len(message) < len(near.data) <= MAX_HELD_BYTES
        assert near.ends == 1
        for each in (near, far, listener):
            each.close()

    run(main)


def test_nothing_is_called_after_close_though_it_was_held_back():
    async def main(net):
        network, near, far, listener = await streams(net)
        network.block()
        far.send(b"x")
        await asyncio.sleep(1)
        near.close()
        network.heal()
        await asyncio.sleep(1)
        assert (near.data, near.ends, far.ends) == (b"", 0, 1)
        listener.close()

    run(main)


def test_attempts_wait_until_nothing_is_blocked_and_failures_are_forgotten():
    async def main(net):
        network, near, far, listener = await streams(net)
        network.block()
        other = StreamEnd()
        far.close()
        attempt = asyncio.create_task(network.connect_tcp(listener.local, other.handlers))
        await asyncio.sleep(5)
        assert not attempt.done()
        network.heal()
        (await attempt).close()
        with pytest.raises(ConnectionRefusedError):
            await network.connect_tcp(("10.0.0.2", 1), other.handlers)
        assert network._streams == set()
        for each in (near, far, listener):
            each.close()

    run(main)


def test_streams_that_arrive_can_be_blocked_as_well():
    async def main(net):
        network, near, far = (
            BlockableNetwork(net.host("server", "10.0.0.2")),
            StreamEnd(),
            StreamEnd(),
        )
        listener = await network.listen_tcp("10.0.0.2", 443, far.accept)
        client = net.host("client", "10.0.0.1")
        near.stream = await client.connect_tcp(listener.local, near.handlers)
        network.block()
        near.send(b"x")
        await asyncio.sleep(1)
        assert far.data == b""
        network.heal()
        assert far.data == b"x"
        for each in (near, far, listener):
            each.close()

    run(main)
