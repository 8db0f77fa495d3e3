"""Sessions in which nothing goes wrong, of all kinds, and what is said about them: nothing."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from explain.scene import turn
from frazil import IceOptions
from frazil.explain import explain
from frazil.testing import FULL_CONE, PORT_RESTRICTED_CONE, SYMMETRIC, Conditions
from support.scenario import Peer, Stage

_KINDS = (FULL_CONE, PORT_RESTRICTED_CONE, SYMMETRIC)


def hold(seed: int) -> None:
    """One session; complains if any of its ends finds anything, whatever its ring has forgotten.

    Raises:
        AssertionError: Something was found.
    """
    dice = random.Random(seed)
    stage = Stage(seed)
    stage.expected_refusals = True  # candidates that come after close()

    async def main() -> None:
        alice, bob = _peers(stage, dice)
        stage.net.connect_all(
            Conditions(delay_s=dice.uniform(0.001, 0.2), loss=dice.choice((0, 0, 0.01)))
        )
        await stage.connect()
        for _ in range(dice.randrange(5)):
            sender = dice.choice((alice, bob))
            sender.channels["chat"].send(b"x" * dice.randrange(5000))
            await stage.sleep(dice.uniform(0, 20))
        if dice.random() < 0.3:
            await stage.negotiate(ice_restart=True)
        await stage.sleep(dice.choice((0.5, 5, 40, 600)))
        _expect_silence(alice, bob)
        await alice.pc.close()
        _expect_silence(alice)
        await stage.sleep(1)

    stage.play(main, {})


def _peers(stage: Stage, dice: random.Random) -> tuple[Peer, Peer]:
    net = stage.net
    net.stun_server("192.0.2.1", name="stun.example")
    net.turn_server("192.0.2.7", name="relay.example")
    servers = [
        {"urls": "stun:stun.example"},
        {"urls": "turn:relay.example", "username": "user", "credential": "password"},
    ]
    made = []
    for name, public in (("alice", "203.0.113.5"), ("bob", "198.51.100.9")):
        kind = dice.choice((None, *_KINDS))
        if kind is None:
            host = net.host(name, public)
        else:
            host = net.host(name, "192.168.1.2", behind=net.nat(f"nat {name}", public, kind=kind))
        made.append(stage.peer(name, host=host, configuration={"iceServers": servers}))
    return stage.introduce(*made)


def outlast(act: Callable[[Stage], Awaitable[None]], *, lite: bool) -> None:
    """The same for a session in which so much happens that the rings have forgotten its beginning.

    Args:
        act: What happens.
        lite: Whether one end is a lite agent.

    Raises:
        AssertionError: Something was found.
    """
    stage = Stage()

    async def main() -> None:
        stage.net.turn_server("192.0.2.7", name="relay.example")
        ours = {"iceServers": [turn()]}
        alice = stage.peer("alice", "203.0.113.5", configuration=ours)
        bob = stage.peer("bob", "198.51.100.9", ice=IceOptions(lite=lite))
        stage.introduce(alice, bob)
        stage.net.default = Conditions(delay_s=0.5)  # the relay comes after the connection
        stage.net.connect("alice", "bob", Conditions(delay_s=0.01))
        await stage.connect()
        await act(stage)
        for peer in (alice, bob):
            assert peer.pc.trace.forgotten
        _expect_silence(alice, bob)
        await bob.pc.close()
        _expect_silence(bob)

    stage.play(main, {})


def _expect_silence(*peers: Peer) -> None:
    """Nothing is found in what the ring holds, nor would be if it had forgotten more."""
    now = asyncio.get_running_loop().time()
    for peer in peers:
        records = peer.pc.trace.records
        for start in range(len(records)):
            report = explain(records[start:], now)
            beginning = f"{peer.name} of a healthy session, beginning with {records[start]}"
            assert not report.findings, f"{beginning}, says:\n{report}"
