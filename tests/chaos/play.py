"""Plays a plan on two whole peers, and sees that everything holds that has to hold."""

import asyncio
from collections.abc import Coroutine
from random import Random
from typing import Any, Final

from chaos.limits import assert_bounded, assert_few_checks
from chaos.observer import Observer
from chaos.plan import CHAOS_S, Happening, Health, Kind, Plan
from frazil.ice.config import IceConfig
from frazil.testing import Conditions, Router, VirtualHost
from matrix.place import PLACES
from support.lattice import check_lattice
from support.mirror import assert_mirrored, assert_one_path
from support.scenario import Peer, Stage
from support.servers import STUN, STUN_AT, TURN_AT

WORKING: Final = ("connected", "completed")
HEALED: Final = Conditions(delay_s=0.01)
AGAIN_S: Final = 10.0
"""Once the network has healed, who was connected is so again within this time."""
AT_LAST_S: Final = 25.0
"""Who never was may wait for the next repetition of a check (RFC 8489: 16 s) and its answer."""
PATIENCE_S: Final = IceConfig().patience_s + 35.0
"""After so long a transport has failed, if it does not work: consent and patience are over."""
REST_S: Final = 20.0
"""A nomination in vain keeps the ends apart no longer (``IceConfig.recheck_sends``)."""
LATE_MOVES: Final = 1
"""A pair that a NAT kept from answering may do so at the next repetition of its check."""
TURN: Final = {"urls": "turn:turn.example", "username": "user", "credential": "password"}


def play(plan: Plan) -> None:
    """Run the whole session.

    Raises:
        AssertionError: Something did not hold; the plan tells how to see it again.
    """
    stage = Stage(plan.seed)

    async def main() -> None:
        await _Player(stage, plan).play()

    stage.play(main, {})
    for peer in stage.peers:
        check_lattice(peer.witness)


