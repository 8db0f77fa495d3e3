import asyncio

import pytest

from frazil.testing import Conditions, Fate, VirtualNetwork, capture, run
from frazil.types import Datagram
from support.two_hosts import Peer, chatter, now, play

# --- delivery ---------------------------------------------------------------------------------


def test_datagrams_arrive_after_the_delay_with_both_addresses():
    async def script(net, alice, bob):
        net.connect(alice.host, bob.host, Conditions(delay_s=0.25))
        await asyncio.sleep(1)
        alice.send(b"hello", bob)
        await asyncio.sleep(1)
        assert bob.heard == [(1.25, b"hello")]
        assert bob.batches == [[Datagram(b"hello", ("10.0.0.2", 5000), ("10.0.0.1", 5000))]]
        assert alice.heard == []

    play(script)


def test_default_conditions_hold_for_links_that_nobody_set_up():
    async def script(net, alice, bob):
        net.connect("alice", "2001:db8::2", Conditions(delay_s=0.2))
        alice.send(b"a", bob)
        await asyncio.sleep(1)
        net.default = Conditions(delay_s=0.5)
        alice.send(b"link exists", bob)
        alice.send(b"set up", bob, source=1, target=1)
        bob.send(b"new link", alice)
        await asyncio.sleep(1)
        assert bob.heard == [(0.001, b"a"), (1.2, b"set up"), (1.5, b"link exists")]
        assert alice.heard == [(1.5, b"new link")]

    play(script)


def test_another_default_rate_begins_with_an_empty_queue():
    async def script(net, alice, bob):
        net.default = Conditions(delay_s=0, rate_bps=8000)
        for _ in range(3):
            alice.send(bytes(972), bob)  # 1000 bytes of IPv4
        net.default = Conditions(delay_s=0, rate_bps=80_000)
        alice.send(bytes(972), bob)
        await asyncio.sleep(5)
        assert [at for at, _ in bob.heard] == [0.1, 1, 2, 3]

    play(script)


def test_network_can_be_given_a_default():
    assert VirtualNetwork(default=Conditions(loss=1)).default.loss == 1


def test_later_datagrams_on_a_quicker_link_arrive_first():
    async def script(net, alice, bob):
        net.connect("10.0.0.1", "10.0.0.2", Conditions(delay_s=0.5))
        net.connect("2001:db8::1", "2001:db8::2", Conditions(delay_s=0.1))
        alice.send(b"slow", bob)
        alice.send(b"quick", bob, source=1, target=1)
        await asyncio.sleep(1)
        assert bob.heard == [(0.1, b"quick"), (0.5, b"slow")]

    play(script)


def test_runs_are_cut_and_arrive_as_one_batch():
    async def script(net, alice, bob):
        alice.send(b"aabbc", bob, 2)
        alice.send(b"d", bob)
        await asyncio.sleep(1)
        assert [[one.data for one in batch] for batch in bob.batches] == [
            [b"aa", b"bb", b"c", b"d"]
        ]

    play(script)


def test_one_batch_per_socket_and_instant():
    async def script(net, alice, bob):
        carol = Peer(net, "carol", "10.0.0.3")
        net.connect(carol.host, bob.host, Conditions(delay_s=0.101))
        carol.send(b"from carol", bob)
        await asyncio.sleep(0.1)
        alice.send(b"v4", bob)
        alice.send(b"v6", bob, source=1, target=1)
        await asyncio.sleep(0.0005)
        alice.send(b"later", bob)
        await asyncio.sleep(1)
        assert [[one.data for one in batch] for batch in bob.batches] == [
            [b"from carol", b"v4"],
            [b"v6"],
            [b"later"],
        ]
        carol.close()

    play(script)


def test_no_delay_still_means_another_callback():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(delay_s=0))
        alice.send(b"x", bob)
        assert bob.heard == []
        await asyncio.sleep(0.001)
        assert bob.heard == [(0.0, b"x")]

    play(script)


def test_exception_in_one_handler_hurts_no_other():
    async def main(net):
        errors = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))
        host = net.host("alice", "10.0.0.1")
        broken = host.open_udp("10.0.0.1", 1, lambda batch: 1 / 0)
        bob = Peer(net, "bob", "10.0.0.2")
        bob.send(b"x", broken.local)
        bob.send(b"y", bob)
        await asyncio.sleep(1)
        assert bob.heard == [(0.001, b"y")]
        assert [type(error) for error in errors] == [ZeroDivisionError]
        broken.close()
        bob.close()

    run(main)


