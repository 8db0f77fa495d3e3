"""Which link carries a datagram, and under whose conditions."""

import asyncio

import pytest

from frazil.testing import Conditions, Fate
from support.two_hosts import chatter, play

LINKS_OF_ADDRESSES = pytest.mark.parametrize(
    ("source", "destination"),
    [("10.0.0.1", "10.0.0.2"), ("alice", "10.0.0.2"), ("10.0.0.1", "bob")],
)


def test_an_address_wins_over_its_host():
    async def script(net, alice, bob):
        net.connect(alice.host, bob.host, Conditions(delay_s=0.1))
        net.connect(alice.host, "2001:DB8::2", Conditions(delay_s=0.2))
        alice.send(b"v4", bob)
        alice.send(b"v6", bob, source=1, target=1)
        bob.send(b"v6", alice, source=1, target=1)
        await asyncio.sleep(1)
        assert bob.heard == [(0.1, b"v4"), (0.2, b"v6")]
        assert alice.heard == [(0.2, b"v6")]
        net.connect("2001:db8::1", "2001:db8::2", Conditions(delay_s=0.3))
        alice.send(b"v6", bob, source=1, target=1)
        await asyncio.sleep(1)
        assert bob.heard[-1] == (1.3, b"v6")

    play(script)


@LINKS_OF_ADDRESSES
def test_looking_at_the_link_of_an_address_changes_nothing(source, destination):
    async def script(net, alice, bob):
        net.connect(alice.host, bob.host, Conditions(delay_s=0.3))
        assert net.link(source, destination).conditions.delay_s == 0.3
        alice.send(b"x", bob)
        await asyncio.sleep(1)
        assert bob.heard == [(0.3, b"x")]
        assert net.link(source, destination).counters == {Fate.DELIVERED: 1}

    play(script)


@LINKS_OF_ADDRESSES
def test_what_is_set_for_hosts_reaches_an_address_that_somebody_looked_at(source, destination):
    async def script(net, alice, bob):
        link = net.link(source, destination)
        assert link.conditions == net.default
        net.connect(alice.host, bob.host, Conditions(delay_s=0.3))
        assert link.conditions.delay_s == 0.3
        alice.send(b"x", bob)
        await asyncio.sleep(1)
        assert bob.heard == [(0.3, b"x")]
        net.connect_all(Conditions(delay_s=0.4))
        assert link.conditions.delay_s == 0.4

    play(script)


@LINKS_OF_ADDRESSES
def test_who_looks_at_the_link_of_an_address_has_the_same_run(source, destination):
    def heard(*, looks):
        async def script(net, alice, bob):
            net.default = Conditions(loss=0.5, delay_s=0.1, jitter_s=0.1)
            await chatter(alice, bob, count=50, period=0.01)
            if looks:
                _ = net.link(source, destination).conditions
            await chatter(alice, bob, count=50, period=0.01)
            await asyncio.sleep(1)
            return bob.heard

        return play(script)

    assert heard(looks=True) == heard(looks=False)


def test_addresses_share_the_rate_of_their_hosts():
    async def script(net, alice, bob):
        net.connect(alice.host, bob.host, Conditions(delay_s=0, rate_bps=8000))
        assert net.link("10.0.0.1", "10.0.0.2").conditions.rate_bps == 8000
        assert net.link("2001:db8::1", "2001:db8::2").conditions.rate_bps == 8000
        alice.send(bytes(972), bob)  # 1000 bytes of IPv4
        alice.send(bytes(952), bob, source=1, target=1)  # and of IPv6
        await asyncio.sleep(3)
        assert [at for at, _ in bob.heard] == [1, 2]

    play(script)


@pytest.mark.parametrize("is_set", [False, True])
def test_the_links_of_hosts_and_of_their_addresses_count_the_same_datagrams(is_set):
    async def script(net, alice, bob):
        if is_set:
            net.connect("10.0.0.1", "10.0.0.2", Conditions(loss=1))
        alice.send(b"4", bob)
        alice.send(b"6", bob, source=1, target=1)
        await asyncio.sleep(1)
        fate = Fate.LOST if is_set else Fate.DELIVERED
        for source, destination in [("10.0.0.1", "10.0.0.2"), ("alice", "10.0.0.2")]:
            assert net.link(source, destination).counters == {fate: 1}
        for source, destination in [("2001:db8::1", "bob"), ("2001:db8::1", "2001:db8::2")]:
            assert net.link(source, destination).counters == {Fate.DELIVERED: 1}
        assert net.link("alice", "bob").counters == net.counters
        assert net.link("alice", "10.0.0.1").counters == {}

    play(script)


def test_what_is_set_for_an_address_stays_until_all_links_are_set():
    async def script(net, alice, bob):
        link = net.link("10.0.0.1", "10.0.0.2")
        link.conditions = Conditions(delay_s=0.2)
        net.connect(alice.host, bob.host, Conditions(delay_s=0.3))
        net.default = Conditions(delay_s=0.4)
        assert link.conditions.delay_s == 0.2
        alice.send(b"address", bob)
        alice.send(b"host", bob, source=1, target=1)
        await asyncio.sleep(1)
        net.connect_all(Conditions(delay_s=0.5))
        assert link.conditions.delay_s == 0.5
        alice.send(b"all", bob)
        await asyncio.sleep(1)
        assert bob.heard == [(0.2, b"address"), (0.3, b"host"), (1.5, b"all")]

    play(script)


def test_the_link_of_an_address_follows_it_to_another_host():
    async def script(net, alice, bob):
        carol = net.host("carol")
        net.connect(alice.host, bob.host, Conditions(delay_s=0.2))
        net.connect(alice.host, carol, Conditions(delay_s=0.3))
        link = net.link("10.0.0.1", "10.0.0.2")
        assert link.conditions.delay_s == 0.2
        bob.host.remove_interface("10.0.0.2")
        carol.add_interface("10.0.0.2")
        assert link.conditions.delay_s == 0.3

    play(script)


def test_the_link_of_an_address_is_as_the_most_specific_one_that_was_set():
    async def script(net, alice, bob):
        net.connect(alice.host, bob.host, Conditions(delay_s=0.3))
        net.connect(alice.host, "10.0.0.2", Conditions(delay_s=0.2))
        assert net.link("10.0.0.1", "10.0.0.2").conditions.delay_s == 0.2
        assert net.link("2001:db8::1", "2001:db8::2").conditions.delay_s == 0.3
        assert net.link("10.0.0.9", "10.0.0.2").conditions == net.default

    play(script)


def test_the_link_of_an_address_that_a_router_passes_on_is_as_that_of_the_router():
    async def script(net, alice, bob):
        hotel = net.firewall("hotel")
        carol = net.host("carol", "10.0.0.3", behind=hotel)
        net.connect(hotel, bob.host, Conditions(delay_s=0.3))
        assert net.link("10.0.0.3", "10.0.0.2").conditions.delay_s == 0.3
        assert net.link(carol, "10.0.0.2").conditions == net.default

    play(script)