class _Player:
    """One run of a plan."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._observer = Observer(stage.net, TURN_AT)
        self._routers: tuple[list[Router], list[Router]] = ([], [])
        self._tasks: list[asyncio.Task[None]] = []
        self._negotiating = asyncio.Lock()
        self._peers = self._introduce()

    # --- setting up ---------------------------------------------------------------------------

    def _introduce(self) -> tuple[Peer, Peer]:
        stage, plan = self._stage, self._plan
        stage.net.default = plan.conditions
        stage.expected_refusals = plan.is_closed_early
        servers = self._servers()
        peers = [
            stage.peer(name, host=self._host(name, side), configuration={"iceServers": servers})
            for side, name in enumerate(("alice", "bob"))
        ]
        pair = stage.introduce(*peers)
        random = Random(plan.seed)
        for line, delay_s in zip((stage.there, stage.back), plan.signalling_s, strict=True):
            line.delay_s = delay_s
            line.scatter = lambda: random.uniform(0, plan.scatter_s)
        return pair

    def _servers(self) -> list[dict[str, str]]:
        net, plan = self._stage.net, self._plan
        found = []
        if plan.stun is not Health.NONE:
            net.stun_server(STUN_AT, name="stun.example").silent = plan.stun is Health.DEAD
            found.append(STUN)
        if plan.turn is not Health.NONE:
            turn = net.turn_server(TURN_AT, name="turn.example")
            turn.service.silent = plan.turn is Health.DEAD
            found.append(TURN)
        return found

    def _host(self, name: str, side: int) -> VirtualHost:
        """A host with the interfaces of the plan; numbers make addresses differ."""
        host = self._stage.net.host(name)
        for number, attachment in enumerate(self._plan.sites[side], 16 * side + 1):
            if attachment.is_ipv6:
                host.add_interface(f"2001:db8:{number:x}::1")
            else:
                place = PLACES[attachment.place]
                self._routers[side].extend(place.settle(self._stage.net, host, number))
        return host

    # --- the session --------------------------------------------------------------------------

    async def play(self) -> None:
        stage, plan = self._stage, self._plan
        try:
            self._peers[0].channel()
            self._spawn(self._negotiate(0, ice_restart=False))
            if plan.heartbeat_s:
                self._spawn(self._beat())
            for happening in plan.happenings:
                await stage.sleep(happening.at_s - stage.now)
                await self._happen(happening)
            await stage.sleep(CHAOS_S - stage.now)
            if plan.is_closed_early:
                await stage.sleep(AT_LAST_S)
            else:
                await self._heal()
            self._assert_within_limits()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._observer.assert_consent()

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(coroutine))

    async def _negotiate(self, side: int, *, ice_restart: bool) -> None:
        async with self._negotiating:
            if all(peer.pc.signalingState != "closed" for peer in self._peers):
                await self._stage.negotiate(self._peers[side], ice_restart=ice_restart)

    async def _beat(self) -> None:
        while True:
            await self._stage.sleep(self._plan.heartbeat_s)
            for peer in self._peers:
                channel = peer.channels.get("chat")
                if channel is not None and channel.readyState == "open":
                    channel.send("beat")

    async def _happen(self, happening: Happening) -> None:
        net, side, for_s = self._stage.net, happening.side, happening.for_s
        peer, other = self._peers[side], self._peers[1 - side]
        match happening.kind:
            case Kind.CUT_BETWEEN:
                net.block(peer.host, other.host, for_s=for_s)
            case Kind.CUT_ONE_WAY:
                net.block(peer.host, other.host, one_way=True, for_s=for_s)
            case Kind.CUT_OFF:
                net.block(peer.host, for_s=for_s)
            case Kind.FORGET:
                for router in self._routers[side]:
                    router.forget()
            case Kind.RESTART:
                self._spawn(self._negotiate(side, ice_restart=True))
            case Kind.CLOSE:
                await peer.pc.close()

    # --- the end ------------------------------------------------------------------------------

    async def _heal(self) -> None:
        """The network is perfect from now on: they connect, or have failed by rule."""
        net, stage = self._stage.net, self._stage
        async with self._negotiating:  # as soon as nobody restarts
            net.heal()
        net.connect_all(HEALED)
        were_connected = all("connected" in self._states(peer) for peer in self._peers)
        await self._come_together(AGAIN_S if were_connected else AT_LAST_S)
        await stage.sleep(REST_S)
        if not self._works():
            assert not self._plan.must_live, self._story()
            await stage.sleep(PATIENCE_S)
        if not self._works():
            await self._start_over()
        if self._works():
            await self._assert_agreement()

    async def _come_together(self, limit_s: float) -> None:
        ends_at = self._stage.now + limit_s
        while not self._works() and self._stage.now < ends_at:
            await self._stage.sleep(0.25)
        if self._plan.must_live:
            assert self._works(), self._story()

    async def _start_over(self) -> None:
        """What has failed connects by a restart, if the NATs allow it at all."""
        for peer in self._peers:
            assert peer.ice.state == "failed", self._story()
        await self._negotiate(0, ice_restart=True)
        await self._stage.sleep(AT_LAST_S + REST_S)
        assert self._works() or not self._plan.must_connect_again, self._story()
        assert self._plan.may_connect or not self._works(), self._story()

    async def _assert_agreement(self) -> None:
        """What both say comes by one path, unless they go to a better one just then."""
        for _ in range(LATE_MOVES + 1):
            assert_mirrored(*self._peers)
            since, moves = self._stage.now, self._moves()
            for sender in self._peers:
                sender.channels["chat"].send("last")
            await self._stage.sleep(2)
            for receiver in self._peers:
                assert "last" in receiver.inbox["chat"], self._story()
            if self._moves() == moves:
                assert_one_path(self._stage, since)
                return
        raise AssertionError(self._story())

    def _moves(self) -> list[int]:
        stacks = [stack for peer in self._peers for stack in peer.pc._peer.transports.stacks]
        return [stack.session.ice.pair_changes for stack in stacks]

    def _works(self) -> bool:
        return all(peer.ice.state in WORKING for peer in self._peers)

    @staticmethod
    def _states(peer: Peer) -> str:
        return peer.witness.states("RTCIceTransport.state")

    def _story(self) -> list[str]:
        return [self._states(peer) for peer in self._peers]

    def _assert_within_limits(self) -> None:
        for peer in self._peers:
            if peer.pc.signalingState == "closed":
                continue
            assert_bounded(peer)
            assert_few_checks(
                peer,
                sorted({each.usernameFragment for each in peer.candidates if each}),
                self._observer,
                local_addresses=2 * len(peer.host.interfaces()),
                elapsed_s=self._stage.now,
            )