@pytest.mark.parametrize(
    ("target", "fate"),
    [
        (("10.9.9.9", 5000), Fate.UNROUTABLE),
        (("2001:db8::2", 5000), Fate.UNROUTABLE),  # IPv6 from an IPv4 socket
        (("127.0.0.1", 5000), Fate.UNROUTABLE),  # alice has no loopback interface
        (("10.0.0.2", 5001), Fate.UNHEARD),
    ],
)
def test_datagrams_to_nobody_vanish(target, fate):
    async def script(net, alice, bob):
        alice.send(b"x", target)
        await asyncio.sleep(1)
        assert [(packet.destination, packet.fate) for packet in net.packets] == [(target, fate)]
        assert alice.socket.dropped == 0

    play(script)


def test_who_writes_to_another_network_is_warned_once():
    async def script(net, alice, bob):
        other = VirtualNetwork()
        carol, dave = Peer(other, "carol", "10.0.0.3"), Peer(other, "dave", "10.0.0.2")
        with pytest.warns(RuntimeWarning, match=r"10\.0\.0\.3 is carol on another"):
            alice.send(b"x", carol)
        alice.send(b"y", carol)
        alice.send(b"z", dave)  # whose address is bob's here
        await asyncio.sleep(1)
        assert (carol.heard, [data for _, data in bob.heard]) == ([], [b"z"])
        carol.close()
        dave.close()

    play(script)


def test_nobody_is_warned_of_what_is_another_network_no_more():
    async def script(net, alice, bob):
        other = VirtualNetwork()
        carol = Peer(other, "carol", "127.0.0.1", "10.0.0.3")
        alice.send(b"x", ("127.0.0.1", 5000))
        other.close()
        alice.send(b"y", carol)
        alice.send(b"z", ("10.0.0.4", 5000))
        carol.close()

    play(script)


def test_loopback_addresses_lead_to_the_same_host():
    async def main(net):
        alice = Peer(net, "alice", "127.0.0.1", "10.0.0.1")
        bob = Peer(net, "bob", "127.0.0.1", "10.0.0.2")
        alice.send(b"to myself", ("127.0.0.1", 5000))
        alice.send(b"from loopback", ("10.0.0.1", 5000))
        alice.send(b"out of reach", ("10.0.0.2", 5000))
        await asyncio.sleep(1)
        assert [data for _, data in alice.heard] == [b"to myself", b"from loopback"]
        assert bob.heard == []
        assert net.counters == {Fate.DELIVERED: 2, Fate.UNROUTABLE: 1}
        alice.close()
        bob.close()

    run(main)


# --- links ------------------------------------------------------------------------------------


def test_directions_differ():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(delay_s=0.1), back=Conditions(delay_s=0.3))
        alice.send(b"up", bob)
        bob.send(b"down", alice)
        await asyncio.sleep(1)
        net.link(bob.host, alice.host).conditions = Conditions(delay_s=0.7)
        alice.send(b"up", bob)
        bob.send(b"down", alice)
        await asyncio.sleep(1)
        assert bob.heard == [(0.1, b"up"), (1.1, b"up")]
        assert alice.heard == [(0.3, b"down"), (1.7, b"down")]

    play(script)


def test_links_of_unknown_hosts_are_an_error():
    net = VirtualNetwork()
    net.host("alice", "10.0.0.1")
    with pytest.raises(LookupError, match="'bbo'"):
        net.link("alice", "bbo")
    with pytest.raises(LookupError, match="'bbo'"):
        net.connect("bbo", "alice", Conditions())


@pytest.mark.parametrize("name", ["alice", "10.0.0.9", "::1"])
def test_host_names_are_unique_and_no_addresses(name):
    net = VirtualNetwork()
    net.host("alice", "10.0.0.1")
    with pytest.raises(ValueError, match="cannot be the name"):
        net.host(name)


def test_rate_counts_the_headers_and_the_queue_overflows():
    async def script(net, alice, bob):
        slow = Conditions(delay_s=0.1, rate_bps=8000, queue_bytes=2000)
        net.connect("alice", "bob", slow)
        for _ in range(4):
            alice.send(bytes(972), bob)  # 1000 bytes of IPv4
        await asyncio.sleep(10)
        alice.send(bytes(952), bob, source=1, target=1)  # 1000 bytes of IPv6
        await asyncio.sleep(10)
        assert [at for at, _ in bob.heard] == [1.1, 2.1, 11.1]
        assert net.counters == {Fate.DELIVERED: 3, Fate.OVERFLOWED: 2}

    play(script)


def test_loss_is_seen_by_neither_end_but_counted():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(loss=0.25), back=Conditions())
        await chatter(alice, bob, count=2000, period=0.01)
        await chatter(bob, alice, count=100, period=0.01)
        await asyncio.sleep(1)
        up, down = net.link("alice", "bob").counters, net.link("bob", "alice").counters
        assert up[Fate.DELIVERED] + up[Fate.LOST] == 2000
        assert 422 < up[Fate.LOST] < 578
        assert len(bob.heard) == up[Fate.DELIVERED]
        assert down == {Fate.DELIVERED: 100}
        assert net.counters == up + down
        assert alice.socket.dropped == 0

    play(script)


