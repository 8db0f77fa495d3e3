"""A peer connection elsewhere, in the shape that it has for those who are there.

It is in the page of a browser (``peer.js``), or in a program of its own (``frazil_program.py``,
``pion_program``, ``node_program``). All of them take the same commands and tell of the same events.
"""

import asyncio
import base64
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from support.remote import Json


class PeerError(Exception):
    """A call over there threw; ``name`` is that of the error."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name


class Observation(NamedTuple):
    """What the peer saw, and when."""

    at: float
    """Unix time in seconds: the clock of :func:`time.time`, as it is read over there."""
    what: str
    """An attribute of the connection; ``iceTransport``, ``dtlsTransport`` or ``sctpTransport``,
    meaning its state; ``channel LABEL``, meaning its readyState; ``beat``, a message that holds
    the moment at which it was sent; or another thing that happened."""
    value: str


@dataclass(frozen=True, slots=True)
class Description:
    """An RTCSessionDescription."""

    type: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An RTCIceCandidate, as far as it is told to the other side."""

    candidate: str
    sdpMid: str | None
    sdpMLineIndex: int | None
    usernameFragment: str | None


@dataclass(frozen=True, slots=True)
class IceCandidateEvent:
    """An RTCPeerConnectionIceEvent; without a candidate it is the last one."""

    candidate: Candidate | None


class CandidateFacts(NamedTuple):
    """What a candidate is, apart from how it is told."""

    type: str
    protocol: str
    address: str | None
    port: int


class CandidatePair(NamedTuple):
    """An RTCIceCandidatePair."""

    local: CandidateFacts
    remote: CandidateFacts

    @property
    def types(self) -> tuple[str, str]:
        """The types of the local and of the remote candidate."""
        return self.local.type, self.remote.type


