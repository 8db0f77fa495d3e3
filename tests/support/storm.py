"""Two applications that negotiate at random under perfect negotiation, in virtual time.

Each session has its own seed, from which everything follows. ``python -m support.storm 5000``
(with ``tests`` on the path) plays many and shows how far it is; ``python -m support.storm 1 77``
plays session 77 alone.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from frazil import (
    InvalidAccessError,
    InvalidModificationError,
    InvalidStateError,
    OperationError,
    RTCDataChannel,
    RTCError,
    RTCPeerConnection,
)
from frazil.sdp import parse_sdp
from frazil.testing import VirtualNetwork, run

STEPS = (6, 30)
"""How often somebody does something."""
PAUSES_S = (0.0, 0.05, 0.3)
"""The longest pause in between: of a hasty, a brisk and a calm session."""
MAX_DELAY_S = 0.3
CALM_S = 40.0
"""How long the last negotiations, restarts and handshakes may take."""

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_GROUP = re.compile(r"a=group:BUNDLE.*\r\n")
MIRROR = {"sendonly": "recvonly", "recvonly": "sendonly"}


class Side:
    """One application: perfect negotiation, and a will of its own.

    Attributes:
        errors: What calls raised that the standard does not allow them to.
        steps: What was done, for whoever has to find out.
    """

    def __init__(
        self,
        name: str,
        pc: RTCPeerConnection,
        random: Random,
        *,
        polite: bool,
        bundles: bool,
    ) -> None:
        self.name = name
        self.pc = pc
        self.errors: list[str] = []
        self.steps: list[str] = []
        self.channels: list[RTCDataChannel] = []
        self.announced: list[RTCDataChannel] = []
        self._random = random
        self._polite = polite
        self._bundles = bundles
        self._is_offering = False
        self._is_ignoring = False
        self._is_answered = False
        self._other: Side
        self._arrives_at = 0.0
        self._is_over = False
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()
        pc.on("negotiationneeded", lambda: self.spawn(self._offer))
        pc.on("icecandidate", self._send_candidate)
        pc.on("datachannel", self.announced.append)

    def introduce(self, other: "Side") -> None:
        """Tell it where its messages go."""
        self._other = other

    async def end(self) -> None:
        """Do nothing more, close, and lose what is on its way."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pc.close()
        for timer in self._timers:
            timer.cancel()

    # --- signalling ---------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        """Let a message arrive a little later, behind those before it."""
        if self._is_over:
            return
        loop = asyncio.get_running_loop()
        at = max(self._arrives_at, loop.time() + self._random.uniform(0, MAX_DELAY_S))
        self._arrives_at = at + 1e-6
        self._timers.append(loop.call_at(at, self._other.arrive, message))

    def arrive(self, message: dict[str, Any]) -> None:
        """Handle a message, beside whatever else is going on."""
        self.note(f"<- {message.get('type', 'candidate')}")
        self.spawn(partial(self._receive, message))

    def spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something beside the rest."""
        if self._is_over:
            return
        task = asyncio.ensure_future(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note(self, text: str) -> None:
        """Remember a step."""
        self.steps.append(f"{asyncio.get_running_loop().time():.3f} {self.name} {text}")

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:
            self.errors.append(f"{type(error).__name__}: {error}")

    async def _offer(self) -> None:
        if self._is_offering:
            return  # on the long way; what that leaves out is asked for again after the answer
        self._is_offering = True
        try:
            await self._describe()
            if self._random.random() < 0.1 and self.pc.signalingState == "have-local-offer":
                self.note("changes its mind")
                await self.pc.setLocalDescription({"type": "rollback"})
            elif self.pc.localDescription is not None:
                self._send_description()
        except InvalidStateError as error:
            if self.pc.signalingState not in ("have-remote-offer", "stable"):
                self.errors.append(f"offering: {error}")
        finally:
            self._is_offering = False

    async def _describe(self) -> None:
        """Set an offer; sometimes the long way, on which it may go stale."""
        if self._random.random() < 0.3:
            try:
                offer = await self.pc.createOffer()
                await asyncio.sleep(self._random.uniform(0, 0.05))
                await self.pc.setLocalDescription(offer)
            except InvalidModificationError:
                self.note("has a stale offer")
            else:
                return
        await self.pc.setLocalDescription()

    def _send_description(self) -> None:
        description = self.pc.localDescription
        assert description is not None
        self.note(f"-> {description.type}")
        message = description.toJSON()
        if not self._bundles:
            message["sdp"] = _GROUP.sub("", message["sdp"])
        self.send(message)

    def _send_candidate(self, candidate: Any) -> None:
        if candidate is not None:
            self.send(candidate.toJSON())

    async def _receive(self, message: dict[str, Any]) -> None:
        if "sdp" in message:
            await self._take_description(message)
            return
        try:
            await self.pc.addIceCandidate(message)
        except OperationError:
            # Of a generation that was rolled back, or of an offer that was ignored.
            pass
        except InvalidStateError:
            if not self._is_ignoring and self.pc.remoteDescription is not None:
                raise

    async def _take_description(self, message: dict[str, Any]) -> None:
        pc, is_offer = self.pc, message["type"] == "offer"
        is_ready = not self._is_offering and (pc.signalingState == "stable" or self._is_answered)
        self._is_ignoring = is_offer and not self._polite and not is_ready
        if self._is_ignoring:
            self.note("ignores it")
            return
        self._is_answered = not is_offer
        await pc.setRemoteDescription(message)
        self._is_answered = False
        if is_offer:
            await self._answer(message)

    async def _answer(self, offer: dict[str, Any]) -> None:
        pc, chance = self.pc, self._random.random()
        if chance < 0.1:
            self.note("has the offer again")
            await pc.setRemoteDescription({"type": "rollback"})
            await pc.setRemoteDescription(offer)
        elif chance < 0.2:
            await pc.setLocalDescription({"type": "pranswer"})
            self._send_description()
        elif chance < 0.3:
            await pc.setRemoteDescription(offer)
        await pc.setLocalDescription()
        self._send_description()

    # --- its own will -------------------------------------------------------------------------

    async def act(self) -> None:
        """Do one thing, sensible or not."""
        action = self._random.choice(
            [
                self._add_transceiver,
                self._add_transceiver,
                self._turn,
                self._stop,
                self._open,
                self._open,
                self._shut,
                self._restart,
                self._look_ahead,
                self._misuse,
                self._configure,
                self._talk,
            ]
        )
        self.note(action.__name__.strip("_"))
        await action()

    async def _add_transceiver(self) -> None:
        if len(self.pc.getTransceivers()) < 6:
            kind = self._random.choice(["audio", "video"])
            self.pc.addTransceiver(kind, {"direction": self._random.choice(DIRECTIONS)})

    async def _turn(self) -> None:
        live = [each for each in self.pc.getTransceivers() if each.direction != "stopped"]
        if live:
            self._random.choice(live).direction = self._random.choice(DIRECTIONS)

    async def _stop(self) -> None:
        found = self.pc.getTransceivers()
        if found:
            self._random.choice(found).stop()

    async def _open(self) -> None:
        if len(self.channels) < 4:
            self.channels.append(self.pc.createDataChannel(f"{self.name} {len(self.channels)}"))

    async def _shut(self) -> None:
        if self.channels:
            self.channels.pop(self._random.randrange(len(self.channels))).close()

    async def _talk(self) -> None:
        for channel in (*self.channels, *self.announced):
            if channel.readyState == "open":
                channel.send(self._random.randbytes(self._random.randrange(2000)))

    async def _restart(self) -> None:
        self.pc.restartIce()

    async def _look_ahead(self) -> None:
        restart = self._random.random() < 0.3
        await self._expect(self.pc.createOffer({"iceRestart": restart}), InvalidStateError)

    async def _misuse(self) -> None:
        pc = self.pc
        call, allowed = self._random.choice(
            [
                (lambda: pc.createAnswer(), (InvalidStateError,)),
                (
                    lambda: pc.setLocalDescription({"type": "answer", "sdp": "v=0"}),
                    (InvalidModificationError, InvalidStateError),
                ),
                (
                    lambda: pc.setLocalDescription({"type": "offer", "sdp": "v=0\r\n"}),
                    (InvalidModificationError, InvalidStateError),
                ),
                (lambda: pc.addIceCandidate({"candidate": "x"}), (TypeError,)),
                (
                    lambda: pc.addIceCandidate({"candidate": "candidate:x", "sdpMid": "0"}),
                    (OperationError, InvalidStateError),
                ),
                (
                    lambda: pc.addIceCandidate({"candidate": "", "sdpMid": "nobody"}),
                    (OperationError, InvalidStateError),
                ),
                (lambda: pc.setRemoteDescription({"sdp": ""}), (TypeError,)),
                (
                    lambda: pc.setRemoteDescription({"type": "answer", "sdp": "nonsense"}),
                    (InvalidStateError, RTCError),
                ),
                (
                    lambda: pc.setRemoteDescription({"type": "pranswer", "sdp": _bare()}),
                    (InvalidStateError, InvalidAccessError),
                ),
            ]
        )
        await self._expect(call(), *allowed)

    async def _configure(self) -> None:
        configuration = self.pc.getConfiguration()
        self.pc.setConfiguration(configuration)
        try:
            self.pc.setConfiguration(configuration | {"bundlePolicy": "max-compat"})
        except InvalidModificationError:
            return
        assert configuration["bundlePolicy"] == "max-compat"

    async def _expect(self, call: Awaitable[Any], *allowed: type[Exception]) -> None:
        with suppress(*allowed):
            await call


def _bare() -> str:
    return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"


async def play(net: VirtualNetwork, seed: int) -> list[str]:
    """One session; what is wrong with it, and what led there."""
    random = Random(seed)
    sides = []
    bundles = random.random() < 0.7
    for at, name in enumerate(("alice", "bob")):
        # Without BUNDLE max-bundle refuses all but one section: nothing to be wondered at.
        policies = ["balanced", "max-compat", "max-bundle"]
        policy = random.choice(policies if bundles else policies[:2])
        pc = RTCPeerConnection({"bundlePolicy": policy}, network=net.host(name, f"10.0.0.{at + 1}"))
        sides.append(Side(name, pc, random, polite=at == 0, bundles=bundles))
    one, two = sides
    one.introduce(two)
    two.introduce(one)
    closing = random.random() < 0.1
    pause_s = random.choice(PAUSES_S)
    if random.random() < 0.3:
        net.block(after_s=random.uniform(0, 3), for_s=random.uniform(0, 4))
    for _ in range(random.randint(*STEPS)):
        await asyncio.sleep(random.uniform(0, pause_s))
        actor = random.choice(sides)
        actor.spawn(actor.act)
    problems: list[str] = []
    if not closing:
        await asyncio.sleep(CALM_S)
        problems = inspect(one, two)
    await asyncio.gather(*(side.end() for side in sides))
    for side in sides:
        problems += [f"{side.name}: {error}" for error in side.errors]
        states = (side.pc.signalingState, side.pc.connectionState, side.pc.iceConnectionState)
        if set(states) != {"closed"}:
            problems.append(f"{side.name} is {states} after close")
    steps = sorted(one.steps + two.steps, key=lambda step: float(step.split()[0]))
    return [*problems, *steps] if problems else []


def inspect(one: Side, two: Side) -> list[str]:
    """What does not fit together once everything is quiet."""
    problems = []
    a, b = one.pc, two.pc
    for side in (one, two):
        if side.pc.signalingState != "stable":
            problems.append(f"{side.name} is {side.pc.signalingState}")
        if side.pc._peer._negotiator.needed.is_behind:
            problems.append(f"{side.name} still needs a negotiation")
        if side.pc.pendingLocalDescription or side.pc.pendingRemoteDescription:
            problems.append(f"{side.name} has a pending description")
    if problems:
        return problems
    shapes = [
        sections(each.sdp) if each else []
        for each in (
            a.localDescription,
            a.remoteDescription,
            b.localDescription,
            b.remoteDescription,
        )
    ]
    if any([s[:2] for s in shape] != [s[:2] for s in shapes[0]] for shape in shapes):
        problems.append(f"m-lines differ: {shapes}")
    agreed, mirrored = (
        [ours[2] or theirs[2] for ours, theirs in zip(*pair, strict=True)]
        for pair in (shapes[:2], shapes[2:])
    )
    if agreed != mirrored:
        problems.append(f"m-lines are refused differently: {shapes}")
    mine = {each.mid: each.currentDirection for each in a.getTransceivers()}
    theirs = {each.mid: each.currentDirection for each in b.getTransceivers()}
    if {mid: MIRROR.get(str(value), value) for mid, value in mine.items()} != theirs:
        problems.append(f"directions do not fit: {mine} and {theirs}")
    if not all(agreed):
        problems += [
            f"{side.name} is {side.pc.connectionState}"
            for side in (one, two)
            if side.pc.connectionState != "connected"
        ]
    elif {a.connectionState, b.connectionState} != {"new"}:
        problems.append(f"without m-lines: {a.connectionState} and {b.connectionState}")
    for side, other in ((one, two), (two, one)):
        for channel in side.channels:
            ends = [each for each in other.announced if each.label == channel.label]
            if channel.readyState != "open" or not any(e.readyState == "open" for e in ends):
                problems.append(f"{side.name} has {channel}, the other side {ends}")
    return problems


def sections(sdp: str) -> list[tuple[str, str | None, bool]]:
    """Media type, mid and whether it is refused, of each m-section."""
    return [(each.kind, each.mid, each.is_rejected) for each in parse_sdp(sdp).media]


def play_one(seed: int) -> list[str]:
    """One session from its seed; what is wrong with it."""

    async def main(net: VirtualNetwork) -> list[str]:
        return await play(net, seed)

    try:
        return run(main, seed=seed)
    except (Exception, BaseExceptionGroup) as error:
        return [f"{type(error).__name__}: {error}"]


def play_many(seeds: range, tell: Callable[[str], object] = lambda line: None) -> list[str]:
    """Many sessions; the first problem, with its seed."""
    for count, seed in enumerate(seeds):
        problems = play_one(seed)
        if problems:
            return [f"session {seed}", *problems]
        if count % 100 == 0:
            tell(f"{count} of {len(seeds)} sessions")
    tell(f"{len(seeds)} sessions ended well")
    return []


if __name__ == "__main__":
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found = play_many(range(first, first + int(sys.argv[1])), lambda line: print(line, flush=True))
    print("\n".join(found))
    sys.exit(bool(found))
