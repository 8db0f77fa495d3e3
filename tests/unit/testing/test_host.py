import asyncio
import errno

import pytest

from frazil.aio import Interface, usable
from frazil.aio.network import StreamHandlers
from frazil.testing import BlockableNetwork, VirtualNetwork, run
from frazil.types import Datagram, Transmit


def to(sender, data, remote, segment_size=None):
    return Transmit(data, segment_size or len(data), sender.local, remote)


def on(main):
    """Run a plain function on a network."""

    async def run_plain(net):
        return main(net)

    return run(run_plain)


# --- interfaces -------------------------------------------------------------------------------


def test_interfaces_have_names_and_canonical_addresses():
    net = VirtualNetwork()
    alice = net.host("alice", "10.0.0.1", "2001:DB8::1", "127.0.0.1")
    alice.add_interface("fe80::1", "eth1")
    assert alice.interfaces() == [
        Interface("eth0", "10.0.0.1"),
        Interface("eth1", "2001:db8::1"),
        Interface("lo", "127.0.0.1"),
        Interface("eth1", "fe80::1"),
    ]
    assert [one.address for one in usable(alice.interfaces())] == ["10.0.0.1", "2001:db8::1"]


def test_interface_names_are_not_reused():
    alice = VirtualNetwork().host("alice", "10.0.0.1", "10.0.0.2")
    alice.remove_interface("10.0.0.1")
    assert alice.add_interface("10.0.0.3") == Interface("eth2", "10.0.0.3")
    assert [one.address for one in alice.interfaces()] == ["10.0.0.2", "10.0.0.3"]


def test_a_new_interface_is_none_that_has_a_name_already():
    async def main(net):
        alice = net.host("alice")
        alice.add_interface("10.0.0.1", "eth0")
        alice.add_interface("10.0.0.2", "eth2")
        alice.remove_interface("10.0.0.2")
        for number, name in ((3, "eth1"), (4, "eth3")):
            address = f"10.0.0.{number}"
            assert alice.add_interface(address) == Interface(name, address)
        alice.take_down("eth0")
        assert [each.address for each in alice.interfaces()] == ["10.0.0.3", "10.0.0.4"]

    run(main)


def test_an_address_belongs_to_one_host():
    net = VirtualNetwork()
    alice, bob = net.host("alice", "10.0.0.1"), net.host("bob", "::1")
    with pytest.raises(ValueError, match=r"alice already has 10\.0\.0\.1"):
        bob.add_interface("10.0.0.1")
    with pytest.raises(ValueError, match="bob already has ::1"):
        bob.add_interface("0:0::1")
    alice.remove_interface("10.0.0.1")
    bob.add_interface("10.0.0.1")
    with pytest.raises(ValueError, match=r"bob already has 10\.0\.0\.1"):
        alice.add_interface("10.0.0.1")


def test_of_a_host_that_cannot_be_made_nothing_is_left():
    net = VirtualNetwork()
    net.host("alice", "10.0.0.1")
    home = net.firewall("home")
    for behind, taken, mine in [
        (None, "10.0.0.1", "10.0.0.2"),
        (home, "10.0.0.1", "10.0.0.3"),
        (None, "10.0.0.1.1", "10.0.0.4"),
    ]:
        with pytest.raises(ValueError, match=taken):
            net.host("bob", mine, taken, behind=behind)
        assert net.host(f"carol {mine}", mine).has(mine)
    assert net.host("bob", "10.0.0.5").has("10.0.0.5")
    with pytest.raises(TypeError):
        net.stun_server("10.0.0.6", "stun.example")
    assert net.stun_server("10.0.0.6", name="stun.example").address == ("10.0.0.6", 3478)


def test_removing_what_is_not_there_is_an_error():
    net = VirtualNetwork()
    net.host("bob", "10.0.0.2")
    with pytest.raises(LookupError):
        net.host("alice", "10.0.0.1").remove_interface("10.0.0.2")


def test_repr_tells_name_and_addresses():
    net = VirtualNetwork()
    assert repr(net.host("alice", "10.0.0.1", "::1")) == "<host alice: 10.0.0.1, ::1>"
    assert repr(net.host("bob")) == "<host bob: offline>"


# --- sockets ----------------------------------------------------------------------------------


def test_open_udp_takes_the_port_or_a_free_one():
    alice = VirtualNetwork().host("alice", "10.0.0.1", "10.0.0.2")
    first, second = alice.open_udp("10.0.0.1", 0, print), alice.open_udp("10.0.0.1", 0, print)
    assert first.local[0] == second.local[0] == "10.0.0.1"
    assert 49_152 <= first.local[1] != second.local[1] >= 49_152
    assert alice.open_udp("10.0.0.1", 5000, print).local == ("10.0.0.1", 5000)
    assert alice.open_udp("10.0.0.2", 5000, print).local == ("10.0.0.2", 5000)
    assert len(alice.sockets()) == 4


