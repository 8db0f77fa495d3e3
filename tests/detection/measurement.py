"""How long it takes until a connection says what has happened to its path, in virtual time."""

import asyncio
from dataclasses import replace
from random import Random
from typing import Final, NamedTuple

from detection.setting import SATELLITE, Setting
from support.lattice import check_lattice
from support.scenario import Peer, Stage

DISCONNECTED_WITHIN_S: Final = 6.0
FAILED_WITHIN_S: Final = 31.0
BACK_WITHIN_S: Final = 5.0
STALL_WITHIN_S: Final = 0.05
QUIET_S: Final = 1800.0
HOLE_S: Final = 12.0
"""How long the hole is out of which connections come back."""

_BEAT_S: Final = 0.05
_FLOW_S: Final = 0.01


class Gone(NamedTuple):
    """The path went for good; seconds from then to the state of each end."""

    disconnected_s: tuple[float, float]
    failed_s: tuple[float, float]


def vanish(setting: Setting, seed: int) -> Gone:
    """Cut a connection off for good.

    Raises:
        AssertionError: It is not told in time.
    """
    return _Measurement(setting, seed).run(_vanish)


def come_back(setting: Setting, seed: int) -> tuple[float, float]:
    """Cut a connection off for a while; seconds from the end of it to ``connected`` at each end.

    Raises:
        AssertionError: It takes too long.
    """
    return _Measurement(setting, seed).run(_come_back)


def restart(setting: Setting, seed: int) -> float:
    """Restart ICE while messages flow; by how much the latest of them was late.

    Raises:
        AssertionError: They stall.
    """
    alone = replace(setting, is_busy=False)  # the flow that is measured is traffic enough
    return _Measurement(alone, seed).run(_restart)


def stay(seed: int) -> int:
    """Leave an idle connection on a bad path alone; how often it called itself disconnected."""
    setting = Setting("bad satellite", SATELLITE, is_busy=False)
    return _Measurement(setting, seed).run(_stay)


class _Measurement:
    """Two connected peers somewhere in the rhythm of their checks."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self.setting = setting
        self.stage = Stage(seed)
        self.random = Random(seed)

    def run(self, measure):
        results = []

        async def main() -> None:
            results.append(await self._main(measure))

        self.stage.play(main, {})
        for peer in self.stage.peers:
            check_lattice(peer.witness)
        return results[0]

    async def _main(self, measure):
        stage = self.stage
        stage.net.default = self.setting.conditions
        await stage.connect()
        beat = stage.spawn(self._beat()) if self.setting.is_busy else None
        await stage.sleep(15 + self.random.uniform(0, 10))
        try:
            return await measure(self)
        finally:
            if beat is not None:
                beat.cancel()
                await asyncio.gather(beat, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            for peer in self.stage.peers:
                peer.channels["chat"].send("beat")
            await self.stage.sleep(_BEAT_S)

    def told(self, state: str, since: float) -> tuple[float, float]:
        """How long after ``since`` each end first was in ``state``."""
        alice, bob = (_first(peer, state, since) - since for peer in self.stage.peers)
        return alice, bob


def _first(peer: Peer, state: str, since: float) -> float:
    return min(
        moment.at
        for moment in peer.witness.moments
        if moment.event.type == "connectionstatechange"
        and moment.value == state
        and moment.at >= since
    )


async def _vanish(measurement: _Measurement) -> Gone:
    stage = measurement.stage
    since = stage.now
    stage.net.block("alice", "bob")
    await stage.sleep(FAILED_WITHIN_S + 1)
    gone = Gone(measurement.told("disconnected", since), measurement.told("failed", since))
    assert max(gone.disconnected_s) <= DISCONNECTED_WITHIN_S, gone
    assert max(gone.failed_s) <= FAILED_WITHIN_S, gone
    return gone


async def _come_back(measurement: _Measurement) -> tuple[float, float]:
    stage = measurement.stage
    stage.net.block("alice", "bob", for_s=HOLE_S)
    await stage.sleep(HOLE_S)
    assert {peer.pc.connectionState for peer in stage.peers} == {"disconnected"}
    since = stage.now
    await stage.sleep(2 * BACK_WITHIN_S)
    back_s = measurement.told("connected", since)
    assert max(back_s) <= BACK_WITHIN_S, back_s
    return back_s


async def _restart(measurement: _Measurement) -> float:
    stage = measurement.stage
    alice, bob = stage.peers
    delays: list[float] = []
    bob.channels["chat"].addEventListener(
        "message", lambda event: delays.append(stage.now - float(event.data))
    )
    flow = stage.spawn(_flow(stage, alice))
    await stage.sleep(1)
    await stage.negotiate(ice_restart=True)
    await stage.sleep(3)
    flow.cancel()
    await asyncio.gather(flow, return_exceptions=True)
    await stage.sleep(1)
    stall_s = max(delays) - min(delays)
    assert stall_s <= STALL_WITHIN_S, stall_s
    for peer in stage.peers:
        assert "disconnected" not in peer.witness.states("connectionState")
    return stall_s


async def _flow(stage: Stage, sender: Peer) -> None:
    while True:
        sender.channels["chat"].send(repr(stage.now))
        await stage.sleep(_FLOW_S)


async def _stay(measurement: _Measurement) -> int:
    await measurement.stage.sleep(QUIET_S)
    return sum(
        peer.witness.states("iceConnectionState").split().count("disconnected")
        for peer in measurement.stage.peers
    )
