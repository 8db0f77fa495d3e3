"""Follows the states of one connection."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

from frazil.aio.pulse import Pulse
from frazil.cli.entry import Entry, StateMoved
from frazil.trace import TraceRecord
from frazil.w3c import RTCPeerConnection

ATTRIBUTES: Final = (
    "signalingState",
    "iceGatheringState",
    "iceConnectionState",
    "connectionState",
)
"""The states of a connection, each with an event named after it."""


class Watch:
    """Shows every state change with its reason, and keeps what a listener observes.

    Args:
        peer: What to call the owner of the connection.
        pc: The connection.
        show: Takes an entry for each state change of the connection and its transports.
        began_at: The instant of the event loop that the entries call 0.

    Attributes:
        observed: What each of :data:`ATTRIBUTES` was at first, and at each of its events: all
            that an application can see.
    """

    def __init__(
        self, peer: str, pc: RTCPeerConnection, show: Callable[[Entry], None], began_at: float
    ) -> None:
        self._peer = peer
        self._pc = pc
        self._show = show
        self._began_at = began_at
        self._loop = asyncio.get_running_loop()
        self._pulse = Pulse()
        self.observed = {attribute: [self._read(attribute)] for attribute in ATTRIBUTES}
        for attribute in ATTRIBUTES:
            pc.on(f"{attribute.lower()}change", partial(self._observe, attribute))
        pc.trace.listen(self._on_record)

    def current(self) -> dict[str, str]:
        """What the attributes are now; after ``close()``, no event has told."""
        return {attribute: self._read(attribute) for attribute in ATTRIBUTES}

    async def reach(self, attribute: str, state: str, *, times: int = 1) -> None:
        """Wait until an attribute has been observed in a state so many times."""
        seen = self.observed[attribute]
        await self._pulse.wait_until(lambda: seen.count(state) >= times)

    def _read(self, attribute: str) -> str:
        return str(getattr(self._pc, attribute))

    def _observe(self, attribute: str) -> None:
        self.observed[attribute].append(self._read(attribute))
        self._pulse.beat()

    def _on_record(self, record: TraceRecord) -> None:
        if record.event == "state-changed":
            at = self._loop.time() - self._began_at
            self._show(StateMoved(at, self._peer, self._pc.stateHistory[-1]))
