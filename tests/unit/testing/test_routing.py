"""Datagrams on their way through NATs and firewalls of a virtual network."""

import asyncio

import pytest

from frazil.testing import (
    FULL_CONE,
    NO_UDP,
    SYMMETRIC,
    SYMMETRIC_RANDOM,
    Conditions,
    Fate,
    Hop,
    TransportProtocol,
    VirtualNetwork,
    run,
)
from support.nat_probe import send

HOME, OFFICE = "203.0.113.5", "203.0.113.9"
PRIVATE = "192.168.1.2"


def now():
    return asyncio.get_running_loop().time()


class Site:
    """A host with a socket, behind a router or not."""

    def __init__(self, net, name, address, behind=None, port=5000):
        self.router = behind
        self.host = net.host(name, address, behind=behind)
        self.heard = []
        self.socket = self.host.open_udp(address, port, self._hear)

    def _hear(self, batch):
        self.heard += [(round(now(), 9), each.data, each.remote) for each in batch]

    @property
    def news(self):
        """What was heard since the last look, without the time."""
        heard, self.heard = self.heard, []
        return [(data, remote) for _, data, remote in heard]

    def say(self, data, remote):
        send(self.socket, data, remote)

    def close(self):
        self.socket.close()


def play(script, *, kind=FULL_CONE, seed=0):
    """Alice at home, Bob in the office; both NATs of one kind, both hosts at one address."""

    async def main(net):
        home, office = net.nat("home", HOME, kind=kind), net.nat("office", OFFICE, kind=kind)
        alice, bob = Site(net, "alice", PRIVATE, home), Site(net, "bob", PRIVATE, office, 6000)
        try:
            await script(net, alice, bob)
        finally:
            alice.close()
            bob.close()

    run(main, seed=seed)


# --- the way ------------------------------------------------------------------------------------


def test_each_sees_the_public_address_of_the_other_and_knows_only_its_private_one():
    async def script(net, alice, bob):
        bob.say(b"open", (HOME, 5000))
        await asyncio.sleep(1)
        alice.say(b"hello", (OFFICE, 6000))
        await asyncio.sleep(1)
        assert bob.news == [(b"hello", (HOME, 5000))]
        assert alice.news == []  # what Bob sent came before Alice had opened her NAT
        bob.say(b"hi", (HOME, 5000))
        await asyncio.sleep(1)
        assert alice.news == [(b"hi", (OFFICE, 6000))]
        assert [one.address for one in alice.host.interfaces()] == [PRIVATE]

    play(script)


def test_captured_packets_show_the_addresses_on_every_side():
    async def script(net, alice, bob):
        bob.say(b"open", (HOME, 5000))
        await asyncio.sleep(1)
        alice.say(b"hello", (OFFICE, 6000))
        await asyncio.sleep(1)
        first, second = net.packets
        assert (first.fate, first.hops) == (
            Fate.UNBOUND,
            (Hop("office", (OFFICE, 6000), (HOME, 5000)),),
        )
        assert (second.source, second.destination) == ((PRIVATE, 5000), (OFFICE, 6000))
        assert second.hops == (
            Hop("home", (HOME, 5000), (OFFICE, 6000)),
            Hop("office", (HOME, 5000), (PRIVATE, 6000)),
        )
        assert str(second) == (
            "1.000000 192.168.1.2 5000 > 203.0.113.9 6000, "
            "via home 203.0.113.5 5000 > 203.0.113.9 6000, "
            "via office 203.0.113.5 5000 > 192.168.1.2 6000, 5 bytes, delivered 1.003000"
        )
        assert net.counters == {Fate.UNBOUND: 1, Fate.DELIVERED: 1}

    play(script)


