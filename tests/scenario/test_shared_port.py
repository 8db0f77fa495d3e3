"""Many connections on one port, each with what is meant for it."""

import asyncio
import errno
import os
import time

import pytest

from frazil import IceOptions, RTCCertificate, RTCPeerConnection, SharedPort
from frazil.stun import Attribute, Message, MessageClass, Method
from frazil.types import Datagram
from support.scenario import states

PORT = 40000
ICE = "iceConnectionState"
SERVER = "203.0.113.1"


def shared(stage, *addresses):
    """A server's host, and its network with one port."""
    host = stage.net.host("server", *(addresses or (SERVER,)))
    network = SharedPort(PORT, network=host)
    stage.closing.append(network.close)
    return host, network


def peer(stage, name, host, network=None, **options):
    """A peer on a host, possibly by way of another network."""
    return stage.peer(name, host=host, network=network, **options)


async def connect(stage, client, served, label="chat"):
    stage.peers.remove(client)
    stage.peers.remove(served)
    stage.peers[:0] = [client, served]
    stage.introduce(client, served)
    await stage.connect(label)


async def exchange(stage, *pairs):
    """Each client sends its own name and gets that of its peer."""
    for client, served in pairs:
        for one in (client, served):
            one.inbox["chat"].clear()
        client.channels["chat"].send(client.name)
        served.channels["chat"].send(served.name)
    await stage.sleep(1)
    for client, served in pairs:
        assert served.inbox["chat"] == [client.name]
        assert client.inbox["chat"] == [served.name]


async def pairs_of(stage, count, network, host):
    pairs = []
    for number in range(count):
        own = stage.net.host(f"c{number}", f"198.51.100.{number + 1}")
        client = peer(stage, f"client {number}", own)
        served = peer(stage, f"server {number}", host, network)
        await connect(stage, client, served)
        pairs.append((client, served))
    return pairs


async def test_connections_on_one_port_are_told_apart(stage):
    host, network = shared(stage, SERVER, "2001:db8::1")
    pairs = await pairs_of(stage, 3, network, host)
    await exchange(stage, *pairs)
    assert sorted(socket.local for socket in host.sockets()) == [
        ("2001:db8::1", PORT),
        (SERVER, PORT),
    ]
    for client, served in pairs:
        assert states(served, ICE) == states(client, ICE) == "new checking connected completed"
        assert {c.port for c in served.candidates if c and c.candidate} == {PORT}
    assert network.unclaimed == 0


async def test_a_restart_keeps_the_port_and_the_others(stage):
    host, network = shared(stage)
    pairs = await pairs_of(stage, 2, network, host)
    client, served = pairs[1]
    for restarter in (client, served, served):
        await stage.negotiate(restarter, ice_restart=True)
        await stage.sleep(10)
        await exchange(stage, *pairs)
    assert len(host.sockets()) == 1
    assert states(served, "connectionState") == "new connecting connected"


async def test_a_forged_check_takes_no_address_from_its_connection(stage):
    """It has the right ufrag of another connection and the wrong key."""
    host, network = shared(stage)
    pairs = await pairs_of(stage, 2, network, host)
    victim, other = pairs[0][0], pairs[1][1]
    (socket,) = host.sockets()
    remote = victim.ice.getSelectedCandidatePair().local
    ufrag = other.ice.getLocalParameters().usernameFragment
    forged = Message(
        Method.BINDING,
        MessageClass.REQUEST,
        b"x" * 12,
        {Attribute.USERNAME: f"{ufrag}:evil", Attribute.PRIORITY: 1, Attribute.USE_CANDIDATE: True},
    ).encode(b"no key")
    for _ in range(50):
        source = (remote.address, remote.port)
        socket.hand_over([Datagram(forged, socket.local, source)])
        await stage.sleep(0.1)
    await exchange(stage, *pairs)
    assert other.pc.trace.counters["check-unauthenticated"] == 50
    demultiplexer = network._sockets[SERVER]
    assert demultiplexer._claims.views((remote.address, remote.port)) == [
        demultiplexer._by_ufrag[pairs[0][1].ice.getLocalParameters().usernameFragment]
    ]


async def test_nothing_is_left_of_a_connection(stage):
    host, network = shared(stage)
    pairs = await pairs_of(stage, 2, network, host)
    await pairs[0][1].pc.close()
    await exchange(stage, pairs[1])
    await pairs[1][1].pc.close()
    demultiplexer = network._sockets[SERVER]
    assert len(demultiplexer._claims) == 0
    assert not demultiplexer._by_ufrag
    assert not demultiplexer._by_transaction
    assert len(host.sockets()) == 1  # the port is the server's until it gives it back
    network.close()
    assert host.sockets() == []
    with pytest.raises(OSError, match="closed"):
        network.open_udp(SERVER, 0, print)


