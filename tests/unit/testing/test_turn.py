import asyncio

import pytest

from frazil.stun import Attribute, ErrorCode, Message, MessageClass, Method
from frazil.testing import SYMMETRIC, TurnService, run
from frazil.turn import (
    Allocated,
    AllocationFailed,
    AllocationLost,
    Redirected,
    RelayFamily,
    TurnConfig,
)
from frazil.turn.channel_data import encode_channel_data
from frazil.types import Datagram, Transmit
from support.turn_pair import CLIENT, PEER, RELAYED, SERVER, TurnPair
from support.turn_socket import UdpTurnSocket

USER = TurnConfig("user", "password")


# --- on the virtual network -------------------------------------------------------------------


def test_two_clients_behind_symmetric_nats_meet_at_a_relay():
    async def main(net):
        server = net.turn_server("192.0.2.9", name="turn.example")
        home = net.nat("home", "203.0.113.1", kind=SYMMETRIC)
        office = net.nat("office", "203.0.113.2", kind=SYMMETRIC)
        alice = net.host("alice", "10.0.0.1", behind=home)
        bob = net.host("bob", "10.0.0.1", behind=office)
        here = UdpTurnSocket(alice, "10.0.0.1", server.address, USER)
        there = UdpTurnSocket(bob, "10.0.0.1", server.address, USER)
        here.allocate()
        there.allocate()
        event = await here.event(Allocated)
        (near,) = event.relayed_addresses
        (far,) = (await there.event(Allocated)).relayed_addresses
        assert event.mapped_address[0] == "203.0.113.1"
        assert (near[0], far[0]) == ("192.0.2.9", "192.0.2.9")
        here.permit(far, channel=True)
        there.permit(near)
        await asyncio.sleep(1)
        for minute in range(60):
            here.send(b"%d" % minute, far)
            there.send(b"%d" % minute, near)
            await asyncio.sleep(60)
        assert here.datagrams == [Datagram(b"%d" % each, near, far) for each in range(60)]
        assert there.datagrams == [Datagram(b"%d" % each, far, near) for each in range(60)]
        assert [len(here.events), len(there.events)] == [1, 1]
        await here.close()
        await there.close()
        assert server.service.allocations == {}

    run(main)


def test_the_server_has_a_name_a_port_a_user_and_two_families():
    async def main(net):
        server = net.turn_server(
            "192.0.2.9", "2001:db8::9", port=443, name="turn.example", user="ü", password="p"
        )
        assert server.address == ("192.0.2.9", 443)
        alice = net.host("alice", "198.51.100.1")
        assert await alice.resolve("turn.example", 443) == [server.address]
        config = TurnConfig("ü", "p", family=RelayFamily.BOTH)
        here = UdpTurnSocket(alice, "198.51.100.1", server.address, config)
        here.allocate()
        relayed = (await here.event(Allocated)).relayed_addresses
        assert [ip for ip, _ in relayed] == ["192.0.2.9", "2001:db8::9"]
        await here.close()

    run(main)


def test_of_a_server_that_cannot_be_made_nothing_is_left():
    async def main(net):
        with pytest.raises(ValueError, match="a TURN server needs an address"):
            net.turn_server(name="turn.example")
        for addresses, port in [(("192.0.2.9", "192.0.2"), 3478), (("192.0.2.9",), 65_536)]:
            with pytest.raises((ValueError, OverflowError)):
                net.turn_server(*addresses, port=port, name="turn.example")
        assert net.names == {}
        assert net.turn_server("192.0.2.9", name="turn.example").address == ("192.0.2.9", 3478)

    run(main)


def test_whoever_closes_last_leaves_nothing():
    async def main(net):
        server = net.turn_server("192.0.2.9")
        here = UdpTurnSocket(
            net.host("alice", "198.51.100.1"), "198.51.100.1", server.address, USER
        )
        here.allocate()
        await here.event(Allocated)
        server.close()
        server.close()
        assert net.sockets() == [here._socket]
        here.client.close(here.now)
        here.flush()
        await here.until(lambda: here.client.state == "closed", 60)
        await here.hang_up()

    run(main)  # which looks for sockets and timers that are left


def test_what_a_client_leaves_behind_is_gone_when_its_lifetime_is_over():
    async def main(net):
        server = net.turn_server("192.0.2.9")
        server.service.min_lifetime_s = server.service.max_lifetime_s = 60
        here = UdpTurnSocket(net.host("alice", "10.0.0.1"), "10.0.0.1", server.address, USER)
        here.allocate()
        await here.event(Allocated)
        await asyncio.sleep(55)
        (allocation,) = server.service.allocations.values()
        assert allocation.expires_at > 60.5  # it has been refreshed
        net.block("alice")
        here.client.close(here.now)
        here.flush()
        await here.until(lambda: here.client.state == "closed", 60)
        await here.hang_up()
        await asyncio.sleep(allocation.expires_at - here.now - 0.5)
        assert (len(server.service.allocations), len(net.sockets())) == (1, 2)
        await asyncio.sleep(1)
        assert (len(server.service.allocations), len(net.sockets())) == (0, 1)

    run(main)


