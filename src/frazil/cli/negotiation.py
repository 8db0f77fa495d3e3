"""Perfect negotiation (webrtc-pc 10.7): offers, answers and candidates over any ordered channel."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from frazil.states.enums import RTCSignalingState
from frazil.w3c import RTCIceCandidate, RTCPeerConnection

Signal: TypeAlias = Mapping[str, Any]
"""``{"description": {"type", "sdp"}}`` or ``{"candidate": {...}}``, as JSON carries them.

Some browsers tell the end of candidates by a candidate of ``None`` only; it is a signal, too.
"""


class Negotiation:
    """Keeps one connection negotiated, whichever side wants a change, and both at once too.

    Whatever makes a negotiation necessary, a first channel or ``restartIce()``, leads to an offer.

    Args:
        pc: The connection.
        send: Takes a signal to the peer; signals must arrive in order.
        polite: Whether this side gives in when both make an offer at once. One side must.
    """

    def __init__(
        self, pc: RTCPeerConnection, send: Callable[[Signal], None], *, polite: bool
    ) -> None:
        self._pc = pc
        self._send = send
        self._polite = polite
        self._inbox: asyncio.Queue[Signal] = asyncio.Queue()
        self._is_offering = False
        self._ignores_offer = False
        pc.on("negotiationneeded", self._offer)
        pc.on("icecandidate", self._trickle)

    def deliver(self, signal: Signal) -> None:
        """Take a signal of the peer. They are handled one after the other by :meth:`run`."""
        self._inbox.put_nowait(signal)

    async def run(self) -> None:
        """Handle signals until cancelled.

        Raises:
            DOMException: The peer sent what cannot be applied.
            TypeError: Likewise.
        """
        while True:
            signal = await self._inbox.get()
            if "description" in signal:
                await self._apply(signal["description"])
            elif "candidate" in signal:
                await self._add(signal["candidate"])

    async def _offer(self) -> None:
        self._is_offering = True
        try:
            await self._describe()
        finally:
            self._is_offering = False

    async def _describe(self) -> None:
        """Make the offer or answer that is due, and send it."""
        await self._pc.setLocalDescription()
        description = self._pc.localDescription
        if description is not None:
            self._send({"description": description.toJSON()})

    def _trickle(self, candidate: RTCIceCandidate | None) -> None:
        if candidate is not None:
            self._send({"candidate": candidate.toJSON()})

    async def _apply(self, description: Mapping[str, str]) -> None:
        is_offer = description["type"] == "offer"
        is_stable = self._pc.signalingState is RTCSignalingState.STABLE
        collides = is_offer and (self._is_offering or not is_stable)
        self._ignores_offer = collides and not self._polite
        if self._ignores_offer:
            return
        await self._pc.setRemoteDescription(description)
        if is_offer:
            await self._describe()

    async def _add(self, candidate: Mapping[str, Any] | None) -> None:
        try:
            await self._pc.addIceCandidate(candidate)
        except Exception:
            if not self._ignores_offer:
                raise
