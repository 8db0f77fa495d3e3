"""One session between two places, and all that must hold for it."""

from random import Random
from typing import Final, NamedTuple

from frazil.testing import Conditions, VirtualHost
from matrix.place import Place
from matrix.prediction import PairTypes, predict
from support.lattice import check_lattice
from support.mirror import assert_mirrored, assert_one_path
from support.scenario import Peer, Stage, states
from support.servers import STUN, TURN, serve

QUIET_S: Final = 70.0
"""Longer than any check, the patience of RFC 8863, and the wait for a dead server take."""
PROMPT_S: Final = 1.0
"""Seed 0 has a network without delay worth mentioning, where any pair is found this quickly."""


class Cell(NamedTuple):
    """Two places, and whether there are TURN servers besides the STUN server."""

    ours: Place
    theirs: Place
    with_turn: bool

    @property
    def prediction(self) -> PairTypes | None:
        """What has to come out."""
        return predict(self.ours, self.theirs, with_turn=self.with_turn)

    def __str__(self) -> str:
        return f"{self.ours.name} to {self.theirs.name}, {'TURN' if self.with_turn else 'STUN'}"


def hold(cell: Cell, seed: int) -> float | None:
    """Hold one session.

    Returns:
        After how many seconds both ends were connected; ``None`` if they could not be.

    Raises:
        AssertionError: Something was not as it has to be.
    """
    stage = Stage(seed)
    took: list[float | None] = []

    async def play() -> None:
        took.append(await _hold(stage, cell, seed))

    stage.play(play, {})
    for peer in stage.peers:
        check_lattice(peer.witness)
    return took[0]


async def _hold(stage: Stage, cell: Cell, seed: int) -> float | None:
    _set_conditions(stage, Random(f"conditions {seed}") if seed else None)
    await serve(stage)
    servers = [STUN, TURN] if cell.with_turn else [STUN]
    alice, bob = [
        stage.peer(name, host=_host(stage, name, place), configuration={"iceServers": servers})
        for name, place in (("alice", cell.ours), ("bob", cell.theirs))
    ]
    stage.introduce(alice, bob)
    _set_signalling(stage, Random(f"signalling {seed}") if seed else None)
    if cell.prediction is None:
        await _fail(stage, alice, bob)
        return None
    return await _succeed(stage, alice, bob, cell.prediction, prompt=not seed)


def _host(stage: Stage, name: str, place: Place) -> VirtualHost:
    host = stage.net.host(name)
    place.settle(stage.net, host, len(name))
    return host


def _set_conditions(stage: Stage, random: Random | None) -> None:
    """Nothing is lost: then it would be chance whether a server is reached."""
    if random is not None:
        stage.net.default = Conditions(
            delay_s=random.uniform(0.0005, 0.03),
            jitter_s=random.uniform(0, 0.02),
            duplication=random.choice((0, 0.05)),
            reordering=random.choice((0, 0.05)),
        )


def _set_signalling(stage: Stage, random: Random | None) -> None:
    if random is not None:
        for line in (stage.there, stage.back):
            line.delay_s = random.choice((0.0, 0.05, random.uniform(0, 1)))


async def _fail(stage: Stage, alice: Peer, bob: Peer) -> None:
    alice.channel()
    await stage.negotiate()
    await stage.sleep(QUIET_S)
    for peer in (alice, bob):
        assert states(peer, "iceConnectionState") == "new checking failed"
        assert states(peer, "connectionState") == "new connecting failed"
        assert peer.ice.getSelectedCandidatePair() is None


async def _succeed(
    stage: Stage, alice: Peer, bob: Peer, expected: PairTypes, *, prompt: bool
) -> float:
    await stage.connect()
    took_s = max(peer.witness.at("connectionState", "connected") for peer in (alice, bob))
    assert took_s < PROMPT_S or not prompt
    await stage.sleep(QUIET_S)
    quiet_at = stage.now
    for sender, receiver in ((alice, bob), (bob, alice)):
        sender.channels["chat"].send("over")
        await stage.until(lambda inbox=receiver.inbox["chat"]: inbox == ["over"], step_s=0.01)
    for peer, types in ((alice, expected), (bob, expected.mirrored())):
        assert states(peer, "iceConnectionState") == "new checking connected completed"
        assert states(peer, "connectionState") == "new connecting connected"
        pair = peer.ice.getSelectedCandidatePair()
        assert (pair.local.type, pair.remote.type) == types, (peer.name, pair.local, pair.remote)
    assert_mirrored(alice, bob)
    assert_one_path(stage, quiet_at)
    return took_s
