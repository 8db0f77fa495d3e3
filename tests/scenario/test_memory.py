"""A closed connection goes at once, without the garbage collector."""

import asyncio
import gc
from collections import Counter
from weakref import ref

import pytest

from frazil import RTCPeerConnection
from frazil.testing import VirtualNetwork, run


async def connect(*ends: RTCPeerConnection) -> None:
    alice, bob = ends
    candidates = []
    for number, end in enumerate(ends):
        end.on("icecandidate", lambda candidate, of=number: candidates.append((of, candidate)))
    channel = alice.createDataChannel("chat")
    await alice.setLocalDescription()
    await bob.setRemoteDescription(alice.localDescription)
    await bob.setLocalDescription()
    await alice.setRemoteDescription(bob.localDescription)
    while channel.readyState != "open":
        while candidates:
            of, candidate = candidates.pop(0)
            await ends[1 - of].addIceCandidate(candidate)
        await asyncio.sleep(0.01)
    channel.send("hello")
    await asyncio.sleep(20)
    assert {each.connectionState for each in ends} == {"connected"}
    assert alice.sctp.transport.iceTransport.state == "completed"
    await alice.getStats()
    alice.explain()


def ours(each: object) -> bool:
    module = type(each).__module__
    return module.startswith("frazil") and not module.startswith("frazil.testing")


@pytest.mark.interpreted
def test_a_closed_pair_leaves_no_cycles():
    found: Counter[str] = Counter()

    async def main(net: VirtualNetwork) -> None:
        hosts = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
        ends = [RTCPeerConnection(network=host) for host in hosts]
        await connect(*ends)
        gc.collect()
        gc.disable()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            known = [ref(each) for end in ends for each in (end, end.sctp, end.sctp.transport)]
            for end in ends:
                await end.close()
            await asyncio.sleep(1)
            del end
            ends.clear()
            assert [each() for each in known] == [None] * len(known)
            gc.collect()
            found.update(type(each).__qualname__ for each in gc.garbage if ours(each))
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
            gc.enable()

    run(main)
    assert found == {}


def test_what_is_held_of_a_closed_connection_still_tells():
    async def main(net: VirtualNetwork) -> None:
        hosts = net.host("alice", "10.0.0.1"), net.host("bob", "10.0.0.2")
        ends = [RTCPeerConnection(network=host) for host in hosts]
        await connect(*ends)
        sctp, pc = ends[0].sctp, ends[0]
        for end in ends:
            await end.close()
        assert pc.sctp is sctp
        description = pc.remoteDescription  # nobody had it when the connection was closed
        assert description.type == "answer"
        assert pc.remoteDescription is description
        ends.clear()
        del end, pc
        assert sctp.state == "closed"
        assert sctp.transport.state == "closed"
        assert sctp.transport.iceTransport.state == "closed"
        assert sctp.transport is sctp.transport

    run(main)


class User:
    """As programs are made: it holds its connection, and the listeners are its methods."""

    def __init__(self, pc: RTCPeerConnection) -> None:
        self.pc = pc
        self.channels = [pc.createDataChannel("chat")]
        for target, kind in (
            (pc, "connectionstatechange"),
            (pc, "datachannel"),
            (self.channels[0], "message"),
            (self.channels[0], "close"),
        ):
            target.addEventListener(kind, self.hear)

    def hear(self, event: object) -> None:
        raise AssertionError("a connection that is closed tells nothing")


@pytest.mark.interpreted
def test_listeners_that_hold_a_closed_connection_do_not_keep_it():
    async def main(net: VirtualNetwork) -> None:
        user = User(RTCPeerConnection(network=net.host("alice", "10.0.0.1")))
        gone = [ref(user), ref(user.pc), ref(user.channels[0])]
        gc.collect()
        gc.disable()
        try:
            await user.pc.close()
            await asyncio.sleep(1)
            del user
            assert [each() for each in gone] == [None] * 3
        finally:
            gc.enable()

    run(main)
