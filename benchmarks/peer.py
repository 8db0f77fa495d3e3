"""What every Python stack offers the benchmarks: one connection with one data channel."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, cast

Signal: TypeAlias = dict[str, Any]
"""What one peer tells the other while they connect; plain JSON.

A description (``type``, ``sdp``) or a candidate (``candidate``, ``sdpMid``, ``sdpMLineIndex``).
"""

Message: TypeAlias = bytes | str


class Milestone(StrEnum):
    """What a connecting peer reaches, in this order."""

    ICE_CONNECTED = "ice connected"
    CONNECTED = "connected"
    CHANNEL_OPEN = "channel open"


class Peer(ABC):
    """One end of a connection, used the way users of its stack use it.

    Args:
        send_signal: Carries a signal to :meth:`receive_signal` of the other end.

    Attributes:
        reached_at: When each milestone was reached first, on the clock of the event loop.
        open: Done when the data channel is open on this end.
    """

    def __init__(self, send_signal: Callable[[Signal], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._send_signal = send_signal
        self._handler: Callable[[Message], None] | None = None
        self._backlog: list[Message] = []
        self.reached_at: dict[Milestone, float] = {}
        self.open: asyncio.Future[None] = self._loop.create_future()

    @abstractmethod
    async def offer(self) -> None:
        """Create the data channel and signal the offer."""

    @abstractmethod
    async def receive_signal(self, signal: Signal) -> None:
        """Take what the other end signalled; answer an offer."""

    @abstractmethod
    def send(self, message: Message) -> None:
        """Queue a message on the open channel."""

    @property
    @abstractmethod
    def buffered(self) -> int:
        """Bytes queued and not sent yet."""

    @abstractmethod
    async def drain(self, low: int) -> None:
        """Wait until at most ``low`` bytes are queued."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connection and release what it holds."""

    def listen(self, handler: Callable[[Message], None]) -> None:
        """Call ``handler`` with each message from now on, and with those that nobody has heard."""
        self._handler = handler
        backlog, self._backlog = self._backlog, []
        for message in backlog:
            handler(message)

    def _take(self, message: Message) -> None:
        if self._handler is None:
            self._backlog.append(message)
        else:
            self._handler(message)

    def _reach(self, milestone: Milestone) -> None:
        self.reached_at.setdefault(milestone, self._loop.time())
        if milestone is Milestone.CHANNEL_OPEN and not self.open.done():
            self.open.set_result(None)


class W3cPeer(Peer):
    """A peer whose stack has the names of the W3C and ``on`` for its events.

    Args:
        pc: The ``RTCPeerConnection``, fresh.
        send_signal: Carries a signal to the other end.
    """

    def __init__(self, pc: Any, send_signal: Callable[[Signal], None]) -> None:
        super().__init__(send_signal)
        self._pc = pc
        self._channel: Any = None
        pc.on("iceconnectionstatechange", self._on_ice_state)
        pc.on("connectionstatechange", self._on_state)
        pc.on("datachannel", self._adopt)

    async def offer(self) -> None:
        self._adopt(self._pc.createDataChannel("benchmark"))
        await self._describe()

    def send(self, message: Message) -> None:
        self._channel.send(message)

    @property
    def buffered(self) -> int:
        return cast("int", self._channel.bufferedAmount)

    async def close(self) -> None:
        await self._pc.close()

    @abstractmethod
    async def _describe(self) -> None:
        """Set and signal the local description that is due."""

    def _signal_description(self) -> None:
        description = self._pc.localDescription
        self._send_signal({"type": description.type, "sdp": description.sdp})

    def _adopt(self, channel: Any) -> None:
        self._channel = channel
        channel.on("message", self._take)
        channel.on("open", self._on_open)
        if channel.readyState == "open":
            self._on_open()

    def _on_open(self) -> None:
        self._reach(Milestone.CHANNEL_OPEN)

    def _on_ice_state(self) -> None:
        if self._pc.iceConnectionState in ("connected", "completed"):
            self._reach(Milestone.ICE_CONNECTED)

    def _on_state(self) -> None:
        if self._pc.connectionState == "connected":
            self._reach(Milestone.CONNECTED)


class Adapter(Protocol):
    """What a ``stack_*`` module holds."""

    VERSION: str

    def make_peer(self, send_signal: Callable[[Signal], None], servers: Sequence[str] = ()) -> Peer:
        """A new peer with these STUN servers; to be called in a running event loop."""

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Run ``main`` in an event loop of the kind that the stack is tested with."""
