"""A server that is ICE-lite, in public."""

import pytest

from frazil import IceOptions, NotSupportedError, RTCPeerConnection
from support.scenario import states

LITE = IceOptions(lite=True)
UP = "new checking connected completed"


@pytest.mark.parametrize("lite_offers", [False, True])
async def test_a_lite_server_connects_with_a_full_client(stage, lite_offers):
    client, server = stage.peer("client", "10.0.0.1"), stage.peer("server", "10.0.0.2", ice=LITE)
    stage.introduce(*((server, client) if lite_offers else (client, server)))
    stage.peers.sort(key=lambda peer: (peer is server) is not lite_offers)
    await stage.connect()
    await stage.sleep(10)
    assert "a=ice-lite\r\n" in server.pc.localDescription.sdp
    assert "a=ice-lite" not in client.pc.localDescription.sdp
    assert "a=ice-pacing:20\r\n" in client.pc.localDescription.sdp
    assert (client.ice.role, server.ice.role) == ("controlling", "controlled")
    for peer in (client, server):
        assert states(peer, "iceConnectionState") == UP
        assert states(peer, "connectionState") == "new connecting connected"
    ours, theirs = client.ice.getLocalParameters(), server.ice.getLocalParameters()
    assert (ours.iceLite, theirs.iceLite) == (False, True)
    assert (server.ice.getRemoteParameters(), client.ice.getRemoteParameters()) == (ours, theirs)
    server.channels["chat"].send("hello")
    client.channels["chat"].send("you too")
    await stage.sleep(1)
    assert (client.inbox["chat"], server.inbox["chat"]) == (["hello"], ["you too"])


async def test_two_lite_servers_connect(stage):
    one = stage.peer("one", "10.0.0.1", ice=LITE)
    two = stage.peer("two", "10.0.0.2", ice=LITE)
    stage.introduce(one, two)
    await stage.connect()
    await stage.sleep(60)
    assert (one.ice.role, two.ice.role) == ("controlling", "controlled")
    for peer in (one, two):
        assert states(peer, "iceConnectionState") == UP
        assert states(peer, "connectionState") == "new connecting connected"


async def test_a_lite_server_knows_when_its_client_is_gone_and_back(stage):
    client, server = stage.peer("client", "10.0.0.1"), stage.peer("server", "10.0.0.2", ice=LITE)
    stage.introduce(client, server)
    await stage.connect()
    await stage.sleep(10)
    stage.net.block("client", "server")
    await stage.sleep(14)
    assert server.ice.state == client.ice.state == "disconnected"
    stage.net.heal("client", "server")
    await stage.sleep(3)
    for peer in (client, server):
        tail = "disconnected connected completed"
        assert states(peer, "iceConnectionState") == f"{UP} {tail}"


async def test_a_lite_agent_refuses_what_it_cannot_use(stage):
    host = stage.net.host("server", "10.0.0.2")
    with pytest.raises(NotSupportedError, match="no iceServers"):
        RTCPeerConnection({"iceServers": [{"urls": "stun:a"}]}, network=host, ice=LITE)
    peer = stage.peer("again", host=host, ice=LITE)
    with pytest.raises(NotSupportedError, match="no relays"):
        peer.pc.setConfiguration({"iceTransportPolicy": "relay"})