def test_open_udp_raises_like_the_system():
    alice = VirtualNetwork().host("alice", "10.0.0.1")
    alice.open_udp("10.0.0.1", 5000, print)
    for host, port, number in [
        ("10.0.0.1", 5000, errno.EADDRINUSE),
        ("10.0.0.2", 0, errno.EADDRNOTAVAIL),
        ("0.0.0.0", 0, errno.EADDRNOTAVAIL),
    ]:
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
            alice.open_udp(host, port, print)
        assert caught.value.errno == number
    with pytest.raises(ValueError, match="localhost"):
        alice.open_udp("localhost", 0, print)
    for port in (-1, 65_536):
        with pytest.raises(OverflowError):
            alice.open_udp("10.0.0.1", port, print)


def test_ports_run_out_and_come_back():
    alice = VirtualNetwork().host("alice", "10.0.0.1")
    opened = [alice.open_udp("10.0.0.1", 0, print) for _ in range(65_536 - 49_152)]
    assert len({one.local for one in opened}) == len(opened)
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked
        alice.open_udp("10.0.0.1", 0, print)
    assert caught.value.errno == errno.EADDRINUSE
    opened[100].close()
    assert alice.open_udp("10.0.0.1", 0, print).local == opened[100].local


def test_a_free_port_is_not_reused_at_once():
    alice = VirtualNetwork().host("alice", "10.0.0.1")
    first = alice.open_udp("10.0.0.1", 0, print)
    first.close()
    assert alice.open_udp("10.0.0.1", 0, print).local != first.local


def test_close_frees_the_port_and_is_idempotent():
    alice = VirtualNetwork().host("alice", "10.0.0.1")
    first = alice.open_udp("10.0.0.1", 5000, print)
    first.close()
    second = alice.open_udp("10.0.0.1", 5000, print)
    first.close()
    assert alice.sockets() == [second]


def test_closed_sockets_send_and_hear_nothing():
    async def main(net):
        heard = []
        alice = net.host("alice", "10.0.0.1").open_udp("10.0.0.1", 0, heard.append)
        bob = net.host("bob", "10.0.0.2").open_udp("10.0.0.2", 0, heard.append)
        alice.send([to(alice, b"x", bob.local)])
        bob.close()
        alice.close()
        alice.send([to(alice, b"abc", bob.local, 2), to(alice, b"d", bob.local)])
        assert alice.dropped == 3
        await asyncio.sleep(1)
        assert heard == []
        assert len(net.packets) == 1

    run(main)


def test_close_within_the_instant_of_arrival_wins():
    async def main(net):
        heard = []
        alice = net.host("alice", "10.0.0.1").open_udp("10.0.0.1", 0, heard.append)
        bob_host = net.host("bob", "10.0.0.2")

        def hear(batch):
            heard.append(batch)
            for each in bobs:
                each.close()

        bobs = [bob_host.open_udp("10.0.0.2", 0, hear) for _ in range(2)]
        alice.send([to(alice, b"x", bob.local) for bob in bobs])
        await asyncio.sleep(1)
        assert [batch[0].local for batch in heard] == [bobs[0].local]
        alice.close()

    run(main)


@pytest.mark.parametrize("size", [0, -1])
def test_send_raises_for_a_segment_size_that_is_none(size):
    def main(net):
        alice = net.host("alice", "10.0.0.1").open_udp("10.0.0.1", 0, print)
        with pytest.raises(ValueError, match="segment size"):
            alice.send([Transmit(b"x", size, alice.local, alice.local)])
        alice.close()

    on(main)


def test_repr_of_a_socket_tells_whose_it_is():
    opened = VirtualNetwork().host("alice", "10.0.0.1").open_udp("10.0.0.1", 5000, print)
    assert repr(opened) == "<UDP socket of alice at 10.0.0.1 port 5000>"


# --- loss of an interface ---------------------------------------------------------------------


