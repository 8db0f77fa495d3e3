"""The story of ``frazil demo``: two peers connect, lose each other, recover, restart and part."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from frazil.aio import Network
from frazil.cli.entry import Entry, Judged, Noted, PathChanged, StepBegan
from frazil.cli.expectation import EXPECTED, States, end_differences, state_differences
from frazil.cli.negotiation import Negotiation
from frazil.cli.speech import Speech
from frazil.cli.watch import Watch
from frazil.testing import BlockableNetwork
from frazil.w3c import RTCDataChannel, RTCPeerConnection

PAUSE_S: Final = 1.0
"""Between steps, so that a person can follow."""
BLACKOUT_S: Final = 6.0
"""Longer than the 5 s of silence after which a peer counts as disconnected."""
STREAM_INTERVAL_S: Final = 0.02
MAX_DELAY_S: Final = 0.5
"""A delay in the stream that no busy machine explains: the ICE restart interrupted it."""
STEP_LIMIT_S: Final = 20.0


class Scenario:
    """Two peers on one network, and everything that happens to them.

    To be made in a running event loop, at the instant that the entries call 0.

    Args:
        network: Where both peers live. Only its loopback addresses are used.
        show: Takes the entries of the timeline.
        expected: By peer, what its states must go through.
    """

    def __init__(
        self,
        network: Network,
        show: Callable[[Entry], None],
        expected: Mapping[str, States] = EXPECTED,
    ) -> None:
        self._network = BlockableNetwork(network, only=lambda interface: interface.is_loopback)
        self._show = show
        self._expected = expected
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._alice = RTCPeerConnection(network=self._network)
        self._bob = RTCPeerConnection(network=self._network)
        self._watches = {
            "alice": Watch("alice", self._alice, show, self._began_at),
            "bob": Watch("bob", self._bob, show, self._began_at),
        }
        self._alice_to_bob = Speech("alice", "bob", show, self._began_at)
        self._bob_to_alice = Speech("bob", "alice", show, self._began_at)
        self._step = ""
        self._problems: list[str] = []

    async def run(self) -> Judged:
        """Tell the whole story; show the verdict and return it."""
        async with self._alice, self._bob, asyncio.TaskGroup() as group:
            carriers = [group.create_task(each.run()) for each in self._negotiations()]
            try:
                await self._steps()
            except TimeoutError:
                problem = f"the step {self._step!r} took more than {STEP_LIMIT_S:.0f} s"
                self._problems.append(problem)
            for carrier in carriers:
                carrier.cancel()
        verdict = Judged(self._now(), self._summary(), tuple(self._differences()))
        self._show(verdict)
        return verdict

    def _negotiations(self) -> tuple[Negotiation, Negotiation]:
        alice = Negotiation(self._alice, lambda signal: bob.deliver(signal), polite=False)
        bob = Negotiation(self._bob, alice.deliver, polite=True)
        return alice, bob

    # --- the steps ----------------------------------------------------------------------------

    async def _steps(self) -> None:
        for step in (
            self._connect,
            self._talk,
            self._lose_the_path,
            self._recover,
            self._restart,
            self._part,
        ):
            async with asyncio.timeout(STEP_LIMIT_S):
                await step()

    async def _connect(self) -> None:
        self._begin("Connect", "alice offers, bob answers, candidates trickle both ways")
        arrival: asyncio.Future[RTCDataChannel] = self._loop.create_future()
        self._bob.once("datachannel", arrival.set_result)
        alices = self._alice.createDataChannel("demo")
        bobs = await arrival
        await alices.wait_open()
        self._alice_to_bob.connect(alices, bobs)
        self._bob_to_alice.connect(bobs, alices)
        self._note(f"the channel opened after {self._now() * 1000:.0f} ms: ICE, DTLS, SCTP, DCEP")
        await self._both_reach("connectionState", "connected")
        await self._both_reach("iceConnectionState", "completed")
        await asyncio.sleep(PAUSE_S)

    async def _talk(self) -> None:
        self._begin("Talk", "a message each way")
        self._alice_to_bob.say("Can you hear me?")
        await self._alice_to_bob.all_heard()
        self._bob_to_alice.say("Loud and clear.")
        await self._bob_to_alice.all_heard()
        await asyncio.sleep(PAUSE_S)

    async def _lose_the_path(self) -> None:
        self._begin("Blackout", f"for {BLACKOUT_S:.0f} s every datagram is lost, both ways")
        cut_at = self._now()
        self._network.block()
        self._show(PathChanged(cut_at, blocked=True, text="the path is cut"))
        await asyncio.sleep(PAUSE_S)
        self._alice_to_bob.say("Are you still there?")
        self._bob_to_alice.say("Hello?")
        await self._both_reach("connectionState", "disconnected")
        await asyncio.sleep(cut_at + BLACKOUT_S - self._now())

    async def _recover(self) -> None:
        self._begin("Recovery", "the path is back; what was said meanwhile arrives")
        self._network.heal()
        text = f"the path is healed; {self._network.lost} datagrams were lost"
        self._show(PathChanged(self._now(), blocked=False, text=text))
        await self._both_reach("connectionState", "connected", times=2)
        await self._both_reach("iceConnectionState", "completed", times=2)
        await self._all_heard()
        await asyncio.sleep(PAUSE_S)

    async def _restart(self) -> None:
        interval = f"{STREAM_INTERVAL_S * 1000:.0f} ms"
        self._begin("ICE restart", f"a new path under a stream: a message every {interval}")
        first = len(self._alice_to_bob.said)
        stream = asyncio.create_task(self._stream())
        try:
            await asyncio.sleep(PAUSE_S)
            self._alice.restartIce()
            await self._both_reach("iceConnectionState", "completed", times=3)
            await asyncio.sleep(PAUSE_S)
        finally:
            stream.cancel()
        await self._all_heard()
        count = len(self._alice_to_bob.said) - first
        delay_s = self._alice_to_bob.longest_delay_s(first)
        self._note(f"{count} messages streamed; none took longer than {delay_s * 1000:.0f} ms")
        if delay_s > MAX_DELAY_S:
            self._problems.append(f"the ICE restart delayed a message by {delay_s:.3f} s")

    async def _stream(self) -> None:
        while True:
            self._alice_to_bob.say(f"stream {len(self._alice_to_bob.said)}", muted=True)
            await asyncio.sleep(STREAM_INTERVAL_S)

    async def _part(self) -> None:
        self._begin("Close", "alice leaves; bob is told at once")
        self._bob_to_alice.say("Everything arrived. Bye!")
        await self._all_heard()
        goodbye: asyncio.Future[str] = self._loop.create_future()
        self._bob.once("remoteclose", goodbye.set_result)
        left_at = self._now()
        closing = self._alice.close()
        cause = await goodbye
        delay_s = self._now() - left_at
        self._note(f"bob heard alice's goodbye ({cause}) after {delay_s * 1000:.0f} ms")
        await closing
        await self._bob.close()

    # --- helpers ------------------------------------------------------------------------------

    async def _both_reach(self, attribute: str, state: str, *, times: int = 1) -> None:
        for watch in self._watches.values():
            await watch.reach(attribute, state, times=times)

    async def _all_heard(self) -> None:
        await self._alice_to_bob.all_heard()
        await self._bob_to_alice.all_heard()

    def _begin(self, title: str, text: str) -> None:
        self._step = title
        self._show(StepBegan(self._now(), title, text))

    def _note(self, text: str) -> None:
        self._show(Noted(self._now(), text))

    def _now(self) -> float:
        return self._loop.time() - self._began_at

    # --- the verdict --------------------------------------------------------------------------

    def _differences(self) -> Iterator[str]:
        yield from self._problems
        for peer, watch in self._watches.items():
            yield from state_differences(peer, watch.observed, self._expected[peer])
            yield from end_differences(peer, watch.current())
        yield from self._alice_to_bob.differences()
        yield from self._bob_to_alice.differences()

    def _summary(self) -> str:
        states = sum(
            len(seen) for watch in self._watches.values() for seen in watch.observed.values()
        )
        messages = len(self._alice_to_bob.heard) + len(self._bob_to_alice.heard)
        return f"{states} states and {messages} messages, all in their order"