def test_duplicates_arrive_together():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(duplication=1))
        alice.send(b"x", bob)
        await asyncio.sleep(1)
        assert [[one.data for one in batch] for batch in bob.batches] == [[b"x", b"x"]]

    play(script)


def test_held_back_datagrams_are_overtaken():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(reordering=0.2, holdback_s=0.035))
        await chatter(alice, bob, count=100, period=0.01)
        await asyncio.sleep(1)
        order = [int(data) for _, data in bob.heard]
        assert sorted(order) == list(range(100))
        assert order != sorted(order)

    play(script)


# --- determinism ------------------------------------------------------------------------------


def rough_talk(seed, bystanders=0):
    async def script(net, alice, bob):
        rough = Conditions(
            delay_s=0.05, jitter_s=0.04, loss=0.1, duplication=0.05, reordering=0.1, rate_bps=1e5
        )
        net.connect("alice", "bob", rough)
        others = [Peer(net, f"other {n}", f"10.0.1.{n}") for n in range(bystanders)]
        net.default = rough
        for number in range(300):
            alice.send(b"%d" % number, bob)
            bob.send(alice.host.random_bytes(20), alice)
            for other in others:
                other.send(b"noise", bob, target=0)
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        for other in others:
            other.close()
        return [packet for packet in net.packets if packet.source[0].startswith("10.0.0.")]

    return play(script, seed=seed)


def test_same_seed_same_capture():
    first = rough_talk(1)
    assert len(first) > 600
    assert {packet.fate for packet in first} == {Fate.DELIVERED, Fate.LOST}
    assert rough_talk(1) == first
    assert rough_talk(2) != first


def test_bystanders_change_nothing():
    assert rough_talk(1, bystanders=2) == rough_talk(1)


# --- blackouts --------------------------------------------------------------------------------


def received(peer):
    return [int(data) for _, data in peer.heard]


def test_block_and_heal():
    async def script(net, alice, bob):
        asyncio.get_running_loop().call_at(2.5, net.block, alice.host, bob.host)
        asyncio.get_running_loop().call_at(5.5, net.heal, bob.host, alice.host)
        async with asyncio.TaskGroup() as group:
            group.create_task(chatter(alice, bob, count=8))
            group.create_task(chatter(bob, alice, count=8))
        await asyncio.sleep(1)
        assert received(alice) == received(bob) == [0, 1, 2, 6, 7]
        assert net.counters == {Fate.DELIVERED: 10, Fate.BLOCKED: 6}

    play(script)


def test_window_begins_and_ends_at_exact_instants():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(delay_s=0))
        net.block(alice.host, bob.host, after_s=2, for_s=3)
        await chatter(alice, bob, at=[1.999, 2, 3, 4.999, 5])
        await asyncio.sleep(1)
        assert received(bob) == [0, 4]

    play(script)


def test_one_way():
    async def script(net, alice, bob):
        net.block("alice", "bob", one_way=True)
        alice.send(b"0", bob)
        bob.send(b"1", alice)
        await asyncio.sleep(1)
        assert (received(alice), received(bob)) == ([1], [])
        net.heal("bob", "alice")
        alice.send(b"2", bob)
        await asyncio.sleep(1)
        assert received(bob) == [2]

    play(script)


def test_what_is_on_the_way_into_a_blackout_is_lost():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(delay_s=0.5))
        net.block("alice", "bob", after_s=2, for_s=1)
        await chatter(alice, bob, at=[1.4, 1.6, 2.4, 2.6, 3.1])
        await asyncio.sleep(1)
        assert received(bob) == [0, 4]
        blocked = [(p.sent_at, round(p.at, 9)) for p in net.packets if p.fate is Fate.BLOCKED]
        assert blocked == [(1.6, 2.1), (2.4, 2.4), (2.6, 2.6)]

    play(script)


def test_one_path_or_a_whole_host_can_be_blocked():
    async def script(net, alice, bob):
        carol = Peer(net, "carol", "10.0.0.3")

        async def who_hears():
            for peer in (alice, bob, carol):
                peer.heard.clear()
            alice.send(b"4", bob)
            alice.send(b"6", bob, source=1, target=1)
            carol.send(b"4", bob)
            carol.send(b"4", alice)
            bob.send(b"4", carol)
            await asyncio.sleep(1)
            return [received(peer) for peer in (alice, bob, carol)]

        assert await who_hears() == [[4], [4, 4, 6], [4]]
        net.block("10.0.0.1", "10.0.0.2")
        assert await who_hears() == [[4], [6, 4], [4]]
        net.block("bob")
        assert await who_hears() == [[4], [], []]
        net.heal("bob")
        assert await who_hears() == [[4], [6, 4], [4]]
        net.block(None, "bob", one_way=True)
        assert await who_hears() == [[4], [], [4]]
        net.block()
        assert await who_hears() == [[], [], []]
        net.heal()
        assert await who_hears() == [[4], [4, 4, 6], [4]]
        carol.close()

    play(script)


