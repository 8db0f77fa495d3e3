"""aiortc in the shape of webrtc-pc, as a partner for interop tests."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from aiortc.sdp import candidate_from_sdp


class AiortcPeer:
    """An aiortc connection that takes part in :class:`support.signalling.Signalling`.

    aiortc gathers inside ``setLocalDescription`` and puts every candidate into the description, so
    there is never an ``icecandidate`` event to listen for.

    Attributes:
        pc: aiortc's own object, for everything else.
    """

    def __init__(self, configuration: dict[str, Any] | None = None) -> None:
        given = configuration or {}
        # Without a configuration aiortc would ask a public STUN server.
        servers = [RTCIceServer(**server) for server in given.get("iceServers", [])]
        policy = RTCIceTransportPolicy(given.get("iceTransportPolicy", "all"))
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=servers, iceTransportPolicy=policy))

    @property
    def localDescription(self) -> RTCSessionDescription:
        return self.pc.localDescription

    def addEventListener(self, name: str, listener: Callable[[Any], object]) -> None:
        self.pc.on(name, listener)

    def createDataChannel(self, label: str, **options: Any) -> RTCDataChannel:
        return self.pc.createDataChannel(label, **options)

    async def setLocalDescription(self) -> None:
        await self.pc.setLocalDescription()

    async def setRemoteDescription(self, description: dict[str, str]) -> None:
        await self.pc.setRemoteDescription(RTCSessionDescription(**description))

    async def addIceCandidate(self, candidate: dict[str, Any] | None) -> None:
        if candidate is None or not candidate["candidate"]:
            await self.pc.addIceCandidate(None)
            return
        parsed = candidate_from_sdp(candidate["candidate"].removeprefix("candidate:"))
        parsed.sdpMid = candidate["sdpMid"]
        parsed.sdpMLineIndex = candidate["sdpMLineIndex"]
        await self.pc.addIceCandidate(parsed)

    def echo(self) -> None:
        """Return every message on the channel that it came by."""

        def answer(channel: RTCDataChannel) -> None:
            channel.on("message", channel.send)

        self.pc.on("datachannel", answer)


@asynccontextmanager
async def aiortc_peer(configuration: dict[str, Any] | None = None) -> AsyncIterator[AiortcPeer]:
    """An aiortc connection, closed in the end."""
    peer = AiortcPeer(configuration)
    try:
        yield peer
    finally:
        await peer.pc.close()