def test_removed_interface_makes_sockets_deaf_and_mute_until_it_is_back():
    async def main(net):
        heard = {"alice": [], "bob": []}

        def hear(name):
            return lambda batch: heard[name].extend(one.data for one in batch)

        alice_host = net.host("alice", "10.0.0.1", "10.0.0.9")
        bob_host = net.host("bob", "10.0.0.2")
        alice = alice_host.open_udp("10.0.0.1", 0, hear("alice"))
        bob = bob_host.open_udp("10.0.0.2", 0, hear("bob"))

        async def exchange(text):
            alice.send([to(alice, text, bob.local)])
            bob.send([to(bob, text, alice.local)])
            await asyncio.sleep(1)

        await exchange(b"before")
        alice.send([to(alice, b"on the way", bob.local)])
        bob.send([to(bob, b"on the way", alice.local)])
        alice_host.remove_interface("10.0.0.1")
        await exchange(b"while")
        alice_host.add_interface("10.0.0.1")
        await exchange(b"after")
        assert heard == {
            "alice": [b"before", b"after"],
            "bob": [b"before", b"on the way", b"after"],
        }
        assert (alice.dropped, bob.dropped) == (1, 0)
        assert net.counters == {"delivered": 5, "unheard": 1, "unroutable": 1}
        alice.close()
        bob.close()

    run(main)


# --- names and randomness ---------------------------------------------------------------------


def test_resolve_knows_literals_and_the_names_of_the_network():
    async def main(net):
        alice = net.host("alice", "10.0.0.1")
        net.names["stun.example"] = ["2001:DB8::1", "192.0.2.1"]
        assert await alice.resolve("stun.example", 3478) == [
            ("2001:db8::1", 3478),
            ("192.0.2.1", 3478),
        ]
        assert await alice.resolve("::ffff:10.0.0.7", 1) == [("10.0.0.7", 1)]
        with pytest.raises(OSError, match=r"no virtual name 'nowhere\.example'"):
            await alice.resolve("nowhere.example", 1)

    run(main)


def test_random_bytes_depend_on_seed_and_host_only():
    def draw(seed, *hosts):
        net = VirtualNetwork(seed)
        made = [net.host(name) for name in hosts]
        return {host.name: (host.random_bytes(4), host.random_bytes(12)) for host in made}

    both = draw(1, "alice", "bob")
    assert draw(1, "bob", "alice") == both
    assert draw(1, "alice")["alice"] == both["alice"] != both["bob"]
    assert draw(2, "alice")["alice"] != both["alice"]
    assert [len(part) for part in both["alice"]] == [4, 12]


def test_a_host_writes_from_its_oldest_address_of_the_family():
    def main(net):
        host = net.host("alice", "127.0.0.1", "10.0.0.1", "10.0.0.2", "fd00::1")
        assert host.source_address("192.0.2.1") == "10.0.0.1"
        assert host.source_address("2001:db8::1") == "fd00::1"
        assert host.source_address("127.0.0.1") == "127.0.0.1"
        host.remove_interface("10.0.0.1")
        assert host.source_address("192.0.2.1") == "10.0.0.2"
        host.remove_interface("fd00::1")
        with pytest.raises(OSError, match=r".+") as info:
            host.source_address("2001:db8::1")
        assert info.value.errno == errno.ENETUNREACH
        assert BlockableNetwork(host).source_address("192.0.2.1") == "10.0.0.2"

    on(main)


def test_a_route_goes_and_comes():
    async def main(net: VirtualNetwork) -> None:
        host = net.host("alice", "10.0.0.1", "10.0.0.2")
        other = net.host("bob", "10.0.0.3")
        heard: list[str] = []
        inbox: list[Datagram] = []
        handlers = StreamHandlers(lambda data: None, lambda error: None)
        watch = host.watch_interfaces(lambda: heard.append(host.source_address("192.0.2.1")))
        socket = host.open_udp("10.0.0.1", 5000, inbox.extend)
        there = other.open_udp("10.0.0.3", 5000, inbox.extend)
        host.remove_route("10.0.0.1")
        await asyncio.sleep(0)
        socket.send([Transmit(b"lost", 4, socket.local, there.local)])
        there.send([Transmit(b"heard", 5, there.local, socket.local)])
        with pytest.raises(OSError, match=r".+") as info:
            await host.connect_tcp(there.local, handlers, local="10.0.0.1")
        assert info.value.errno == errno.ENETUNREACH
        await asyncio.sleep(1)
        assert [each.data for each in inbox] == [b"heard"]
        assert socket.dropped == 1
        with pytest.raises(LookupError, match="no route"):
            host.remove_route("10.0.0.1")
        host.add_route("10.0.0.1")
        with pytest.raises(LookupError):
            host.add_route("10.0.0.1")
        await asyncio.sleep(0)
        socket.send([Transmit(b"sent", 4, socket.local, there.local)])
        await asyncio.sleep(1)
        assert [each.data for each in inbox] == [b"heard", b"sent"]
        assert heard == ["10.0.0.2", "10.0.0.1"]
        watch.close()
        host.remove_route("10.0.0.1")
        host.remove_interface("10.0.0.1")
        host.add_interface("10.0.0.1")
        assert host.has_route("10.0.0.1")
        socket.close()
        there.close()

    run(main)


