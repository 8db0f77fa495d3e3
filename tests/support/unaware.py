"""A peer that is told no candidate of the other side, so that the other side has to begin."""

import re
from typing import Any

from support.signalling import Peer


class Unaware:
    """Passes everything on to ``peer`` but the candidates it should hear of."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    @property
    def localDescription(self) -> Any:
        """That of the peer."""
        return self._peer.localDescription

    def addEventListener(self, name: str, listener: Any) -> object:
        """Listen to the peer."""
        return self._peer.addEventListener(name, listener)

    async def setLocalDescription(self) -> None:
        """Pass on."""
        await self._peer.setLocalDescription()

    async def setRemoteDescription(self, description: Any) -> None:
        """Pass on what is no candidate."""
        sdp = re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", description["sdp"])
        await self._peer.setRemoteDescription({**description, "sdp": sdp})

    async def addIceCandidate(self, candidate: Any) -> None:
        """Drop."""