def test_blackouts_overlap():
    async def script(net, alice, bob):
        net.block("alice", "bob", after_s=1, for_s=2)
        net.block("alice", after_s=2, for_s=3)
        await chatter(alice, bob, at=[0.5, 1.5, 2.5, 3.5, 5.5])
        await asyncio.sleep(1)
        assert received(bob) == [0, 4]

    play(script)


def test_past_blackouts_are_forgotten():
    async def script(net, alice, bob):
        for _ in range(100):
            net.block("alice", "bob", for_s=1)
            await asyncio.sleep(2)
        assert len(net._blackouts._all) == 2

    play(script)


def test_blocking_an_unknown_host_is_an_error():
    async def script(net, alice, bob):
        with pytest.raises(LookupError, match="'alicia'"):
            net.block("alicia")
        with pytest.raises(LookupError, match="'alicia'"):
            net.heal("alicia", "bob")

    play(script)


@pytest.mark.parametrize(
    "make", [lambda net: net.host("alice"), lambda net: net.nat("home", "203.0.113.5")]
)
def test_a_host_or_router_of_another_network_is_an_error(make):
    async def script(net, alice, bob):
        stranger = make(VirtualNetwork())
        with pytest.raises(LookupError, match=f"{stranger!r} is on another network"):
            net.block(stranger)
        with pytest.raises(LookupError, match="on another network"):
            net.heal("bob", stranger)
        with pytest.raises(LookupError, match="on another network"):
            net.link(stranger, "bob")
        with pytest.raises(LookupError, match="on another network"):
            net.connect("bob", stranger, Conditions())

    play(script)


# --- observation ------------------------------------------------------------------------------


def test_packets_tell_the_whole_journey():
    async def script(net, alice, bob):
        net.connect("alice", "bob", Conditions(delay_s=0.5))
        await asyncio.sleep(1)
        alice.send(b"hello", bob)
        await asyncio.sleep(0.1)
        alice.send(b"x", ("10.9.9.9", 9))
        await asyncio.sleep(1)
        source = ("10.0.0.1", 5000)
        assert net.packets == (
            (1.1, 1.1, source, ("10.9.9.9", 9), b"x", Fate.UNROUTABLE, (), "udp"),
            (1.0, 1.5, source, ("10.0.0.2", 5000), b"hello", Fate.DELIVERED, (), "udp"),
        )
        line = "1.000000 10.0.0.1 5000 > 10.0.0.2 5000, 5 bytes, delivered 1.500000"
        assert str(net.packets[1]) == line

    play(script)


def test_packets_are_bounded_and_counters_are_not(monkeypatch):
    monkeypatch.setattr(capture, "MAX_PACKETS", 50)

    async def script(net, alice, bob):
        await chatter(alice, bob, count=80)
        await asyncio.sleep(1)
        assert [int(packet.data) for packet in net.packets] == list(range(30, 80))
        assert net.counters == {Fate.DELIVERED: 80}

    play(script)


def test_listeners_see_every_packet_as_its_fate_is_sealed():
    async def script(net, alice, bob):
        seen, sizes = [], []
        net.listen(lambda packet: seen.append((now(), packet.fate)))
        net.listen(lambda packet: sizes.append(len(packet.data)))
        alice.send(b"x", bob)
        net.block("alice", after_s=1)
        await asyncio.sleep(2)
        alice.send(b"yy", bob)
        assert seen == [(0.001, Fate.DELIVERED), (2.0, Fate.BLOCKED)]
        assert sizes == [1, 2]

    play(script)


def test_sockets_lists_what_is_open_everywhere():
    async def script(net, alice, bob):
        server = net.stun_server("192.0.2.1")
        alice.sockets[1].close()
        assert net.sockets() == [alice.socket, *bob.sockets, *server.host.sockets()]
        net.close()
        assert net.sockets() == [alice.socket, *bob.sockets]

    play(script)


def test_close_ends_all_traffic():
    async def script(net, alice, bob):
        alice.send(b"x", bob)
        net.close()
        net.close()
        alice.send(b"y", bob)
        await asyncio.sleep(1)
        assert bob.heard == []
        assert net.packets == ()

    play(script)


def test_the_network_runs_in_real_time_too():
    async def main():
        net = VirtualNetwork()
        alice, bob = Peer(net, "alice", "10.0.0.1"), Peer(net, "bob", "10.0.0.2")
        alice.send(b"x", bob)
        async with asyncio.timeout(5):
            while not bob.heard:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.001)
        net.close()

    asyncio.run(main())
