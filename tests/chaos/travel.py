"""Makes a journey with two whole peers, and sees that they find each other again.

Nothing that they say on the way is lost.
"""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any, Final

from chaos.journey import JOURNEY_S, Journey, Step, Turn
from chaos.relay import RelayHost
from chaos.talk import Talk
from chaos.traveller import Traveller
from frazil.testing import Conditions, TransportProtocol
from support.lattice import check_lattice
from support.mirror import assert_mirrored, assert_one_path
from support.scenario import Peer, Stage
from support.servers import STUN_AT

HEALED: Final = Conditions(delay_s=0.01)
AGAIN_S: Final = 150.0
"""Once the network has healed: two attempts may be a minute apart, and one may just have begun."""
SETTLED_S: Final = 10.0
"""After that what has waited was sent."""
REST_S: Final = 60.0
"""After that nothing is left to be done, and nothing more may happen."""
SIGNALLING_S: Final = 0.05


def travel(journey: Journey) -> None:
    """Make the whole journey.

    Raises:
        AssertionError: Something did not hold.
    """
    stage = Stage(journey.seed)
    stage.expected_refusals = True  # where both offer at once, one side's candidates come to naught

    async def main() -> None:
        await _Trip(stage, journey).make()

    stage.play(main, {})
    for peer in stage.peers:
        check_lattice(peer.witness, yields=True)


class _Trip:
    """One run of a journey."""

    def __init__(self, stage: Stage, journey: Journey) -> None:
        self._stage = stage
        self._journey = journey
        self._tasks: list[asyncio.Task[None]] = []
        stage.net.default = journey.conditions
        stage.net.stun_server(STUN_AT, name="stun.example")
        self._relay = RelayHost(stage, journey.relay_life_s)
        self._travellers = tuple(
            Traveller(stage, name, side, journey.sites[side], recovers=journey.recovers[side])
            for side, name in enumerate(("alice", "bob"))
        )
        self._introduce()

    @property
    def _peers(self) -> tuple[Peer, Peer]:
        alice, bob = self._travellers
        return alice.peer, bob.peer

    def _introduce(self) -> None:
        stage, journey = self._stage, self._journey
        stage.introduce(*self._peers)
        random = Random(journey.seed)
        for line, delay_s in zip((stage.there, stage.back), journey.signalling_s, strict=True):
            line.delay_s = delay_s
            line.scatter = lambda: random.uniform(0, journey.scatter_s)
        stage.negotiate_perfectly()

    async def make(self) -> None:
        """Go all the way, and arrive."""
        stage, journey = self._stage, self._journey
        await self._relay.listen()
        talk = Talk(stage, self._peers, journey.seed, journey.fleeting, journey.longest)
        try:
            for step in journey.steps:
                await stage.sleep(step.at_s - stage.now)
                self._take(step)
            await stage.sleep(JOURNEY_S - stage.now)
            self._heal()
            await self._meet()
            talk.be_sure()
            await self._rest()
            await talk.end()
            await self._assert_agreement(talk)
        finally:
            talk.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, step: Step) -> None:
        net, for_s = self._stage.net, step.for_s
        traveller, other = self._travellers[step.side], self._travellers[1 - step.side]
        match step.turn:
            case Turn.BLOCK:
                net.block(traveller.host, other.host, for_s=for_s)
            case Turn.BLOCK_ONE_WAY:
                net.block(traveller.host, other.host, one_way=True, for_s=for_s)
            case Turn.TUNNEL:
                net.block(traveller.host, for_s=for_s)
            case Turn.LEAVE:
                traveller.leave()
            case Turn.ARRIVE:
                traveller.arrive()
            case Turn.CHANGE:
                traveller.leave()
                self._spawn(self._later(for_s, traveller.arrive))
            case Turn.OVERLAP:
                traveller.arrive()
                self._spawn(self._later(for_s, traveller.leave))
            case Turn.FORGET:
                traveller.forget()
            case Turn.RESTART:
                traveller.peer.pc.restartIce()
            case Turn.CHANNEL:
                traveller.peer.channel(f"channel at {step.at_s}")
            case Turn.STOP_UDP:
                net.block(traveller.host, protocol=TransportProtocol.UDP, for_s=for_s)
            case Turn.BREAK:
                traveller.break_streams()
            case Turn.SILENCE:
                self._relay.fall_silent()
                self._spawn(self._later(for_s, self._relay.speak))
            case Turn.LOSE:
                self._relay.restart()
            case Turn.STALE:
                self._relay.expire_nonces()
            case Turn.DISGUISE:
                self._relay.disguise()
                self._spawn(self._later(for_s, self._relay.unmask))

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(coroutine))

    async def _later(self, delay_s: float, what: Any) -> None:
        await self._stage.sleep(delay_s)
        what()

    # --- the end ------------------------------------------------------------------------------

    def _heal(self) -> None:
        """The network and the signalling are perfect from now on, and everybody is somewhere."""
        for task in self._tasks:
            task.cancel()
        self._stage.net.heal()
        self._stage.net.connect_all(HEALED)
        self._stage.signalling(delay_s=SIGNALLING_S, scatter=lambda: 0.0)
        self._relay.speak()
        self._relay.unmask()
        for traveller in self._travellers:
            traveller.keep_rules()
            if not traveller.addresses:
                traveller.arrive()

    async def _meet(self) -> None:
        ends_at = self._stage.now + AGAIN_S
        while not self._is_connected() and self._stage.now < ends_at:
            await self._stage.sleep(0.25)
        assert self._is_connected(), self._story()
        await self._stage.sleep(SETTLED_S)

    async def _rest(self) -> None:
        """Nothing changes any more."""
        await self._stage.sleep(REST_S)
        for peer in self._peers:
            assert peer.pc.signalingState == "stable", self._story()
            assert peer.pc.connectionState == "connected", self._story()
            assert peer.pc.iceConnectionState == "completed", self._story()

    def _is_connected(self) -> bool:
        return all(peer.pc.connectionState == "connected" for peer in self._peers)

    def _story(self) -> list[str]:
        return [peer.witness.states("RTCIceTransport.state") for peer in self._peers]

    async def _assert_agreement(self, talk: Talk) -> None:
        assert_mirrored(*self._peers)
        since = self._stage.now
        talk.say_last()
        await self._stage.sleep(2)
        talk.verify()
        if not self._is_stream():
            assert_one_path(self._stage, since)

    def _is_stream(self) -> bool:
        """Whether what they say goes by TCP, whose packets do not show where one begins."""
        return self._peers[0].ice.getSelectedCandidatePair().local.protocol == "tcp"