def test_whoever_watches_hears_of_each_change_in_its_instant():
    async def main(net: VirtualNetwork) -> None:
        host = net.host("alice", "10.0.0.1")
        heard: list[list[str]] = []
        watch = host.watch_interfaces(
            lambda: heard.append([each.address for each in host.interfaces()])
        )
        host.add_interface("10.0.0.2", "wwan0")
        assert heard == []  # never from within a method
        await asyncio.sleep(0)
        host.take_down("wwan0")
        await asyncio.sleep(0)
        host.bring_up("wwan0")
        await asyncio.sleep(0)
        assert heard == [["10.0.0.1", "10.0.0.2"], ["10.0.0.1"], ["10.0.0.1", "10.0.0.2"]]
        host.remove_interface("10.0.0.1")
        watch.close()
        watch.close()
        await asyncio.sleep(0)
        assert len(heard) == 3

    run(main)


def test_an_interface_that_is_off_keeps_its_addresses_for_later():
    async def main(net: VirtualNetwork) -> None:
        home = net.nat("home", "203.0.113.5")
        host = net.host("alice")
        host.add_interface("192.168.1.2", "wlan0", behind=home)
        host.add_interface("2001:db8::2", "wlan0")
        host.add_interface("10.9.0.1", "wwan0")
        host.take_down("wlan0")
        assert [each.address for each in host.interfaces()] == ["10.9.0.1"]
        with pytest.raises(LookupError, match="wlan0"):
            host.take_down("wlan0")
        host.bring_up("wlan0")
        assert host.interfaces() == [
            Interface("wwan0", "10.9.0.1"),
            Interface("wlan0", "192.168.1.2"),
            Interface("wlan0", "2001:db8::2"),
        ]
        assert host.realm("192.168.1.2") is home.inside
        with pytest.raises(LookupError):
            host.bring_up("wlan0")

    run(main)


def test_an_interface_that_is_off_gets_no_other_address():
    async def main(net: VirtualNetwork) -> None:
        host = net.host("alice")
        host.add_interface("192.168.1.2", "wlan0")
        host.take_down("wlan0")
        with pytest.raises(ValueError, match="wlan0 of alice is off"):
            host.add_interface("192.168.7.2", "wlan0")
        host.bring_up("wlan0")
        host.add_interface("192.168.7.2", "wlan0")
        host.take_down("wlan0")
        host.bring_up("wlan0")
        assert [each.address for each in host.interfaces()] == ["192.168.1.2", "192.168.7.2"]

    run(main)


def test_an_interface_stays_off_as_long_as_another_host_has_one_of_its_addresses():
    async def main(net: VirtualNetwork) -> None:
        host, bob = net.host("alice"), net.host("bob")
        for address in ("10.0.0.1", "10.0.0.2"):
            host.add_interface(address, "wlan0")
        host.take_down("wlan0")
        bob.add_interface("10.0.0.2")
        for _ in range(2):
            with pytest.raises(ValueError, match=r"bob already has 10\.0\.0\.2"):
                host.bring_up("wlan0")
            assert host.interfaces() == []
        bob.remove_interface("10.0.0.2")
        host.bring_up("wlan0")
        assert [each.address for each in host.interfaces()] == ["10.0.0.1", "10.0.0.2"]

    run(main)


def test_an_interface_stays_off_as_long_as_another_one_of_the_host_has_one_of_its_addresses():
    async def main(net: VirtualNetwork) -> None:
        home, cafe = net.nat("home", "203.0.113.5"), net.nat("cafe", "203.0.113.6")
        host, bob = net.host("alice"), net.host("bob")
        for address in ("192.168.1.2", "192.168.1.3"):
            host.add_interface(address, "wlan0", behind=home)
        host.take_down("wlan0")
        host.add_interface("192.168.1.2", "eth0", behind=cafe)
        bob.add_interface("192.168.1.3", behind=home)
        for _ in range(2):
            with pytest.raises(ValueError, match=r"alice already has 192\.168\.1\.2"):
                host.bring_up("wlan0")
            assert host.interfaces() == [Interface("eth0", "192.168.1.2")]
            assert host.realm("192.168.1.2") is cafe.inside
        host.remove_interface("192.168.1.2")
        bob.remove_interface("192.168.1.3")
        host.bring_up("wlan0")
        assert [each.address for each in host.interfaces()] == ["192.168.1.2", "192.168.1.3"]
        bob.add_interface("192.168.1.2", behind=cafe)

    run(main)
