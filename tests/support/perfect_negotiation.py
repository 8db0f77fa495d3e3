"""Perfect negotiation (webrtc-pc 10.7): either side offers when it likes, and one of them yields.

What one side says arrives at the other in order and later, as over a server.
"""

import asyncio
import re
from typing import Any, Final, Self

from support.signalling import Peer, candidate_init

_UFRAG: Final = re.compile(r"(?m)^a=ice-ufrag:(\S+)")


class Side:
    """One of two applications: its connection, and what the sample code of webrtc-pc remembers.

    Args:
        hears: Set while messages arrive.

    Attributes:
        peer: The connection.
        is_polite: Whether it takes back its own offer when another one crosses it.
        ignored: How many offers of the other side it has ignored.
    """

    def __init__(self, peer: Peer, hears: asyncio.Event, *, is_polite: bool) -> None:
        self.peer = peer
        self._hears = hears
        self.is_polite = is_polite
        self.ignored = 0
        self._ignores_offer = False
        self._ignored_ufrags: set[str] = set()
        self._inbox: asyncio.Queue[Any] = asyncio.Queue()
        self._outbox: asyncio.Queue[Any]
        self._is_stable = True
        self._held: list[Any] | None = None

    def connect(self, other: "Side") -> None:
        """Talk to the other side from now on."""
        self._outbox = other._inbox
        self.peer.addEventListener("icecandidate", self._on_candidate)

    async def offer(self) -> None:
        """Offer, whatever the other side is about to do."""
        self._is_stable = False
        await self._describe()

    async def run(self) -> None:
        """Do what messages of the other side demand, for ever."""
        while True:
            message = await self._inbox.get()
            await self._hears.wait()
            try:
                if "candidate" in message:
                    await self._take_candidate(message["candidate"])
                else:
                    await self._take_description(message)
            finally:
                self._inbox.task_done()

    async def quiet(self) -> None:
        """Return when everything that arrived was dealt with."""
        await self._inbox.join()

    async def _describe(self) -> None:
        self._held = held = []  # candidates that must not overtake the description
        await self.peer.setLocalDescription()
        description = self.peer.localDescription
        self._held = None
        self._outbox.put_nowait({"type": str(description.type), "sdp": description.sdp})
        for message in held:
            self._outbox.put_nowait(message)

    async def _take_description(self, description: dict[str, str]) -> None:
        is_offer = description["type"] == "offer"
        self._ignores_offer = is_offer and not self._is_stable and not self.is_polite
        if self._ignores_offer:
            self.ignored += 1
            self._ignored_ufrags.update(_UFRAG.findall(description["sdp"]))
            return
        await self.peer.setRemoteDescription(description)
        if is_offer:
            await self._describe()
        self._is_stable = True

    async def _take_candidate(self, candidate: Any) -> None:
        """Hand it on; it may be refused if it belongs to an offer that was ignored.

        A browser may say such a candidate after the answer that followed on the rollback, when the
        flag of the sample code is down again: then its username fragment tells.
        """
        try:
            await self.peer.addIceCandidate(candidate)
        except Exception:
            ufrag = candidate and candidate.get("usernameFragment")
            if not self._ignores_offer and ufrag not in self._ignored_ufrags:
                raise

    def _on_candidate(self, event: Any) -> None:
        message = {"candidate": event.candidate and candidate_init(event.candidate)}
        if self._held is None:
            self._outbox.put_nowait(message)
        else:
            self._held.append(message)


class PerfectNegotiation:
    """Two sides that can hear each other, from entry to exit of the context.

    A mistake of either application, or of its connection, ends the context at once.
    """

    def __init__(self, impolite: Peer, polite: Peer) -> None:
        self._hears = asyncio.Event()
        self.impolite = Side(impolite, self._hears, is_polite=False)
        self.polite = Side(polite, self._hears, is_polite=True)
        self.impolite.connect(self.polite)
        self.polite.connect(self.impolite)
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._tasks = [self._group.create_task(side.run()) for side in (self.impolite, self.polite)]
        return self

    async def __aexit__(self, *raised: Any) -> None:
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(*raised)

    async def clash(self) -> None:
        """Let both offer before either hears of it, and return when they have agreed."""
        self._hears.clear()
        await self.polite.offer()
        await self.impolite.offer()
        self._hears.set()
        await self.polite.quiet()  # it has yielded and answered
        await self.impolite.quiet()