def test_each_leg_is_a_link_with_conditions_and_counters_of_its_own():
    async def script(net, alice, bob):
        net.connect("alice", "home", Conditions(delay_s=0.25))
        net.connect("home", "office", Conditions(delay_s=0.5), Conditions(delay_s=1))
        bob.say(b"open", (HOME, 5000))
        alice.say(b"hello", (OFFICE, 6000))
        await asyncio.sleep(2)
        assert bob.heard == [(0.751, b"hello", (HOME, 5000))]
        # It was sent before Alice's NAT knew her, and came after.
        assert alice.heard == [(1.251, b"open", (OFFICE, 6000))]
        assert net.link("alice", "home").counters == {Fate.DELIVERED: 1}
        assert net.link("home", "office").counters == {Fate.DELIVERED: 1}
        assert net.link(PRIVATE, OFFICE).counters == {Fate.DELIVERED: 1}
        assert net.link(HOME, OFFICE).counters == {Fate.DELIVERED: 1}
        alice.say(b"nobody", (OFFICE, 1))
        await asyncio.sleep(2)
        assert net.link("home", "office").counters == {Fate.DELIVERED: 1, Fate.UNBOUND: 1}

    play(script)


def test_blocks_work_on_legs_and_on_whole_ways():
    async def script(net, alice, bob):
        async def passes():
            bob.say(b"x", (HOME, 5000))
            alice.say(b"x", (OFFICE, 6000))
            await asyncio.sleep(1)
            return bool(alice.news), bool(bob.news)

        await passes()
        assert await passes() == (True, True)
        for ends in (("alice", "bob"), ("alice",), ("home", "office"), ("office", "bob")):
            net.block(*ends)
            assert await passes() == (False, False), ends
            net.heal(*ends)
            assert await passes() == (True, True), ends
        net.block("bob", "alice", one_way=True)
        assert await passes() == (False, True)

    play(script)


@pytest.mark.parametrize("end", ["it ends", "it is healed", "it is forgotten"])
def test_what_is_sent_in_a_blackout_is_lost_though_it_would_arrive_after_it(end):
    async def script(net, alice, bob):
        bob.say(b"open", (HOME, 5000))
        net.connect("home", "office", Conditions(delay_s=0.5))
        await asyncio.sleep(1)
        net.block("alice", "bob", after_s=0.1, for_s=0.2)
        sent = (0, 0.15, 0.35)
        for at in sent:
            asyncio.get_running_loop().call_later(at, alice.say, f"{at}".encode(), (OFFICE, 6000))
        await asyncio.sleep(0.25)
        if end == "it is healed":
            net.heal("alice", "bob")
        await asyncio.sleep(0.1)
        if end == "it is forgotten":
            net.block("alice", "office", protocol=TransportProtocol.TCP)
        await asyncio.sleep(1)
        assert [data for data, _ in bob.news] == [b"0", b"0.35"]
        assert net.counters[Fate.BLOCKED] == 1

    play(script)


def test_hosts_behind_one_router_reach_each_other_directly():
    async def script(net, alice, bob):
        carol = Site(net, "carol", "192.168.1.3", alice.router)
        carol.say(b"lan", (PRIVATE, 5000))
        await asyncio.sleep(1)
        assert alice.heard == [(0.001, b"lan", ("192.168.1.3", 5000))]
        assert net.packets[0].hops == ()
        carol.close()

    play(script)


def test_what_came_in_does_not_go_out_again():
    async def script(net, alice, bob):
        net.connect("home", "office", Conditions(delay_s=0.5))
        alice.say(b"x", (OFFICE, 6000))
        await asyncio.sleep(1)
        bob.say(b"y", (HOME, 5000))
        alice.host.remove_interface(PRIVATE)
        await asyncio.sleep(2)
        assert net.packets[-1].fate is Fate.UNROUTABLE
        assert net.packets[-1].hops[-1] == Hop("home", (OFFICE, 6000), (PRIVATE, 5000))

    play(script)


def test_private_addresses_lead_nowhere_outside():
    async def script(net, alice, bob):
        alice.say(b"x", ("192.168.77.1", 6000))
        await asyncio.sleep(1)
        assert net.packets[-1].fate is Fate.UNROUTABLE

    play(script)