@pytest.mark.parametrize(
    ("misfortune", "event", "code"),
    [
        (lambda service: setattr(service, "quota", 0), AllocationFailed, 486),
        (lambda service: service.users.clear(), AllocationFailed, 401),
        (
            lambda service: setattr(service, "refusals", {Method.ALLOCATE: ErrorCode(508)}),
            AllocationFailed,
            508,
        ),
    ],
)
def test_it_refuses_on_demand(misfortune, event, code):
    async def main(net):
        server = net.turn_server("192.0.2.9")
        misfortune(server.service)
        here = UdpTurnSocket(
            net.host("alice", "198.51.100.1"), "198.51.100.1", server.address, USER
        )
        here.allocate()
        assert (await here.event(event)).code == code
        await here.close()

    run(main)


def test_it_redirects_and_forgets_on_demand():
    async def main(net):
        busy, idle = net.turn_server("192.0.2.9"), net.turn_server("192.0.2.10")
        busy.service.redirect_to = idle.address
        alice = net.host("alice", "198.51.100.1")
        first = UdpTurnSocket(alice, "198.51.100.1", busy.address, USER)
        first.allocate()
        address = (await first.event(Redirected)).address
        await first.close()
        second = UdpTurnSocket(alice, "198.51.100.1", address, USER)
        second.allocate()
        await second.event(Allocated)
        assert len(idle.service.allocations) == 1
        idle.service.forget_allocations()
        assert idle.service.allocations == {}
        await asyncio.sleep(600)
        assert (await second.event(AllocationLost)).code == 437
        await second.close()

    run(main)


def test_what_is_sent_just_before_the_goodbye_arrives():
    async def main(net):
        server = net.turn_server("192.0.2.9")
        here = UdpTurnSocket(net.host("alice", "10.0.0.1"), "10.0.0.1", server.address, USER)
        arrived = []
        peer = net.host("bob", "10.0.0.2").open_udp("10.0.0.2", 0, arrived.extend)
        here.allocate()
        (relayed,) = (await here.event(Allocated)).relayed_addresses
        here.permit(peer.local)
        await asyncio.sleep(1)
        here.send(b"last", peer.local)
        await here.close()
        await asyncio.sleep(1)
        assert arrived == [Datagram(b"last", peer.local, relayed)]
        assert server.service.allocations == {}
        peer.close()

    run(main)


# --- without a network ------------------------------------------------------------------------


def service():
    return TurnService(SERVER, {"user": "password"}, bytes, lambda is_ipv6: None, lambda _: None)


def test_it_tells_addresses_like_a_stun_server():
    turn = service()
    turn.receive(Message(Method.BINDING, MessageClass.REQUEST, bytes(12)).encode(), CLIENT, 0.0)
    (transmit,) = turn.poll_transmits()
    assert (transmit.local, transmit.remote) == (SERVER, CLIENT)
    answer = Message.decode(transmit.data)
    assert answer.message_class is MessageClass.SUCCESS
    assert answer.address(Attribute.XOR_MAPPED_ADDRESS) == CLIENT


def test_nothing_comes_through_an_allocation_whose_lifetime_is_over():
    pair = TurnPair()
    pair.service.min_lifetime_s = pair.service.max_lifetime_s = 60
    pair.allocate()
    pair.permit()
    pair.loses = lambda data: True
    pair.from_peer(b"in time")
    assert len(pair.service.poll_transmits()) == 1
    (allocation,) = pair.service.allocations.values()
    pair.now = allocation.expires_at
    assert allocation.permits(PEER[0], pair.now)
    pair.from_peer(b"late")
    assert pair.service.poll_transmits() == []
    assert (pair.service.allocations, pair.open_relays) == ({}, set())
    assert pair.service.next_timeout() is None


def test_it_answers_nothing_else_without_proof_but_a_challenge():
    turn = service()
    send = {Attribute.XOR_PEER_ADDRESS: PEER, Attribute.DATA: b"x"}
    for data in (
        b"",
        b"\x80",
        encode_channel_data(0x4000, b"x"),
        b"\x40",
        Message(Method.SEND, MessageClass.INDICATION, bytes(12), send).encode(),
        Message(Method.ALLOCATE, MessageClass.SUCCESS, bytes(12)).encode(),
    ):
        turn.receive(data, CLIENT, 0.0)
    assert turn.poll_transmits() == []
    turn.receive_from_peer(b"x", RELAYED, PEER, 0.0)
    assert turn.poll_transmits() == []
    turn.receive(Message(Method.CONNECT, MessageClass.REQUEST, bytes(12)).encode(), CLIENT, 0.0)
    (transmit,) = turn.poll_transmits()
    assert isinstance(transmit, Transmit)
    assert Message.decode(transmit.data).error == ErrorCode(401, "Unauthenticated")