class RemotePeer(ABC):
    """Stands for a connection elsewhere; the names are those of webrtc-pc.

    Attributes:
        timeline: All states of all its objects from the first moment, in their order over there.
        channels: The channels that the remote side has opened.
        localDescription: As it was when the last ``setLocalDescription`` resolved.
    """

    def __init__(self) -> None:
        self._seen = asyncio.Event()
        self._listeners: list[Callable[[IceCandidateEvent], object]] = []
        self._inboxes: defaultdict[int, asyncio.Queue[str | bytes]] = defaultdict(asyncio.Queue)
        self.timeline: list[Observation] = []
        self.channels: asyncio.Queue[RemoteChannel] = asyncio.Queue()
        self.localDescription: Description | None = None

    @abstractmethod
    async def _evaluate(self, command: str, arguments: tuple[Any, ...]) -> Json:
        """The outcome of a command: ``{"value": ...}``, or ``{"error": {"name", "message"}}``."""

    def addEventListener(self, name: str, listener: Callable[[IceCandidateEvent], object]) -> None:
        """Call the listener with each ``icecandidate`` event; other events are in the timeline."""
        if name != "icecandidate":
            raise ValueError(name)
        self._listeners.append(listener)

    async def createOffer(self, options: Json | None = None) -> Description:
        return Description(**await self.perform("createOffer", options or {}))

    async def createAnswer(self) -> Description:
        return Description(**await self.perform("createAnswer"))

    async def setLocalDescription(self, description: Json | None = None) -> None:
        answer = await self.perform("setLocalDescription", description)
        self.localDescription = answer and Description(**answer)

    async def setRemoteDescription(self, description: Json) -> None:
        await self.perform("setRemoteDescription", description)

    async def addIceCandidate(self, candidate: Json | None = None) -> None:
        await self.perform("addIceCandidate", candidate)

    async def createDataChannel(self, label: str, **options: Any) -> "RemoteChannel":
        index = await self.perform("createDataChannel", label, options)
        return self._channel(index, label, options.get("protocol", ""))

    async def createDataChannels(self, *labels: str) -> "list[RemoteChannel]":
        """Several channels, all in one task of the page."""
        indices = await self.perform("createDataChannels", labels)
        return [self._channel(*each, "") for each in zip(indices, labels, strict=True)]

    async def restartIce(self) -> None:
        await self.perform("restartIce")

    async def setConfiguration(self, configuration: Json) -> None:
        await self.perform("setConfiguration", configuration)

    async def getStats(self) -> list[Json]:
        """The members of the RTCStatsReport."""
        stats: list[Json] = await self.perform("getStats")
        return stats

    async def getSelectedCandidatePair(self) -> CandidatePair | None:
        """The pair that carries data; None if there is none, or the peer does not tell."""
        pair = await self.perform("getSelectedCandidatePair")
        return pair and CandidatePair(*(CandidateFacts(**end) for end in pair))

    async def close(self) -> None:
        """Close the connection. What is there stays, and keeps watching."""
        await self.perform("close")

    async def wait_for(self, what: str, value: str) -> Observation:
        """The moment at which something took a value, from its current value on."""
        at = max((i for i, seen in enumerate(self.timeline) if seen.what == what), default=0)
        while True:
            for seen in self.timeline[at:]:
                if (seen.what, seen.value) == (what, value):
                    return seen
            at = len(self.timeline)
            self._seen.clear()
            await self._seen.wait()

    def values(self, what: str) -> list[str]:
        """All values that something has had."""
        return [seen.value for seen in self.timeline if seen.what == what]

    async def perform(self, command: str, *arguments: Any) -> Any:
        """The result of a command.

        Raises:
            PeerError: it threw.
        """
        outcome = await self._evaluate(command, arguments)
        if "error" in outcome:
            raise PeerError(**outcome["error"])
        return outcome.get("value")

    def receive(self, message: Json) -> None:
        """Take in an event."""
        match message["event"]:
            case "observation":
                at, what, value = message["at"], message["what"], message["value"]
                self.timeline.append(Observation(at, what, value))
                self._seen.set()
            case "icecandidate":
                init = message["candidate"]
                event = IceCandidateEvent(init and Candidate(**init))
                for listener in self._listeners:
                    listener(event)
            case "datachannel":
                index, label, protocol = message["channel"], message["label"], message["protocol"]
                self.channels.put_nowait(self._channel(index, label, protocol))
            case "message":
                inbox = self._inboxes[message["channel"]]
                inbox.put_nowait(_data(message))

    def _channel(self, index: int, label: str, protocol: str) -> "RemoteChannel":
        return RemoteChannel(self, index, self._inboxes[index], label, protocol)


class RemoteChannel:
    """Stands for a data channel of such a connection."""

    def __init__(
        self,
        peer: RemotePeer,
        index: int,
        inbox: asyncio.Queue[str | bytes],
        label: str,
        protocol: str,
    ) -> None:
        self._peer = peer
        self._index = index
        self._inbox = inbox
        self.label = label
        self.protocol = protocol

    async def wait_for(self, ready_state: str) -> Observation:
        """The moment at which ``readyState`` took a value, from its current value on."""
        return await self._peer.wait_for(f"channel {self.label}", ready_state)

    async def send(self, data: str | bytes) -> None:
        """Send a text or a binary message."""
        if isinstance(data, str):
            body = {"text": data}
        else:
            body = {"base64": base64.b64encode(data).decode()}
        await self._peer.perform("send", self._index, body)

    async def beat(self, period_s: float) -> None:
        """Send the time of sending, again and again; on a channel labelled ``heartbeat``."""
        await self._peer.perform("beat", self._index, period_s)

    async def receive(self) -> str | bytes:
        """The next message that arrived over there."""
        return await self._inbox.get()

    def take(self) -> list[str | bytes]:
        """The messages that have arrived over there since the last one that was asked for."""
        return [self._inbox.get_nowait() for _ in range(self._inbox.qsize())]

    async def close(self) -> None:
        await self._peer.perform("closeChannel", self._index)


def _data(message: Json) -> str | bytes:
    if "text" in message:
        return str(message["text"])
    return base64.b64decode(message["base64"])