def test_double_nat():
    async def main(net):
        carrier = net.nat("carrier", "198.51.100.1")
        homes = [net.nat(f"home {n}", f"100.64.0.{n}", behind=carrier) for n in (1, 2)]
        alice, carol = (
            Site(net, name, PRIVATE, home)
            for name, home in zip(("alice", "carol"), homes, strict=True)
        )
        bob = Site(net, "bob", "192.0.2.9", port=6000)
        for site in (alice, carol):
            site.say(b"hello", bob.socket.local)
        await asyncio.sleep(1)
        assert bob.news == [
            (b"hello", ("198.51.100.1", 5000)),
            (b"hello", ("198.51.100.1", 5001)),
        ]
        bob.say(b"hi", ("198.51.100.1", 5001))
        await asyncio.sleep(1)
        assert (alice.news, carol.news) == ([], [(b"hi", bob.socket.local)])
        assert [hop.router for hop in net.packets[-1].hops] == ["carrier", "home 2"]

        # Both homes are inside the carrier's network: it turns their datagrams round.
        alice.say(b"punch", ("198.51.100.1", 5001))
        await asyncio.sleep(1)
        carol.say(b"neighbour", ("198.51.100.1", 5000))
        await asyncio.sleep(1)
        assert alice.news == [(b"neighbour", ("198.51.100.1", 5001))]
        assert net.packets[-1].hops == (
            Hop("home 2", ("100.64.0.2", 5000), ("198.51.100.1", 5000)),
            Hop("carrier", ("198.51.100.1", 5001), ("100.64.0.1", 5000)),
            Hop("home 1", ("198.51.100.1", 5001), (PRIVATE, 5000)),
        )
        for site in (alice, bob, carol):
            site.close()

    run(main)


def test_ipv6_behind_a_home_router_is_not_translated_but_filtered():
    async def main(net):
        home = net.nat("home", HOME)
        alice = Site(net, "alice", "2001:db8:1::2", home)
        bob = Site(net, "bob", "2001:db8:9::9", port=6000)
        bob.say(b"knock", alice.socket.local)
        await asyncio.sleep(1)
        assert (alice.news, net.packets[-1].fate) == ([], Fate.UNBOUND)
        alice.say(b"hello", bob.socket.local)
        await asyncio.sleep(1)
        bob.say(b"hi", alice.socket.local)
        await asyncio.sleep(1)
        assert bob.news == [(b"hello", alice.socket.local)]
        assert alice.news == [(b"hi", bob.socket.local)]
        alice.close()
        bob.close()

    run(main)


def test_firewall_stops_datagrams():
    async def main(net):
        hotel = net.firewall("hotel", NO_UDP)
        alice, bob = Site(net, "alice", "192.0.2.8", hotel), Site(net, "bob", "192.0.2.9")
        alice.say(b"out", bob.socket.local)
        bob.say(b"in", alice.socket.local)
        await asyncio.sleep(1)
        assert net.counters == hotel.counters == {Fate.FORBIDDEN: 2}
        assert (alice.news, bob.news) == ([], [])
        alice.close()
        bob.close()

    run(main)


# --- hosts and names ----------------------------------------------------------------------------


def test_a_host_may_be_in_several_places_and_move():
    async def main(net):
        home, mobile = net.nat("home", HOME), net.nat("mobile", OFFICE)
        bob = Site(net, "bob", "192.0.2.9", port=6000)
        phone = net.host("phone", PRIVATE, behind=home)
        phone.add_interface("10.9.0.2", "wwan0", behind=mobile)
        sockets = [phone.open_udp(one.address, 5000, print) for one in phone.interfaces()]
        for socket in sockets:
            send(socket, b"x", bob.socket.local)
        phone.remove_interface(PRIVATE)
        phone.add_interface(PRIVATE, behind=mobile)
        await asyncio.sleep(1)
        send(sockets[0], b"moved", bob.socket.local)
        await asyncio.sleep(1)
        assert bob.news == [
            (b"x", (HOME, 5000)),
            (b"x", (OFFICE, 5000)),
            (b"moved", (OFFICE, 5001)),
        ]
        for socket in sockets:
            socket.close()
        bob.close()

    run(main)


class Group:
    """Members of one multicast group, and what each of them heard."""

    AT = ("224.0.0.251", 5353)

    def __init__(self):
        self.heard = {}
        self._sockets = {}

    def join(self, host, address):
        if host.name in self._sockets:
            self._sockets[host.name].close()
        self.heard[host.name] = heard = []
        self._sockets[host.name] = host.open_multicast(
            address, self.AT, lambda batch: heard.extend(each.data for each in batch)
        )

    async def say(self, name, data):
        send(self._sockets[name], data, self.AT)
        await asyncio.sleep(1)

    def close(self):
        for socket in self._sockets.values():
            socket.close()