async def test_a_client_that_comes_back_with_the_same_port_is_a_new_connection(stage):
    """The server has not yet noticed that the old one is gone."""
    host, network = shared(stage)
    client_host = stage.net.host("client", "198.51.100.1")
    ports = IceOptions(ports=range(5000, 5001))
    old = peer(stage, "old", client_host, ice=ports), peer(stage, "old server", host, network)
    await connect(stage, *old)
    for socket in client_host.sockets():
        socket.close()  # as when a process dies, without a word
    new = peer(stage, "new", client_host, ice=ports), peer(stage, "new server", host, network)
    await connect(stage, *new)
    await exchange(stage, new)
    await stage.sleep(60)
    await exchange(stage, new)
    assert states(old[1], "connectionState") == "new connecting connected disconnected failed"


async def test_between_two_shared_ports_a_few_connections_work(stage):
    host, network = shared(stage)
    client_host = stage.net.host("clients", "198.51.100.1")
    clients = SharedPort(PORT, network=client_host)
    stage.closing.append(clients.close)
    pairs = []
    for number in range(3):
        client = peer(stage, f"client {number}", client_host, clients)
        served = peer(stage, f"server {number}", host, network)
        await connect(stage, client, served)
        pairs.append((client, served))
    await exchange(stage, *pairs)
    assert len(host.sockets()) == len(client_host.sockets()) == 1


async def test_a_port_that_is_taken_is_told(stage):
    host, network = shared(stage)
    taken = host.open_udp(SERVER, PORT, lambda batch: None)
    served = peer(stage, "server", host, network)
    served.channel()
    await served.pc.setLocalDescription()
    await served.pc.gathering_complete()
    (error,) = served.fired("pc", "icecandidateerror")
    why = os.strerror(errno.EADDRINUSE)
    assert error.errorText == f"no UDP socket on {SERVER}: {why}"
    assert (error.url, error.address, error.port) == ("", SERVER, 0)
    assert "FZ-NET-BIND" in [each.code for each in served.pc.explain().findings]
    taken.close()


async def test_a_range_without_the_shared_port_is_of_no_use(stage):
    host, network = shared(stage)
    served = peer(stage, "server", host, network, ice=IceOptions(ports=range(PORT + 1, PORT + 3)))
    served.channel()
    await served.pc.setLocalDescription()
    await served.pc.gathering_complete()
    (error,) = served.fired("pc", "icecandidateerror")
    assert "no port from 40001 to 40002 can be had: everything is on port 40000" in error.errorText


async def test_servers_show_each_connection_how_they_see_the_port(stage):
    stage.net.stun_server("192.0.2.1", name="one.example")
    home = stage.net.nat("home", "203.0.113.9")
    host = stage.net.host("server", "10.0.0.1", behind=home)
    network = SharedPort(PORT, network=host)
    stage.closing.append(network.close)
    stun = {"iceServers": [{"urls": "stun:one.example"}]}
    peers = [peer(stage, f"{n}", host, network, configuration=stun) for n in range(20)]
    for each in peers:
        each.channel()
        await each.pc.setLocalDescription()
    await stage.sleep(1)
    for each in peers:
        told = [(c.type, c.port) for c in each.candidates if c and c.candidate]
        assert told == [("host", PORT), ("srflx", PORT)]


def test_a_port_is_a_port():
    with pytest.raises(ValueError, match="70000 is no port"):
        SharedPort(70_000)
    with pytest.raises(TypeError, match="a port is an int, not '40000'"):
        SharedPort("40000")


async def test_hundreds_of_connections_share_one_port(stage):
    """With FRAZIL_CONNECTIONS=1000 in the environment a thousand do."""
    count = int(os.environ.get("FRAZIL_CONNECTIONS", "200"))
    host, network = shared(stage)
    certificate = RTCCertificate.generate(host.random_bytes, time.time())
    configuration = {"certificates": [certificate]}
    clients = [stage.net.host(f"c{n}", f"198.51.100.{n + 1}") for n in range(20)]
    echoes: list[str] = []

    def serve(channel):
        channel.on("message", lambda text: channel.send(text))

    async def one(number: int) -> None:
        client = RTCPeerConnection(configuration, network=clients[number % 20])
        served = RTCPeerConnection(configuration, network=network)
        served.on("datachannel", serve)
        channel = client.createDataChannel("chat")
        channel.on("message", echoes.append)
        await client.setLocalDescription()
        await client.gathering_complete()
        await served.setRemoteDescription(client.localDescription)
        await served.setLocalDescription()
        await client.setRemoteDescription(served.localDescription)
        await channel.wait_open()
        channel.send(str(number))
        connections.extend((client, served))

    connections: list[RTCPeerConnection] = []
    for start in range(0, count, 100):
        await asyncio.gather(*(one(number) for number in range(start, start + 100)))
    await stage.sleep(1)
    assert sorted(map(int, echoes)) == list(range(count))
    assert len(host.sockets()) == 1
    for connection in connections:
        await connection.close()
    assert len(network._sockets[SERVER]._claims) == 0
