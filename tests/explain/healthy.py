"""Sessions in which nothing goes wrong, of all kinds, and what is said about them: nothing."""

import random

from frazil.testing import FULL_CONE, PORT_RESTRICTED_CONE, SYMMETRIC, Conditions
from support.scenario import Peer, Stage

_KINDS = (FULL_CONE, PORT_RESTRICTED_CONE, SYMMETRIC)


def hold(seed: int) -> None:
    """One session; complains if any of its ends finds anything.

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


def _expect_silence(*peers: Peer) -> None:
    for peer in peers:
        report = peer.pc.explain()
        assert not report.findings, f"{peer.name} of a healthy session says:\n{report}"