def test_a_member_of_a_multicast_group_is_one_until_its_address_goes_away():
    async def main(net):
        home, cafe = net.nat("home", HOME), net.nat("cafe", OFFICE)
        laptop, group = net.host("laptop"), Group()
        laptop.add_interface(PRIVATE, "wlan0", behind=home)
        group.join(laptop, PRIVATE)
        group.join(net.host("alice", "192.168.1.3", behind=home), "192.168.1.3")
        group.join(net.host("bob", "192.168.1.3", behind=cafe), "192.168.1.3")

        laptop.remove_interface(PRIVATE)
        await group.say("alice", b"is anybody here?")
        assert home.bindings == ()  # nothing has left for an address that is nowhere
        await group.say("laptop", b"lost")
        laptop.add_interface(PRIVATE, "wlan0", behind=cafe)
        await group.say("laptop", b"lost as well")
        await group.say("bob", b"who is there?")
        group.join(laptop, PRIVATE)
        await group.say("laptop", b"hello")
        await group.say("bob", b"welcome")
        assert group.heard == {
            "laptop": [b"hello", b"welcome"],
            "alice": [b"is anybody here?"],
            "bob": [b"who is there?", b"hello", b"welcome"],
        }
        group.close()

    run(main)


def test_whoever_gets_the_address_of_a_member_hears_everything_once():
    async def main(net):
        home = net.nat("home", HOME)
        alice, bob, group = net.host("alice", PRIVATE, behind=home), net.host("bob"), Group()
        group.join(alice, PRIVATE)
        alice.remove_interface(PRIVATE)
        bob.add_interface(PRIVATE, behind=home)
        group.join(bob, PRIVATE)
        await group.say("bob", b"hello")
        assert group.heard == {"alice": [], "bob": [b"hello"]}
        group.close()

    run(main)


def test_names_are_unique_among_hosts_and_routers():
    net = VirtualNetwork()
    net.nat("home", HOME)
    net.host("alice")
    for make in (
        lambda: net.host("home"),
        lambda: net.nat("alice", OFFICE),
        lambda: net.firewall("home"),
    ):
        with pytest.raises(ValueError, match="cannot be the name of another host or router"):
            make()


def test_a_nat_needs_public_addresses_that_are_free():
    net = VirtualNetwork()
    net.host("bob", OFFICE)
    with pytest.raises(ValueError, match="a NAT needs a public address"):
        net.nat("home")
    with pytest.raises(ValueError, match=r"bob already has 203\.0\.113\.9"):
        net.nat("home", HOME, OFFICE)
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        net.nat("home", HOME, "home")
    router = net.nat("home", HOME)
    with pytest.raises(ValueError, match=r"home already has 203\.0\.113\.5"):
        net.host("eve", HOME)
    assert net.host("eve", HOME, behind=router).has(HOME)


def test_repr():
    net = VirtualNetwork()
    assert repr(net.nat("home", HOME, "2001:db8::5")) == "<router home: 203.0.113.5, 2001:db8::5>"
    assert repr(net.firewall("hotel")) == "<router hotel: translates nothing>"


def test_bindings_can_be_looked_at():
    async def script(net, alice, bob):
        home = alice.router
        alice.say(b"x", (OFFICE, 6000))
        assert home.bindings == ()
        await asyncio.sleep(1)
        (binding,) = home.bindings
        assert (binding.inside, binding.outside) == ((PRIVATE, 5000), (HOME, 5000))
        assert repr(binding) == "<udp binding 192.168.1.2 5000 at 203.0.113.5 5000>"
        assert binding.expires_at == 120.001
        await asyncio.sleep(120)
        assert home.bindings == ()

    play(script)


@pytest.mark.parametrize("kind", [SYMMETRIC, SYMMETRIC_RANDOM], ids=["sequential", "random"])
def test_two_runs_of_one_seed_are_alike(kind):
    def ports(seed):
        seen = []

        async def script(net, alice, bob):
            for port in range(100):
                alice.say(b"x", (OFFICE, 6000 + port))
            await asyncio.sleep(1)
            seen.extend(packet.hops[0].source[1] for packet in net.packets)

        play(script, kind=kind, seed=seed)
        return seen

    assert ports(1) == ports(1)
    assert (ports(1) == ports(2)) is (kind is SYMMETRIC)
