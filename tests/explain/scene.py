"""What faults are played with: sessions, homes, messages and datagrams that change on their way."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from frazil.testing import SYMMETRIC, VirtualLoop
from frazil.types import Datagram
from support.scenario import Peer, Stage

RELAY = "192.0.2.7"


async def negotiated(stage: Stage, peer: Peer, wait_s: float = 60.0) -> Peer:
    """Offer, answer, and what comes of it."""
    stage.peers[0].channel()
    await stage.negotiate()
    await stage.sleep(wait_s)
    return peer


async def lost(stage: Stage, cut: Callable[[Peer, Peer], object], wait_s: float = 60.0) -> Peer:
    """A connection that works until ``cut``."""
    alice, bob = await stage.connect()
    await stage.sleep(20)
    cut(alice, bob)
    await stage.sleep(wait_s)
    return alice


def stand_still(for_s: float) -> None:
    """Take time, as a call that blocks does on a real loop: nothing is handled meanwhile."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop._set_time(loop.time() + for_s)


async def channels_come_and_go(stage: Stage, count: int) -> None:
    """Data channels, one after the other."""
    for number in range(count):
        (await stage.connect_channel(f"channel {number}")).close()
        await stage.sleep(0.5)


def mangled(stage: Stage, pattern: str, text: str, kind: str = "answer") -> None:
    """Change descriptions of one kind on their way."""
    for line in (stage.there, stage.back):
        deliver = line.receive

        async def receive(message: Any, deliver: Any = deliver) -> None:
            if message.get("type") == kind:
                message = message | {"sdp": re.sub(pattern, text, message["sdp"])}
            await deliver(message)

        line.receive = receive


def altered(peer: Peer, change: Callable[[bytes], bytes | None]) -> None:
    """Change or lose (None) what comes to the sockets of a peer that are opened from now on."""
    open_udp = peer.host.open_udp

    def opened(address: str, port: int, on_datagrams: Any, *rest: Any, **named: Any) -> Any:
        def hear(batch: Any) -> None:
            changed = [
                Datagram(data, each.local, each.remote)
                for each in batch
                if (data := change(each.data))
            ]
            if changed:
                on_datagrams(changed)

        return open_udp(address, port, hear, *rest, **named)

    peer.host.open_udp = opened


def filtered(peer: Peer, admits: Callable[[bytes], bool]) -> None:
    """Let only some datagrams into the sockets of a peer that are opened from now on."""
    altered(peer, lambda data: data if admits(data) else None)


def homes(stage: Stage, *servers: Any, kind: Any = SYMMETRIC, theirs: Any = None) -> Peer:
    """Alice and Bob behind NATs, with a STUN server in the world."""
    net = stage.net
    net.stun_server("192.0.2.1", name="stun.example")
    home, office = (
        net.nat("home", "203.0.113.5", kind=kind),
        net.nat("office", "198.51.100.9", kind=kind),
    )
    alice, bob = (
        net.host("alice", "192.168.1.2", behind=home),
        net.host("bob", "10.0.7.2", behind=office),
    )
    ours = {"iceServers": list(servers)}
    return stage.introduce(
        stage.peer("alice", host=alice, configuration=ours),
        stage.peer("bob", host=bob, configuration=ours if theirs is None else theirs),
    )[0]


def turn(url: str = "turn:relay.example", credential: str = "password") -> dict[str, str]:
    return {"urls": url, "username": "user", "credential": credential}
