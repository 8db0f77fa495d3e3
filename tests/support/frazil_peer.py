"""This library as a partner in interop tests: a connection whose states are written down."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from frazil import RTCDataChannel, RTCPeerConnection


class FrazilPeer(RTCPeerConnection):
    """An RTCPeerConnection that remembers every state it showed in an event.

    Attributes:
        seen: For each attribute the values that its events brought, the initial one first.
    """

    def __init__(self, configuration: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(configuration, **options)
        names = ("signalingState", "iceGatheringState", "iceConnectionState", "connectionState")
        self.seen: dict[str, list[str]] = {name: [str(getattr(self, name))] for name in names}
        for name in names:
            self.addEventListener(name.lower().replace("state", "statechange"), self._note(name))

    def _note(self, name: str) -> Any:
        return lambda event: self.seen[name].append(str(getattr(self, name)))

    def echo(self) -> None:
        """Return every message on the channel that it came by."""

        @self.on("datachannel")
        def answer(channel: RTCDataChannel) -> None:
            channel.on("message", channel.send)

    def states(self, machine: str) -> list[str]:
        """All states that a machine has had, from its history."""
        changes = [each for each in self.stateHistory if each.machine == machine]
        return [str(each.old) for each in changes[:1]] + [str(each.new) for each in changes]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return as soon as ``condition()`` is true; it may become so in any event."""
        await self._backend._pulse.wait_until(condition)

    async def wait_for(self, name: str, value: str) -> None:
        """Return as soon as an event has shown ``value``, at once if it is the current one."""
        await self._backend._pulse.wait_until(lambda: self.seen[name][-1] == value)


@asynccontextmanager
async def frazil_peer(
    configuration: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[FrazilPeer]:
    """A connection with the options of ``RTCPeerConnection``, closed in the end."""
    async with FrazilPeer(configuration, **options) as peer:
        yield peer
