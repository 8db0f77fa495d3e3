"""Carries descriptions and candidates between two peers, as an application's server would.

A peer is anything in the shape of webrtc-pc: this library's, a browser's page, aiortc behind its
adapter.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, Protocol, Self

UFRAG = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)


class Peer(Protocol):
    """The part of RTCPeerConnection that signalling touches."""

    @property
    def localDescription(self) -> Any: ...

    def addEventListener(self, name: str, listener: Callable[[Any], object], /) -> object: ...

    async def setLocalDescription(self) -> None: ...

    async def setRemoteDescription(self, description: Any, /) -> None: ...

    async def addIceCandidate(self, candidate: Any, /) -> None: ...


class Signalling:
    """Two peers within reach of each other, from entry to exit of the context.

    Candidates travel one by one in both directions (trickle ICE), each after the description that
    it belongs to and before the one that replaces it. One that the receiver refuses fails the test
    at the exit.
    """

    def __init__(self, first: Peer, second: Peer) -> None:
        self._first = first
        self._onward = _Line(first, second)
        self._return = _Line(second, first)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(line.run()) for line in (self._onward, self._return)]
        return self

    async def __aexit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for refusal in self._onward.refusals + self._return.refusals:
            if error is None:
                raise refusal
            error.add_note(f"a candidate was refused: {refusal!r}")

    async def negotiate(self, offerer: Peer | None = None) -> None:
        """One offer and its answer; both peers are ``stable`` afterwards.

        Args:
            offerer: Who begins: the first of the two unless told.
        """
        there, back = self._onward, self._return
        if offerer not in (None, self._first):
            there, back = back, there
        await there.describe()
        await back.describe()


class _Line:
    """One direction: what the source says, in the order in which it makes sense.

    Peers in other processes tell of a description and of a candidate by different ways, so the
    order is restored by the username fragments.
    """

    def __init__(self, source: Peer, target: Peer) -> None:
        self._source = source
        self._target = target
        self._candidates: asyncio.Queue[Any] = asyncio.Queue()
        self._described = asyncio.Condition()
        self._generation: set[str] = set()
        self._past: set[str] = set()
        self.refusals: list[Exception] = []
        source.addEventListener("icecandidate", self._on_candidate)

    def _on_candidate(self, event: Any) -> None:
        self._candidates.put_nowait(event.candidate)

    async def describe(self) -> None:
        """Let the source make its description, and the target take it."""
        await self._source.setLocalDescription()
        description = self._source.localDescription
        async with self._described:
            await self._target.setRemoteDescription(
                {"type": str(description.type), "sdp": description.sdp}
            )
            self._past |= self._generation
            self._generation = set(UFRAG.findall(description.sdp))
            self._described.notify_all()

    async def run(self) -> None:
        """Pass candidates on, for ever."""
        while True:
            candidate = await self._candidates.get()
            ufrag = candidate and candidate.usernameFragment
            async with self._described:
                if not self._is_described(ufrag) and ufrag not in self._past:
                    await self._described.wait()
                if self._is_described(ufrag):
                    await self._pass(candidate)

    def _is_described(self, ufrag: str | None) -> bool:
        return ufrag in self._generation if ufrag else bool(self._generation)

    async def _pass(self, candidate: Any) -> None:
        try:
            await self._target.addIceCandidate(candidate and candidate_init(candidate))
        except Exception as refusal:
            self.refusals.append(refusal)


def candidate_init(candidate: Any) -> dict[str, Any]:
    """The RTCIceCandidateInit of an RTCIceCandidate, as its ``toJSON`` gives it."""
    members = ("candidate", "sdpMid", "sdpMLineIndex", "usernameFragment")
    return {member: getattr(candidate, member) for member in members}
