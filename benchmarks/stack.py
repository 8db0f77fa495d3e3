"""What every stack under test offers the benchmarks: one connection with one data channel."""

import asyncio
import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from enum import StrEnum
from types import ModuleType
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

Signal: TypeAlias = dict[str, Any]
"""What one peer tells the other while they connect; plain JSON."""

LOOPBACK = "127.0.0.1"


class Milestone(StrEnum):
    """What a connecting peer reaches, in this order."""

    ICE_CONNECTED = "ice connected"
    CONNECTED = "connected"
    CHANNEL_OPEN = "channel open"


class Peer(ABC):
    """One end of a connection, used the way users of its stack use it.

    Args:
        pc: The ``RTCPeerConnection``, fresh.
        send_signal: Carries a signal to :meth:`receive_signal` of the other end.

    Attributes:
        reached_at: When each milestone was reached first, on the clock of the event loop.
        open: Done when the data channel is open on this end.
        on_message: Called with each message.
    """

    def __init__(self, pc: Any, send_signal: Callable[[Signal], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pc = pc
        self._channel: Any = None
        self._send_signal = send_signal
        self.reached_at: dict[Milestone, float] = {}
        self.open: asyncio.Future[None] = self._loop.create_future()
        self.on_message: Callable[[bytes | str], None] = lambda message: None
        pc.on("iceconnectionstatechange", self._on_ice_state)
        pc.on("connectionstatechange", self._on_state)
        pc.on("datachannel", self._adopt)

    async def offer(self) -> None:
        """Create the data channel and signal the offer."""
        self._adopt(self._pc.createDataChannel("benchmark"))
        await self._describe()

    @abstractmethod
    async def receive_signal(self, signal: Signal) -> None:
        """Take what the other end signalled; answer an offer."""

    def send(self, message: bytes | str) -> None:
        """Queue a message on the open channel."""
        self._channel.send(message)

    @property
    def buffered(self) -> int:
        """Bytes queued and not sent yet."""
        return cast("int", self._channel.bufferedAmount)

    @abstractmethod
    async def drain(self, low: int) -> None:
        """Wait until at most ``low`` bytes are queued."""

    async def close(self) -> None:
        """Close the connection and release what it holds."""
        await self._pc.close()

    @abstractmethod
    async def _describe(self) -> None:
        """Set and signal the local description that is due."""

    def _signal_description(self) -> None:
        description = self._pc.localDescription
        self._send_signal({"type": description.type, "sdp": description.sdp})

    def _adopt(self, channel: Any) -> None:
        self._channel = channel
        channel.on("message", lambda message: self.on_message(message))
        channel.on("open", self._on_open)
        if channel.readyState == "open":
            self._on_open()

    def _on_open(self) -> None:
        self._reach(Milestone.CHANNEL_OPEN)
        if not self.open.done():
            self.open.set_result(None)

    def _on_ice_state(self) -> None:
        if self._pc.iceConnectionState in ("connected", "completed"):
            self._reach(Milestone.ICE_CONNECTED)

    def _on_state(self) -> None:
        if self._pc.connectionState == "connected":
            self._reach(Milestone.CONNECTED)

    def _reach(self, milestone: Milestone) -> None:
        self.reached_at.setdefault(milestone, self._loop.time())


class Adapter(Protocol):
    """What a ``stack_*`` module holds."""

    VERSION: str

    def make_peer(self, send_signal: Callable[[Signal], None]) -> Peer:
        """A new peer; to be called in a running event loop."""

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Run ``main`` in an event loop of the kind that the stack is tested with."""


class Stack(NamedTuple):
    """A stack by name, before anything of it is imported.

    Attributes:
        name: What the tables call it.
        module: The module with its :class:`Adapter`.
        requirement: What pip installs.
    """

    name: str
    module: str
    requirement: str

    def load(self) -> Adapter:
        """The adapter.

        Raises:
            ImportError: The stack is not installed.
        """
        module: ModuleType = importlib.import_module(self.module)
        return cast("Adapter", module)


AIORTC = Stack("aiortc", "stack_aiortc", "aiortc")
FRAZIL = Stack("frazil", "stack_frazil", "frazil")
AIORTC_UVLOOP = Stack("aiortc + uvloop", "stack_aiortc_uvloop", "aiortc uvloop")

STACKS = (AIORTC, FRAZIL, AIORTC_UVLOOP)
BASELINE = AIORTC
