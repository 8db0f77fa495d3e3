"""Two whole peers on a virtual network, a signalling channel between them, and a stage for both.

A scenario is a coroutine test that takes ``stage``; it runs in virtual time, and whatever it
leaves open is closed and verified behind it::

    async def test_the_usual_path(stage):
        alice, bob = stage.pair()
        await stage.connect()
        assert states(alice, "iceConnectionState") == "new checking connected completed"
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeAlias

import pytest

from frazil import FrazilError, IceOptions, RTCDataChannel, RTCPeerConnection, SessionConfig
from frazil.aio import Network
from frazil.testing import VirtualHost, VirtualNetwork, run
from support.witness import MACHINES, Witness

Message: TypeAlias = dict[str, Any]
"""A description or a candidate as JSON carries it."""


class Peer:
    """A connection on a host, with everything that it said.

    Attributes:
        name: For error messages.
        host: The machine it runs on.
        pc: The connection.
        witness: Every event with all states.
        candidates: What ``icecandidate`` gave, ``None`` included.
        channels: By label, own and announced ones.
        inbox: Messages by label, in the order of their arrival.
    """

    def __init__(self, name: str, host: VirtualHost, pc: RTCPeerConnection) -> None:
        self.name = name
        self.host = host
        self.pc = pc
        self.witness = Witness(pc)
        self.candidates: list[Any] = []
        self.channels: dict[str, RTCDataChannel] = {}
        self.inbox: dict[str, list[bytes | str]] = {}
        pc.on("icecandidate", self.candidates.append)
        pc.on("datachannel", self._adopt)

    def channel(self, label: str = "chat", **options: Any) -> RTCDataChannel:
        """Create a channel whose messages go to the inbox."""
        return self._adopt(self.pc.createDataChannel(label, **options))

    @property
    def ice(self) -> Any:
        """The ICE transport."""
        assert self.pc.sctp is not None
        return self.pc.sctp.transport.iceTransport

    @property
    def dtls(self) -> Any:
        """The DTLS transport."""
        assert self.pc.sctp is not None
        return self.pc.sctp.transport

    def fired(self, source: str, kind: str | None = None) -> list[Any]:
        """The events of one source, oldest first."""
        return [
            each.event
            for each in self.witness.moments
            if each.source == source and kind in (None, each.event.type)
        ]

    def _adopt(self, channel: RTCDataChannel) -> RTCDataChannel:
        self.channels[channel.label] = channel
        inbox = self.inbox.setdefault(channel.label, [])
        channel.addEventListener("message", lambda event: inbox.append(event.data))
        self.witness.watch(f"channel {channel.label}", channel)
        return channel


def states(peer: Peer, machine: str, since: float = 0.0, *, transport: int = 0) -> str:
    """The values of one machine as its events told them, the first value included."""
    return peer.witness.states(machine, since, transport=transport)


def all_states(peer: Peer) -> dict[str, str]:
    """The same for every machine."""
    return {machine: peer.witness.states(machine) for machine in MACHINES}


class Line:
    """Signalling in one direction: each message ``delay_s`` later, in order unless scattered.

    Attributes:
        delay_s: How long a message takes.
        scatter: By how much a candidate comes later still, asked for each of them. Descriptions
            and the end of candidates wait for what was sent before.
        carries_candidates: Whether candidates get through, at all.
        carries_end: Whether the end of candidates gets through.
        receive: What the receiver does with a message.
        refusals: What ``addIceCandidate`` of the receiver raised.
    """

    def __init__(self, sender: Peer, receiver: Peer) -> None:
        self.delay_s = 0.05
        self.scatter: Callable[[], float] = lambda: 0.0
        self.carries_candidates = True
        self.carries_end = True
        self.receive: Callable[[Message], Awaitable[None]] = partial(_apply, receiver.pc)
        self.refusals: list[BaseException] = []
        self._queue: list[tuple[float, int, Message, asyncio.Future[None]]] = []
        self._count = count()
        self._barrier_at = self._last_at = 0.0
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: list[asyncio.Task[None]] = []
        sender.pc.on("icecandidate", self._take_candidate)

    def describe(self, description: Any) -> "asyncio.Future[None]":
        """Carry a description; done when the receiver has applied it."""
        return self._post(description.toJSON())

    async def close(self) -> None:
        """Lose what is on its way."""
        for handle in (*self._timers, *self._tasks):
            handle.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take_candidate(self, candidate: Any) -> None:
        if candidate is None:
            return
        if self.carries_candidates if candidate.candidate else self.carries_end:
            self._post(candidate.toJSON()).add_done_callback(self._note_refusal)

    def _post(self, message: Message) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        at = max(loop.time() + self.delay_s, self._barrier_at)
        if message.get("candidate"):
            at += self.scatter()
        else:
            at = self._barrier_at = max(at, self._last_at)
        self._last_at = max(at, self._last_at)
        heappush(self._queue, (at, next(self._count), message, done))
        self._timers.append(loop.call_at(at, self._deliver))
        return done

    def _deliver(self) -> None:
        *_, message, done = heappop(self._queue)  # timers of one instant come in any order
        self._tasks.append(asyncio.create_task(self._hand_over(message, done)))

    async def _hand_over(self, message: Message, done: "asyncio.Future[None]") -> None:
        try:
            await self.receive(message)
        except Exception as error:
            done.set_exception(error)
        else:
            done.set_result(None)

    def _note_refusal(self, done: "asyncio.Future[None]") -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self.refusals.append(error)


async def _apply(pc: RTCPeerConnection, message: Message) -> None:
    await (pc.setRemoteDescription if "sdp" in message else pc.addIceCandidate)(message)


class PerfectNegotiation:
    """The pattern of webrtc-pc for one side: negotiates by itself and survives glare.

    Args:
        peer: This side.
        outgoing: The line to the other side.
        incoming: The line from the other side.
        polite: Whether this side gives way.

    Attributes:
        ignored: How many offers of the other side were ignored.
    """

    def __init__(self, peer: Peer, outgoing: Line, incoming: Line, *, polite: bool) -> None:
        self.ignored = 0
        self._pc = peer.pc
        self._outgoing = outgoing
        self._polite = polite
        self._is_offering = False
        self._is_ignoring = False
        self._is_answered = False
        incoming.receive = self._receive
        peer.pc.on("negotiationneeded", self._offer)

    async def _offer(self) -> None:
        self._is_offering = True
        try:
            await self._pc.setLocalDescription()
            self._outgoing.describe(self._pc.localDescription)
        finally:
            self._is_offering = False

    async def _receive(self, message: Message) -> None:
        if "sdp" in message:
            await self._take_description(message)
            return
        try:
            await self._pc.addIceCandidate(message)
        except FrazilError:
            if not self._is_ignoring:
                raise

    async def _take_description(self, message: Message) -> None:
        pc, is_offer = self._pc, message["type"] == "offer"
        is_stable = pc.signalingState == "stable" or self._is_answered
        self._is_ignoring = is_offer and not self._polite and (self._is_offering or not is_stable)
        if self._is_ignoring:
            self.ignored += 1
            return
        self._is_answered = not is_offer
        await pc.setRemoteDescription(message)
        self._is_answered = False
        if is_offer:
            await pc.setLocalDescription()
            self._outgoing.describe(pc.localDescription)


class Stage:
    """What a scenario needs: a network, peers, signalling, the clock.

    Attributes:
        net: The virtual network; there while the test runs.
        peers: In the order in which they came.
        there: Signalling from the first peer to the second.
        back: Signalling from the second peer to the first.
        expected_refusals: Whether candidates may be refused, in tests that provoke it.
        closing: What else is to be closed in the end.
    """

    net: VirtualNetwork
    there: Line
    back: Line

    def __init__(self, seed: int = 0) -> None:
        self.peers: list[Peer] = []
        self.expected_refusals = False
        self.closing: list[Callable[[], None]] = []
        self._seed = seed

    # --- setting up ---------------------------------------------------------------------------

    def peer(
        self,
        name: str,
        *addresses: str,
        configuration: dict[str, Any] | None = None,
        session: SessionConfig | None = None,
        ice: IceOptions | None = None,
        host: VirtualHost | None = None,
        network: Network | None = None,
        recovery: str = "none",
    ) -> Peer:
        """A peer on a host of its own, unless ``host`` is given.

        It uses the host directly, unless ``network`` is given, which leads there.
        """
        host = host or self.net.host(name, *addresses)
        pc = RTCPeerConnection(
            configuration,
            network=network or host,
            session=session,
            ice=ice,
            recovery=recovery,
        )
        peer = Peer(name, host, pc)
        self.peers.append(peer)
        return peer

    def pair(self, **options: Any) -> tuple[Peer, Peer]:
        """Alice and Bob with an address each, and signalling between them."""
        return self.introduce(
            self.peer("alice", "10.0.0.1", **options), self.peer("bob", "10.0.0.2", **options)
        )

    def introduce(self, first: Peer, second: Peer) -> tuple[Peer, Peer]:
        """Lay a line in both directions."""
        self.there, self.back = Line(first, second), Line(second, first)
        return first, second

    def signalling(self, **settings: Any) -> None:
        """Set attributes of both lines."""
        for line in (self.there, self.back):
            for name, value in settings.items():
                assert hasattr(line, name)
                setattr(line, name, value)

    def negotiate_perfectly(self) -> tuple[PerfectNegotiation, PerfectNegotiation]:
        """Let both peers negotiate by themselves from now on; the first one is polite."""
        first, second = self.peers[:2]
        return (
            PerfectNegotiation(first, self.there, self.back, polite=True),
            PerfectNegotiation(second, self.back, self.there, polite=False),
        )

    # --- acting -------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The virtual time."""
        return asyncio.get_running_loop().time()

    async def sleep(self, delay_s: float) -> None:
        """Let time pass."""
        await asyncio.sleep(delay_s)

    async def negotiate(self, offerer: Peer | None = None, *, ice_restart: bool = False) -> None:
        """Offer and answer; both peers are ``stable`` afterwards."""
        first, second = self.peers[:2]
        there, back = self.there, self.back
        if offerer is second:
            first, second, there, back = second, first, back, there
        offer = await first.pc.createOffer({"iceRestart": ice_restart})
        await first.pc.setLocalDescription(offer)
        await there.describe(first.pc.localDescription)
        await second.pc.setLocalDescription()
        await back.describe(second.pc.localDescription)

    async def connect(self, label: str = "chat", **options: Any) -> tuple[Peer, Peer]:
        """Connect the pair through a data channel, and see it open at both ends."""
        first, second = self.peers[:2] if self.peers else self.pair()
        opening = self.spawn(self.connect_channel(label, **options))
        await self.negotiate()
        for peer in (first, second):
            await peer.pc.wait_connected(timeout=60)
        await opening
        return first, second

    async def connect_channel(self, label: str, **options: Any) -> RTCDataChannel:
        """Another channel of the first peer, open at both ends."""
        first, second = self.peers[:2]
        channel = first.channel(label, **options)
        await channel.wait_open()
        await self.until(lambda: label in second.channels)
        return channel

    def spawn(self, coroutine: Any) -> "asyncio.Task[Any]":
        """Do something beside the test; to be awaited by it."""
        return asyncio.create_task(coroutine)

    async def until(self, condition: Any, timeout_s: float = 60.0, step_s: float = 0.001) -> None:
        """Let time pass in small steps until ``condition()`` holds."""
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - nobody announces arbitrary conditions
                await asyncio.sleep(step_s)

    # --- the end ------------------------------------------------------------------------------

    def play(self, test: Any, arguments: dict[str, Any]) -> None:
        """Run a coroutine test on a network, then close and verify what it left."""

        async def main(net: VirtualNetwork) -> None:
            self.net = net
            try:
                await test(**arguments)
            finally:
                await self._finish()
            for peer in self.peers:
                peer.witness.verify()

        run(main, seed=self._seed)

    async def _finish(self) -> None:
        lines = [self.there, self.back] if hasattr(self, "there") else []
        for line in lines:
            await line.close()
        for peer in self.peers:
            await peer.pc.close()
        for close in self.closing:
            close()
        for line in lines:
            assert self.expected_refusals or not line.refusals, line.refusals


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A stage; ``pytest.mark.parametrize("stage", [seed], indirect=True)`` sets its seed."""
    return Stage(getattr(request, "param", 0))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on its stage, in virtual time."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    arguments["stage"].play(pyfuncitem.obj, arguments)
    return True
