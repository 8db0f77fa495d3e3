"""In which ``contextvars`` context listeners run: that of their connection, as with tasks.

Web frameworks keep the id of a request there, and tracers the span.
"""

import asyncio
from contextvars import ContextVar

import pytest

from frazil import RTCPeerConnection, SharedPort
from frazil.testing import run

USER = ContextVar("user", default="nobody")
USERS = ("ann", "ben", "eve")
NETWORKS = ("its own port", "a shared port")


class Room:
    """A server that tells everybody what anybody says, with its clients.

    Attributes:
        heard: Whose listener was called with what, and as whom.
    """

    def __init__(self, host, network) -> None:
        self.host = host
        self.network = network
        self.heard: list[tuple[str, str, str]] = []
        self.connections: list[RTCPeerConnection] = []
        self.clients: list[RTCPeerConnection] = []
        self.channels = {}
        self.theirs = {}

    def note(self, user: str, what: str) -> None:
        self.heard.append((user, what, USER.get()))

    async def join(self, user: str, client: RTCPeerConnection) -> None:
        USER.set(user)
        pc = RTCPeerConnection(network=self.network)
        self.connections.append(pc)
        self.clients.append(client)
        pc.on("datachannel", lambda channel: self._take(user, channel))
        for kind in ("connectionstatechange", "icegatheringstatechange", "icecandidate"):
            pc.on(kind, lambda *_, kind=kind: self.note(user, kind))
        pc.on("icecandidate", client.addIceCandidate)
        self.theirs[client] = channel = client.createDataChannel("chat")
        await client.setLocalDescription()
        await client.gathering_complete()
        await pc.setRemoteDescription(client.localDescription)
        await pc.setLocalDescription()
        await client.setRemoteDescription(pc.localDescription)
        await channel.wait_open(5)
        channel.send("hello")

    def _take(self, user: str, channel) -> None:
        self.note(user, "datachannel")
        self.channels[user] = channel

        @channel.on("message")
        def tell_all(text):
            self.note(user, "message")
            for each in self.channels.values():
                each.send(text)

        @channel.on("message")
        async def tell_later(text):
            await asyncio.sleep(0.01)
            self.note(user, "message, later")

    async def close(self) -> None:
        for each in (*self.connections, *self.clients):
            await each.close()


def in_room(play, kind):
    """Play with a room of three, in virtual time; what was heard since they had all come."""

    async def main(net):
        host = net.host("server", "10.0.0.1")
        network = host if kind == NETWORKS[0] else SharedPort(40000, network=host)
        room = Room(host, network)
        for number, user in enumerate(USERS):
            client = RTCPeerConnection(network=net.host(user, f"10.0.0.{10 + number}"))
            await asyncio.create_task(room.join(user, client))
        await asyncio.sleep(5)
        joined = list(room.heard)
        room.heard.clear()
        await play(room)
        await room.close()
        if network is not host:
            network.close()
        return joined, room.heard

    return run(main)


async def nothing(room):
    pass


@pytest.mark.parametrize("kind", NETWORKS)
def test_listeners_run_in_the_context_in_which_their_connection_was_made(kind):
    joined, _ = in_room(nothing, kind)
    assert {what for _, what, _ in joined} >= {"datachannel", "message", "message, later"}
    assert [each for each in joined if each[0] != each[2]] == []


@pytest.mark.parametrize("kind", NETWORKS)
def test_whoever_speaks_last_lends_nobody_a_context(kind):
    async def play(room):
        for client in room.clients:
            channel = room.theirs[client]
            for number in range(20):
                channel.send(f"{number}")
        await asyncio.sleep(1)

    _, heard = in_room(play, kind)
    assert len([each for each in heard if each[1] == "message"]) == 60
    assert [each for each in heard if each[0] != each[2]] == []


@pytest.mark.parametrize("kind", NETWORKS)
def test_a_change_of_the_network_is_told_to_each_in_its_own(kind):
    async def play(room):
        room.host.add_interface("10.0.0.2")
        await asyncio.sleep(5)

    _, heard = in_room(play, kind)
    assert {user for user, what, _ in heard if what == "icecandidate"} == set(USERS)
    assert [each for each in heard if each[0] != each[2]] == []


def test_what_a_listener_sets_is_its_own():
    async def play(room):
        channel = room.channels["ann"]
        channel.on("message", lambda text: USER.set("somebody else"))
        for client in room.clients:
            room.theirs[client].send("hello")
            await asyncio.sleep(1)
        room.theirs[room.clients[0]].send("hello")
        await asyncio.sleep(1)

    _, heard = in_room(play, NETWORKS[0])
    assert [each for each in heard if each[0] != each[2]] == []
